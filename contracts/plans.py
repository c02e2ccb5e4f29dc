"""Facts about yearly plans (年度计划)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import Count, Day, Event, Key, Model, Name, Ordinal, Title, Upcaster, unchanged
from contracts.inspections import InspectionKind, Target

PlanKind = Literal["发文", "会议", "督查检查考核", "调研", "创建示范", "节庆论坛展会"]


class PlanItem(Model):
    """One planned act."""

    item: Key
    title: Title
    planned: Ordinal = 1
    meeting_class: Literal["一类", "二类", "三类", "四类"] | None = None
    batches: Ordinal | None = None
    window: Name | None = None
    kind: InspectionKind | None = Field(default=None, description="督查类别")
    targets: tuple[Target, ...] | None = Field(default=None, description="对象; null is unknown")
    starts_on: Day | None = Field(default=None, description="开始日期")
    ends_on: Day | None = Field(default=None, description="结束日期")
    approval_ref: Name | None = Field(default=None, description="审批文号")
    merged: Count | None = Field(default=None, description="合并的事项数")


class _Plan(Event):
    """The content of a plan; an amendment carries the whole new content."""

    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    kind: PlanKind
    year: int = Field(ge=2000, le=2100)
    items: tuple[PlanItem, ...]
    cap: Count | None = Field(default=None, description="限额: the most acts of this kind in the year")
    base: Count | None = Field(
        default=None, description="上年度实际数量 as frozen when the plan was filed: the base of 只减不增"
    )
    approved_by: Name | None = None
    approval_ref: Name | None = None
    filed_on: Day | None = Field(default=None, description="报备日期")
    filed_with: Key | None = Field(default=None, description="报备机关")
    submitted_items: Count | None = Field(default=None, description="申报事项数, before they were merged")


class PlanFiled(_Plan):
    """A unit filed its plan of the year."""

    family: ClassVar[str] = "plan"
    verb: ClassVar[str] = "filed"
    title: ClassVar[str] = "年度计划报备"
    is_act: ClassVar[bool] = True


class PlanAmended(_Plan):
    """A unit changed its plan of the year."""

    family: ClassVar[str] = "plan"
    verb: ClassVar[str] = "amended"
    title: ClassVar[str] = "年度计划调整"
    is_act: ClassVar[bool] = True
