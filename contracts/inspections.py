"""Facts about 督查检查考核."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import ActRef, Count, Event, Key, Model, Moment, Name, Ordinal, Title
from contracts.jurisdiction import Level

InspectionKind = Literal["综合", "专项"]
TargetKind = Literal["省直部门", "市", "县", "乡镇", "村居", "企业", "学校", "部门", "其他"]
InspectionMode = Literal["四不两直", "随机抽查", "常规"]


class Target(Model):
    """Who is inspected."""

    unit: Key
    kind: TargetKind | None = None
    level: Level | None = None


class InspectionLaunched(Event):
    """An office launched an inspection."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "launched"
    title: ClassVar[str] = "督查检查"
    is_act: ClassVar[bool] = True

    topic: Title
    matter: Name | None = None
    kind: InspectionKind | None = None
    inspector_kind: Name | None = None
    team: Name | None = None
    batch: Ordinal | None = None
    targets: tuple[Target, ...] = ()
    joint_owners: tuple[Key, ...] = Field(default=(), description="Other departments of a joint team (联合组团)")
    mode: InspectionMode | None = None
    announced_at: Moment | None = None
    criteria: tuple[Name, ...] = ()
    evidence_required: tuple[Name, ...] = ()
    emergency: bool | None = None
    plan_item: Key | None = None
    approval_ref: Name | None = Field(default=None, description="一事一报 approval of an inspection outside the plan")


class InspectionVisited(Event):
    """An inspection team visited a target."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "visit"
    title: ClassVar[str] = "检查到访"
    is_act: ClassVar[bool] = True

    launch: ActRef | None = Field(default=None, description="The inspection that this visit belongs to")
    target: Target
    topic: Title
    matter: Name | None = None
    visited_at: Moment
    minutes: Count | None = None
    mode: InspectionMode | None = None
    emergency: bool | None = None
