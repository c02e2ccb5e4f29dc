"""Facts about 创建示范, 节庆论坛展会, plaques and activities in schools."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import ActRef, Count, Day, Event, Key, Model, Name, Ordinal, Title
from contracts.inspections import Target
from contracts.jurisdiction import Level
from contracts.parts import Approved, Based, HostKind, Money, Share
from contracts.phrases import Phrases


class PlaqueHung(Event, Based):
    """A plaque was hung at a 村居 or other unit (挂牌)."""

    family: ClassVar[str] = "plaque"
    verb: ClassVar[str] = "hung"
    title: ClassVar[str] = "挂牌"
    is_act: ClassVar[bool] = True

    unit: Key = Field(description="挂牌单位")
    unit_kind: Literal["村居", "乡镇街道", "学校", "其他"] | None = Field(default=None, description="挂牌单位类别")
    name: Name = Field(description="名称")
    owner: Key | None = Field(default=None, description="要求挂牌的单位")
    demanded: bool | None = Field(default=None, description="是否由部门要求")
    side: Literal["外", "内"] | None = Field(default=None, description="挂牌位置")
    hung_on: Day | None = Field(default=None, description="挂牌日期")
    list_item: Key | None = Field(default=None, description="清单条目")


class PlaqueRemoved(Event):
    """A plaque was taken down."""

    family: ClassVar[str] = "plaque"
    verb: ClassVar[str] = "removed"
    title: ClassVar[str] = "摘牌"
    is_act: ClassVar[bool] = True

    unit: Key = Field(description="挂牌单位")
    name: Name = Field(description="名称")
    removed_on: Day = Field(description="摘牌日期")
    hung: ActRef | None = Field(default=None, description="所摘的牌")


class _OfDemonstration(Event):
    """Something about a 创建示范活动."""

    demonstration: Key = Field(description="创建示范编号")


class DemonstrationStarted(_OfDemonstration, Approved):
    """A 创建示范 activity started."""

    family: ClassVar[str] = "dem"
    verb: ClassVar[str] = "started"
    title: ClassVar[str] = "创建示范启动"
    is_act: ClassVar[bool] = True

    name: Title = Field(description="名称")
    theme: Name | None = Field(default=None, description="主题")
    kind: Literal["创建", "示范", "评比", "达标", "城市评选", "其他"] | None = Field(default=None, description="类别")
    host: Key | None = Field(default=None, description="主办单位")
    host_kind: HostKind | None = Field(default=None, description="主办单位类别")
    host_level: Level | None = Field(default=None, description="主办单位层级")
    targets: tuple[Target, ...] = Field(default=(), description="创建对象")
    starts_on: Day = Field(description="启动日期")
    cycle_ends: Day | None = Field(default=None, description="周期截止日")
    list_item: Key | None = Field(default=None, description="清单条目")
    plan_item: Key | None = Field(default=None, description="所属计划项")
    delegated_by: Key | None = Field(default=None, description="委托机关")
    fee: bool | None = Field(default=None, description="是否收费")
    out_of_scope: (
        Literal["目标责任考核", "资质等级评定", "技术考核", "技术示范", "改革试点", "本单位内部", "否"] | None
    ) = Field(default=None, description="不属创建示范的情形")
    phrases: Phrases = Field(default=None, description="文本要求")


class Criterion(Model):
    """One criterion of a 创建示范 activity."""

    name: Name
    kind: Literal["实效评估", "过程资料", "文件制度", "其他"] | None = None
    weight: Share | None = None
    livelihood: bool | None = Field(default=None, description="与民生关联")


class DemonstrationCriteriaSet(_OfDemonstration):
    """The criteria of an activity were set or changed."""

    family: ClassVar[str] = "dem"
    verb: ClassVar[str] = "criteria_set"
    title: ClassVar[str] = "创建标准印发"
    is_act: ClassVar[bool] = True

    number: Ordinal | None = Field(default=None, description="标准版次")
    set_on: Day = Field(description="印发日期")
    criteria: tuple[Criterion, ...] | None = Field(default=None, description="创建标准; null is unknown")
    indicators: Count | None = Field(default=None, description="指标数")
    documents_demanded: Count | None = Field(default=None, description="要求提供的文件和说明数")
    phrases: Phrases = Field(default=None, description="文本要求")


class DemonstrationAccepted(_OfDemonstration):
    """A target was inspected for acceptance (验收)."""

    family: ClassVar[str] = "dem"
    verb: ClassVar[str] = "accepted"
    title: ClassVar[str] = "创建验收"
    is_act: ClassVar[bool] = True

    target: Target = Field(description="验收对象")
    acceptor_level: Level | None = Field(default=None, description="验收单位层级")
    accepted_on: Day = Field(description="验收日期")
    result: Literal["通过", "不通过", "整改后复验"] | None = Field(default=None, description="结果")


class DemonstrationEnded(_OfDemonstration):
    """A 创建示范 activity ended or was stopped."""

    family: ClassVar[str] = "dem"
    verb: ClassVar[str] = "ended"
    title: ClassVar[str] = "创建示范结束"
    is_act: ClassVar[bool] = True

    closed_on: Day = Field(description="结束日期")
    reason: Literal["到期", "清理撤销", "合并", "其他"] | None = Field(default=None, description="原因")


class FestivalHeld(Event, Approved):
    """A festival, forum, fair or ceremony was held."""

    family: ClassVar[str] = "fest"
    verb: ClassVar[str] = "held"
    title: ClassVar[str] = "节庆论坛展会"
    is_act: ClassVar[bool] = True

    name: Title = Field(description="名称")
    kind: Literal["节庆", "论坛", "展会", "赛事", "集中签约", "集中开工", "观摩评议", "其他仪式"] | None = Field(
        default=None, description="类别"
    )
    series: Key | None = Field(default=None, description="活动系列")
    host: Key | None = Field(default=None, description="主办单位")
    host_kind: HostKind | None = Field(default=None, description="主办单位类别")
    host_level: Level | None = Field(default=None, description="主办单位层级")
    starts_on: Day = Field(description="开始日期")
    ends_on: Day | None = Field(default=None, description="结束日期")
    list_item: Key | None = Field(default=None, description="清单条目")
    plan_item: Key | None = Field(default=None, description="所属计划项")
    budget_ref: Name | None = Field(default=None, description="预算文号")
    has_budget: bool | None = Field(default=None, description="是否有经费预算")
    funding: Literal["财政预算", "举债", "摊派", "社会赞助", "市场化", "其他"] | None = Field(
        default=None, description="经费来源"
    )
    cost: Money | None = Field(default=None, description="费用")
    headcount: Count | None = Field(default=None, description="参加人数")
    cycle_since: Day | None = Field(default=None, description="上届举办日期")

    @field_validator("ends_on")
    @classmethod
    def _ends_after_start(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        """Refuse a festival that ends before it starts."""
        return not_before("starts_on", "开始日期", ends_on, info)


class FestivalEvaluated(Event):
    """A festival was discussed and its effect evaluated (会商研判, 实效评估)."""

    family: ClassVar[str] = "fest"
    verb: ClassVar[str] = "evaluated"
    title: ClassVar[str] = "节庆实效评估"
    is_act: ClassVar[bool] = True

    festival: ActRef | None = Field(default=None, description="所评估的活动")
    series: Key | None = Field(default=None, description="活动系列")
    kind: Literal["会商研判", "实效评估"] | None = Field(default=None, description="类别")
    evaluated_on: Day = Field(description="评估日期")
    result: Literal["保留", "整改", "取消"] | None = Field(default=None, description="结果")


class SchoolActivityHeld(Event, Approved):
    """Something of outside entered a school (社会事务进校园)."""

    family: ClassVar[str] = "sch"
    verb: ClassVar[str] = "held"
    title: ClassVar[str] = "进校园活动"
    is_act: ClassVar[bool] = True

    name: Name = Field(description="名称")
    school: Key = Field(description="学校")
    organiser: Key | None = Field(default=None, description="组织单位")
    held_on: Day = Field(description="举办日期")
    minutes: Count | None = Field(default=None, description="时长")
    list_item: Key | None = Field(default=None, description="清单条目")
    forced: bool | None = Field(default=None, description="是否强制参与")
    teachers: Count | None = Field(default=None, description="参与教师数")
    teaching_affected: bool | None = Field(default=None, description="是否占用教学时间")


class StudyRequired(Event):
    """Theory study was required of cadres, teachers or villagers (理论学习)."""

    family: ClassVar[str] = "study"
    verb: ClassVar[str] = "required"
    title: ClassVar[str] = "学习要求"
    is_act: ClassVar[bool] = True

    topic: Title = Field(description="学习内容")
    required_on: Day = Field(description="要求日期")
    platform: Key | None = Field(default=None, description="学习平台")
    assignee_kind: Literal["干部", "教师", "村居干部", "群众", "其他"] | None = Field(
        default=None, description="学习者类别"
    )
    checkin: bool | None = Field(default=None, description="是否打卡")
    ranking: bool | None = Field(default=None, description="是否排名通报")
    hours: bool | None = Field(default=None, description="是否规定学习时长")
    notes: bool | None = Field(default=None, description="是否要求学习笔记")
    phrases: Phrases = Field(default=None, description="文本要求")
