"""Facts about yearly plans (年度计划)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.event import Event, Key, Model, Name, Title

PlanKind = Literal["发文", "会议", "督查检查考核"]


class PlanItem(Model):
    """One planned act."""

    item: Key
    title: Title
    planned: Annotated[int, Field(ge=1)] = 1
    meeting_class: Literal["一类", "二类", "三类", "四类"] | None = None
    batches: Annotated[int, Field(ge=1)] | None = None
    window: Name | None = None


class _Plan(Event):
    """The content of a plan; an amendment carries the whole new content."""

    kind: PlanKind
    year: int = Field(ge=2000, le=2100)
    items: tuple[PlanItem, ...]
    cap: int | None = Field(default=None, ge=0, description="限额: the most acts of this kind in the year")
    base: int | None = Field(
        default=None, ge=0, description="上年度实际数量 as frozen when the plan was filed: the base of 只减不增"
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
