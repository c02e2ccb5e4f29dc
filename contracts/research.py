"""Facts about 调研."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import Count, Day, Event, Key, Name, Title
from contracts.inspections import Target
from contracts.parts import Escort, HostKind


class ResearchVisited(Event):
    """A leader or unit went on 调研."""

    family: ClassVar[str] = "res"
    verb: ClassVar[str] = "visited"
    title: ClassVar[str] = "调研"
    is_act: ClassVar[bool] = True

    topic: Title = Field(description="调研主题")
    matter: Name | None = Field(default=None, description="事项")
    leader: Key | None = Field(default=None, description="调研人（化名）")
    leader_rank: Literal["省部级", "厅局级", "县处级", "乡科级", "其他"] | None = Field(
        default=None, description="调研人职级"
    )
    visitor_kind: HostKind | None = Field(default=None, description="调研主体类别")
    place: Key | None = Field(default=None, description="调研地点")
    target: Target | None = Field(default=None, description="调研对象")
    route: tuple[Key, ...] | None = Field(default=None, description="调研路线, point by point; null is unknown")
    starts_on: Day = Field(description="开始日期")
    ends_on: Day | None = Field(default=None, description="结束日期")
    minutes: Count | None = Field(default=None, description="时长")
    points: Count | None = Field(default=None, description="点位数")
    escorts: tuple[Escort, ...] | None = Field(default=None, description="陪同人员; empty is none, null is unknown")
    display_boards: bool | None = Field(default=None, description="是否看展板或制作展板")
    office_work: bool | None = Field(default=None, description="是否现场办公")
    filing_ref: Name | None = Field(default=None, description="报备文号")
    plan_item: Key | None = Field(default=None, description="所属计划项")
    approval_ref: Name | None = Field(default=None, description="审批文号")
    emergency: bool | None = Field(default=None, description="是否应急")

    @field_validator("ends_on")
    @classmethod
    def _ends_after_start(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        """Refuse a visit that ends before it starts."""
        return not_before("starts_on", "开始日期", ends_on, info)
