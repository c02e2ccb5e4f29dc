"""Facts about meetings (会议)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.documents import IssuerRank
from contracts.event import ActRef, Count, Day, Event, Key, Model, Moment, Name, Note, Title, Upcaster, unchanged
from contracts.jurisdiction import Level
from contracts.parts import Approver, Escort, MatterKind, Money, Rank
from contracts.phrases import Phrases

MeetingClass = Literal["一类", "二类", "三类", "四类"]
Mode = Literal["现场", "电视电话", "网络视频"]
Role = Literal["主要负责同志", "分管负责同志", "部门主要负责同志", "部门分管负责同志", "工作人员"]
MeetingKind = Literal["单项工作", "综合", "分组讨论", "传达", "法定", "其他"]


class Attendance(Model):
    """Who was required to come: a role at a level (e.g. 下级党政主要负责同志)."""

    role: Role
    level: Level | None = None


class AgendaItem(Model):
    """One item of an agenda."""

    title: Title
    matter: Name | None = None
    decided: bool | None = Field(default=None, description="Whether something was decided about it")


class Speaker(Model):
    """Who spoke, in which quality, and for how long."""

    rank: Rank | None = None
    side: Literal["党委", "政府", "其他"] | None = None
    level: Level | None = None
    minutes: Count | None = None


class MeetingConvened(Event):
    """An office held a meeting."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "convened"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "会议"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    topic: Title = Field(description="会议名称")
    matter: Name | None = Field(default=None, description="事项, as assigned at approval")
    meeting_class: MeetingClass | None = None
    kind: MeetingKind | None = None
    mode: Mode | None = None
    starts_at: Moment
    ended_at: Moment | None = None
    convener_role: Role | None = None
    level: Level | None = Field(default=None, description="Level of the convening office")
    reach_level: Level | None = Field(default=None, description="The lowest level that it was opened down to")
    units: tuple[Key, ...] = Field(default=(), description="Units that attended")
    required: tuple[Attendance, ...] | None = Field(
        default=None, description="Roles required to attend; null is unknown"
    )
    planned_attendees: Count | None = None
    actual_attendees: Count | None = None
    speech_minutes: tuple[Count, ...] = ()
    parent: ActRef | None = Field(default=None, description="The superior meeting that this one follows")
    same_session: bool | None = Field(default=None, description="Held inside the superior's video session, at its end")
    new_arrangement: Note | None = Field(
        default=None, description="新的工作安排, in words; empty or null is none stated"
    )
    plan_item: Key | None = None
    approval_ref: Name | None = None
    approver_role: Role | None = None
    cost: float | None = Field(default=None, ge=0, description="元")
    purpose: Literal["部署", "传达", "调度", "总结", "研讨", "培训", "表彰", "其他"] | None = Field(
        default=None, description="会议目的"
    )
    about: ActRef | None = Field(default=None, description="所传达或部署的文件")
    application: Key | None = Field(default=None, description="申请编号: names mtg.applied and mtg.approved")
    convener_body: IssuerRank | None = Field(default=None, description="以谁的名义召开")
    scope: Literal["全国性", "全省性", "全市性", "全县性", "系统性", "本单位"] | None = Field(
        default=None, description="会议范围"
    )
    system: Name | None = Field(default=None, description="系统或领域")
    matter_kind: MatterKind | None = Field(default=None, description="事项性质")
    agenda: tuple[AgendaItem, ...] | None = Field(default=None, description="议程; null is unknown")
    decided: bool | None = Field(default=None, description="是否形成决议或纪要")
    minutes_ref: Name | None = Field(default=None, description="会议纪要文号")
    speakers: tuple[Speaker, ...] | None = Field(default=None, description="讲话人; null is unknown")
    discussion_days: float | None = Field(default=None, ge=0, le=365, description="分组讨论天数")
    days: float | None = Field(default=None, ge=0, le=365, description="会期（天）")
    staff: Count | None = Field(default=None, description="工作人员数")
    accompanying: tuple[Escort, ...] | None = Field(default=None, description="陪会人员; empty is none")
    unrelated_units: tuple[Key, ...] | None = Field(default=None, description="与议题无关的参会单位; empty is none")
    venue: Name | None = Field(default=None, description="会议地点")
    room: Key | None = Field(default=None, description="会议室编号")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")
    approved_on: Day | None = Field(default=None, description="批准日期")
    filing_ref: Name | None = Field(default=None, description="报备文号")
    emergency: bool | None = Field(default=None, description="是否应急")
    phrases: Phrases = Field(default=None, description="文本要求 of its notice")

    @field_validator("ended_at")
    @classmethod
    def _ends_after_start(cls, ended_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a meeting that ends before it starts."""
        return not_before("starts_at", "开始时间", ended_at, info)


class MeetingApplied(Event):
    """An office applied to hold a meeting."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "applied"
    title: ClassVar[str] = "会议申请"
    is_act: ClassVar[bool] = True

    application: Key = Field(description="申请编号")
    topic: Title = Field(description="会议名称")
    applied_at: Moment = Field(description="申请时间")
    planned_start: Moment | None = Field(default=None, description="拟开始时间")
    meeting_class: MeetingClass | None = Field(default=None, description="会议类别")
    required: tuple[Attendance, ...] | None = Field(default=None, description="拟要求参会的职务; null is unknown")
    planned_attendees: Count | None = Field(default=None, description="计划参会人数")
    plan_item: Key | None = Field(default=None, description="所属计划项")


class MeetingApproved(Event):
    """A meeting was approved, or refused."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "approved"
    title: ClassVar[str] = "会议审批"
    is_act: ClassVar[bool] = True

    application: Key = Field(description="申请编号")
    approved_at: Moment = Field(description="审批时间")
    result: Literal["同意", "不同意"] | None = Field(default=None, description="结果")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")
    approver_role: Role | None = Field(default=None, description="批准人职务")
    approval_ref: Name | None = Field(default=None, description="审批文号")


class MeetingEvaluated(Event):
    """The effect of a meeting was evaluated (会议效果评估)."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "evaluated"
    title: ClassVar[str] = "会议效果评估"
    is_act: ClassVar[bool] = True

    meeting: ActRef = Field(description="所评估的会议")
    evaluated_on: Day | None = Field(default=None, description="评估日期")
    evaluator: Key | None = Field(default=None, description="评估单位")
    kind: Literal["效果评估", "抽查"] | None = Field(default=None, description="类别")
    result: Literal["好", "一般", "差"] | None = Field(default=None, description="结果")


class MeetingObserved(Event):
    """A feed other than the meeting ledger shows that a meeting took place (会议室, 视频系统, 通知)."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "observed"
    title: ClassVar[str] = "会议旁证"
    is_act: ClassVar[bool] = True

    feed: Literal["会议室预订", "视频会议系统", "会议通知", "门禁", "经费报销", "群众反映", "其他"] = Field(
        description="旁证来源"
    )
    convener: Key | None = Field(default=None, description="召开单位; absent is the acting unit")
    starts_at: Moment = Field(description="开始时间")
    ended_at: Moment | None = Field(default=None, description="结束时间")
    topic: Title | None = Field(default=None, description="会议名称")
    room: Key | None = Field(default=None, description="会议室编号")
    mode: Mode | None = Field(default=None, description="方式")
    attendees: Count | None = Field(default=None, description="参会人数")
    cost: Money | None = Field(default=None, description="会议费用")
    meeting: ActRef | None = Field(default=None, description="对应的会议, where the feed knows it")

    @field_validator("ended_at")
    @classmethod
    def _ends_after_start(cls, ended_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a meeting that ends before it starts."""
        return not_before("starts_at", "开始时间", ended_at, info)


class MechanismMet(Event):
    """A coordinating body met: 专项机制 季度调度会, 四大班子秘书长联席会议."""

    family: ClassVar[str] = "mech"
    verb: ClassVar[str] = "met"
    title: ClassVar[str] = "机制会议"
    is_act: ClassVar[bool] = True

    mechanism: Literal["专项工作机制", "秘书长联席会议", "其他"] = Field(description="机制")
    kind: Literal["调度会", "联席会议", "全体会议", "其他"] | None = Field(default=None, description="类别")
    met_on: Day = Field(description="召开日期")
    chair: Rank | None = Field(default=None, description="召集人职务")
    members: Count | None = Field(default=None, description="参会成员数")
    minutes_ref: Name | None = Field(default=None, description="会议纪要文号")
