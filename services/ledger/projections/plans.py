"""年度计划台账: what each unit planned for a year, as its latest filing or amendment says."""

import json
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from contracts.plans import PlanAmended, PlanFiled
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, entity_id


class Plan(NamedTuple):
    """What the ledger shows of one plan."""

    plan_kind: Annotated[str, Title("计划类别")]
    year: Annotated[int, Title("年度")]
    planned: Annotated[int, Title("计划总数")]
    cap: Annotated[int | None, Title("限额")]
    base: Annotated[int | None, Title("上年度实际数")]
    amendments: Annotated[int, Title("调整次数")]
    approved_by: Annotated[str | None, Title("批准机关")]
    approval_ref: Annotated[str | None, Title("批准文号", searched=True)]
    items: Annotated[str, Title("计划项目", json=True)]


def _entity(fact: Fact) -> str | None:
    """Return the plan of a unit for a kind of act and a year."""
    if isinstance(fact.event, (PlanFiled, PlanAmended)):
        return entity_id("plan", fact.unit, fact.event.kind, str(fact.event.year))
    return None


def _fold(facts: Sequence[Fact]) -> Row | None:
    """Each fact carries the whole plan, so the latest stands, also one that amends a plan nobody filed."""
    fact = facts[-1]
    event = fact.event
    if not isinstance(event, (PlanFiled, PlanAmended)):
        return None
    items = [{"item": one.item, "title": one.title, "planned": one.planned} for one in event.items]
    cells = Plan(
        plan_kind=event.kind,
        year=event.year,
        planned=sum(one.planned for one in event.items),
        cap=event.cap,
        base=event.base,
        amendments=sum(isinstance(one.event, PlanAmended) for one in facts),
        approved_by=event.approved_by,
        approval_ref=event.approval_ref,
        items=json.dumps(items, ensure_ascii=False),
    )
    return Row(fact.jurisdiction, fact.unit, fact.day, "plan", cells)


LEDGER: Final = Ledger(
    name="plans",
    title="年度计划台账",
    rank=7,
    families={"plan": "年度计划"},
    events=(PlanFiled, PlanAmended),
    columns=columns_of(Plan),
    entity=_entity,
    fold=_fold,
)
