"""Facts about 报表报文: what offices demand and what the grassroots send."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.documents import Basis
from contracts.event import (
    ActRef,
    Count,
    Day,
    Event,
    Key,
    LastDay,
    Model,
    Moment,
    Name,
    Title,
    Upcaster,
    unchanged,
)
from contracts.jurisdiction import Level
from contracts.parts import Channel, Rank
from contracts.phrases import Phrases

Period = Literal["一次性", "日", "周", "旬", "月", "季", "半年", "年"]


class ReportDemanded(Event):
    """An office demanded a report, a form or opinions."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "demanded"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "报送要求"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    subject_matter: Title
    kind: Literal["工作情况", "统计数据", "意见建议", "其他"] | None = None
    addressees: tuple[Key, ...] = ()
    addressee_level: Level | None = None
    sent_at: Moment
    received_at: Moment | None = None
    due_at: Moment | None = None
    period: Period | None = None
    items: tuple[Name, ...] = Field(default=(), description="Data items (数据项)")
    form_id: Key | None = None
    channel: Literal["公文系统", "一表通", "电子邮件", "QQ群", "微信群", "电话", "纸质", "其他"] | None = None
    submit_as: Name | None = None
    signer_rank: Name | None = None
    reply_if_none: bool | None = None
    basis: Name | None = None
    basis_level: Literal["上级", "主要领导", "无"] | None = Field(
        default=None, description="Who expressly required it; 无 is nobody, null is unknown"
    )
    special_time_limit: bool | None = Field(default=None, description="有特定时限要求")
    demand_no: Key | None = Field(default=None, description="报送任务编号")
    item_ids: tuple[Key, ...] | None = Field(default=None, description="数据项编号; null is unknown")
    material: Literal["报表", "台账", "书面报告", "照片视频", "佐证材料", "其他"] | None = Field(
        default=None, description="材料形式"
    )
    spawned_by: ActRef | None = Field(default=None, description="由何行为引起: an inspection, visit, meeting, 创建")
    spawned_kind: Literal["督查检查", "考核", "调研", "会议", "创建示范", "文件", "其他"] | None = Field(
        default=None, description="由何类行为引起"
    )
    asked_in_name: Literal["党委", "政府", "办公室", "部门", "不限"] | None = Field(
        default=None, description="要求以谁的名义报送"
    )
    signer: Rank | None = Field(default=None, description="要求由谁签字")
    target_kind: Literal["县", "乡镇", "村居", "学校", "教师", "企业", "部门", "其他"] | None = Field(
        default=None, description="报送对象类别"
    )
    phrases: Phrases = Field(default=None, description="文本要求")

    @field_validator("due_at")
    @classmethod
    def _due_after_sent(cls, due_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a deadline before the demand was sent."""
        return not_before("sent_at", "要求发出的时间", due_at, info)


class ReportSubmitted(Event):
    """A unit sent what was demanded, or a written explanation that a norm asks for."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "submitted"
    title: ClassVar[str] = "报送"
    is_act: ClassVar[bool] = True

    demand: ActRef | None = None
    submitted_at: Moment
    channel: Name | None = None
    items: tuple[Name, ...] = ()
    explains: Literal["发文数量增长"] | None = Field(
        default=None, description="若干规定 一·1: written explanation to the superior"
    )
    explains_year: int | None = Field(default=None, ge=2000, le=2100)


class ReportReminded(Event):
    """An office pressed for a report, its progress or its data (催报)."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "reminded"
    title: ClassVar[str] = "催报"
    is_act: ClassVar[bool] = True

    demand: ActRef | None = Field(default=None, description="所催的报送要求")
    subject_matter: Title | None = Field(default=None, description="报送内容")
    reminded_at: Moment = Field(description="催报时间")
    channel: Channel | None = Field(default=None, description="渠道")
    addressees: tuple[Key, ...] = Field(default=(), description="被催单位")


class FormItem(Model):
    """One data item of a form."""

    item: Key
    name: Name
    shared_from: Key | None = Field(default=None, description="数据来源: where it can be had without asking")


class FormRegistered(Event):
    """A form entered the directory of 一表通, with its data items."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "form_registered"
    title: ClassVar[str] = "报表登记"
    is_act: ClassVar[bool] = True

    form_id: Key = Field(description="报表编号")
    name: Name = Field(description="名称")
    items: tuple[FormItem, ...] | None = Field(default=None, description="数据项; null is unknown")
    items_before: Count | None = Field(default=None, description="精简前数据项数")
    period: Period | None = Field(default=None, description="报送周期")
    addressee_level: Level | None = Field(default=None, description="报送单位层级")
    basis: Name | None = Field(default=None, description="依据")
    registered_on: Day = Field(description="登记日期")
    valid_to: LastDay | None = Field(default=None, description="有效期至")
    replaces: tuple[Key, ...] = Field(default=(), description="所取代的报表")
    status: Literal["在用", "停用"] | None = Field(default=None, description="状态")


class ReportFiled(Event):
    """An office reported to a superior: 月监测, 传达贯彻, 贯彻落实, an activity's summary."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "filed"
    title: ClassVar[str] = "上报"
    is_act: ClassVar[bool] = True

    kind: Literal["月监测", "传达贯彻", "贯彻落实", "活动总结", "年度总结", "整改报告", "数量增长说明", "其他"] = Field(
        description="类别"
    )
    heading: Title | None = Field(default=None, description="标题")
    filed_on: Day = Field(description="上报日期")
    to: Key | None = Field(default=None, description="报告对象")
    copied_to: tuple[Key, ...] | None = Field(default=None, description="抄送机关; null is unknown")
    responds_to: ActRef | None = Field(default=None, description="所回应的行为")
    responds_to_document: Basis | None = Field(default=None, description="所回应的文件")
    covers_from: Day | None = Field(default=None, description="所属期间起")
    covers_to: Day | None = Field(default=None, description="所属期间止")
    has_results: bool | None = Field(default=None, description="是否载明进展和成效")
    required_by_superior: bool | None = Field(default=None, description="上级是否明确要求")
    char_count: Count | None = Field(default=None, description="正文字数")

    @field_validator("covers_to")
    @classmethod
    def _ends_after_start(cls, covers_to: date | None, info: ValidationInfo) -> date | None:
        """Refuse a period that ends before it begins."""
        return not_before("covers_from", "所属期间起", covers_to, info)
