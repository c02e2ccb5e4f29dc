"""Facts about meetings (会议)."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import ActRef, Count, Event, Key, Model, Moment, Name, Note, Title
from contracts.jurisdiction import Level

MeetingClass = Literal["一类", "二类", "三类", "四类"]
Mode = Literal["现场", "电视电话", "网络视频"]
Role = Literal["主要负责同志", "分管负责同志", "部门主要负责同志", "部门分管负责同志", "工作人员"]
MeetingKind = Literal["单项工作", "综合", "分组讨论", "传达", "法定", "其他"]


class Attendance(Model):
    """Who was required to come: a role at a level (e.g. 下级党政主要负责同志)."""

    role: Role
    level: Level | None = None


class MeetingConvened(Event):
    """An office held a meeting."""

    family: ClassVar[str] = "mtg"
    verb: ClassVar[str] = "convened"
    title: ClassVar[str] = "会议"
    is_act: ClassVar[bool] = True

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

    @field_validator("ended_at")
    @classmethod
    def _ends_after_start(cls, ended_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a meeting that ends before it starts."""
        return not_before("starts_at", "开始时间", ended_at, info)
