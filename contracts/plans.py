"""Facts about yearly plans (年度计划)."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import Count, Event, Key, Model, Name, Ordinal, Title

PlanKind = Literal["发文", "会议", "督查检查考核"]


class PlanItem(Model):
    """One planned act."""

    item: Key
    title: Title
    planned: Ordinal = 1
    meeting_class: Literal["一类", "二类", "三类", "四类"] | None = None
    batches: Ordinal | None = None
    window: Name | None = None


class _Plan(Event):
    """The content of a plan; an amendment carries the whole new content."""

    kind: PlanKind
    year: int = Field(ge=2000, le=2100)
    items: tuple[PlanItem, ...]
    cap: Count | None = Field(default=None, description="限额: the most acts of this kind in the year")
    base: Count | None = Field(
        default=None, description="上年度实际数量 as frozen when the plan was filed: the base of 只减不增"
    )
    approved_by: Name | None = None
    approval_ref: Name | None = None


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
