"""Facts about who has to do what: 责任状, 一票否决, 某长制, duties passed down, stages of projects."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import Day, Event, Key, LastDay, Name, Title
from contracts.jurisdiction import Level
from contracts.parts import Approved, Based, HostKind, Money
from contracts.phrases import Phrases


class LiabilitySigned(Event, Based, Approved):
    """A letter of responsibility was signed (责任状, 承诺书)."""

    family: ClassVar[str] = "liab"
    verb: ClassVar[str] = "signed"
    title: ClassVar[str] = "责任状签订"
    is_act: ClassVar[bool] = True

    name: Title = Field(description="名称")
    kind: Literal["责任状", "责任书", "承诺书", "目标书", "其他"] | None = Field(default=None, description="类别")
    signed_on: Day = Field(description="签订日期")
    signers: tuple[Key, ...] | None = Field(default=None, description="签订单位; null is unknown")
    signer_level: Level | None = Field(default=None, description="签订单位层级")
    list_item: Key | None = Field(default=None, description="清单条目")
    valid_to: LastDay | None = Field(default=None, description="有效期至")


class VetoSet(Event, Based, Approved):
    """A matter was made a 一票否决."""

    family: ClassVar[str] = "veto"
    verb: ClassVar[str] = "set"
    title: ClassVar[str] = "一票否决设立"
    is_act: ClassVar[bool] = True

    name: Title = Field(description="名称")
    matter: Name | None = Field(default=None, description="事项")
    set_on: Day = Field(description="设立日期")
    list_item: Key | None = Field(default=None, description="清单条目")
    valid_to: LastDay | None = Field(default=None, description="有效期至")
    host_kind: HostKind | None = Field(default=None, description="设立主体类别")


class ChiefSet(Event, Based, Approved):
    """A 某长制 was set up."""

    family: ClassVar[str] = "chief"
    verb: ClassVar[str] = "set"
    title: ClassVar[str] = "某长制设立"
    is_act: ClassVar[bool] = True

    name: Name = Field(description="名称: 河长制, 林长制 …")
    set_on: Day = Field(description="设立日期")
    lowest_level: Level | None = Field(default=None, description="设到的最低层级")
    list_item: Key | None = Field(default=None, description="清单条目")
    valid_to: LastDay | None = Field(default=None, description="有效期至")


class DutyDelegated(Event, Based):
    """A department passed a duty down to a township or 村居."""

    family: ClassVar[str] = "duty"
    verb: ClassVar[str] = "delegated"
    title: ClassVar[str] = "职责下放"
    is_act: ClassVar[bool] = True

    duty: Name = Field(description="职责事项")
    item_id: Key | None = Field(default=None, description="清单条目")
    from_unit: Key | None = Field(default=None, description="移出单位")
    from_level: Level | None = Field(default=None, description="移出单位层级")
    to_unit: Key | None = Field(default=None, description="承接单位")
    to_level: Level | None = Field(default=None, description="承接单位层级")
    delegated_on: Day = Field(description="下放日期")
    list_ref: (
        Literal["基本履职事项清单", "配合履职事项清单", "上级收回事项清单", "属地管理事项清单", "不在清单"] | None
    ) = Field(default=None, description="所属清单")
    admitted: bool | None = Field(default=None, description="是否经职责准入")
    resources: bool | None = Field(default=None, description="是否随之下放人员经费")
    phrases: Phrases = Field(default=None, description="文本要求")


class DutyAdmitted(Event, Based, Approved):
    """A new 基层事务 or 进基层事项 was admitted (准入)."""

    family: ClassVar[str] = "duty"
    verb: ClassVar[str] = "admitted"
    title: ClassVar[str] = "职责准入"
    is_act: ClassVar[bool] = True

    duty: Name = Field(description="职责事项")
    kind: Literal["事务", "工作机制", "进基层活动", "其他"] | None = Field(default=None, description="类别")
    to_kind: Literal["乡镇街道", "村居", "学校", "其他"] | None = Field(default=None, description="承接单位类别")
    admitted_on: Day = Field(description="准入日期")
    adds_burden: bool | None = Field(default=None, description="是否增加基层负担")


class ProjectStageDone(Event, Approved):
    """A stage of a government investment project was done."""

    family: ClassVar[str] = "proj"
    verb: ClassVar[str] = "stage_done"
    title: ClassVar[str] = "项目环节完成"
    is_act: ClassVar[bool] = True

    project: Key = Field(description="项目编号")
    name: Title | None = Field(default=None, description="名称")
    stage: Literal["动议", "规划", "论证", "审批", "资金落实", "建设", "竣工", "终止"] = Field(description="环节")
    begun_on: Day | None = Field(default=None, description="开始日期")
    done_on: Day = Field(description="完成日期")
    ref: Name | None = Field(default=None, description="环节文号")
    funding: Literal["财政预算", "专项债", "举债", "社会投资", "其他"] | None = Field(
        default=None, description="经费来源"
    )
    amount: Money | None = Field(default=None, description="投资额")
    procedure: Literal["集体决策", "一事一议", "未经集体决策"] | None = Field(default=None, description="决策程序")
    kind: Literal["形象工程", "政绩工程", "面子工程", "半拉子工程", "其他"] | None = Field(
        default=None, description="被认定的类别"
    )

    @field_validator("done_on")
    @classmethod
    def _done_after_begun(cls, done_on: date, info: ValidationInfo) -> date | None:
        """Refuse a stage that ends before it begins."""
        return not_before("begun_on", "开始日期", done_on, info)
