"""督查检查台账: every inspection that an office launched and every visit of a team."""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from contracts.inspections import InspectionLaunched, InspectionVisited
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, china_day


class Inspection(NamedTuple):
    """What the ledger shows of one launch or visit."""

    step: Annotated[str, Title("环节")]
    topic: Annotated[str, Title("主题", searched=True)]
    matter: Annotated[str | None, Title("事项", searched=True)]
    inspection_kind: Annotated[str | None, Title("督查类别")]
    mode: Annotated[str | None, Title("方式")]
    team: Annotated[str | None, Title("检查组")]
    batch: Annotated[int | None, Title("批次")]
    targets: Annotated[int, Title("对象数")]
    target_unit: Annotated[str | None, Title("受检单位")]
    lowest_level: Annotated[int | None, Title("最低受检层级")]
    minutes: Annotated[int | None, Title("时长（分钟）")]
    launch: Annotated[str | None, Title("所属督查")]
    joint: Annotated[int, Title("联合部门数")]
    emergency: Annotated[bool | None, Title("应急")]
    plan_item: Annotated[str | None, Title("计划项目")]
    approval_ref: Annotated[str | None, Title("审批文号")]


def _entity(fact: Fact) -> str:
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    fact = facts[0]
    if isinstance(fact.event, InspectionLaunched):
        return Row(fact.jurisdiction, fact.unit, fact.day, "ins", _launched(fact.event))
    if isinstance(fact.event, InspectionVisited):
        return Row(fact.jurisdiction, fact.unit, china_day(fact.event.visited_at), "visit", _visited(fact, fact.event))
    return None


def _launched(event: InspectionLaunched) -> Inspection:
    levels = [one.level for one in event.targets if one.level is not None]
    return Inspection(
        step="发起",
        topic=event.topic,
        matter=event.matter,
        inspection_kind=event.kind,
        mode=event.mode,
        team=event.team,
        batch=event.batch,
        targets=len(event.targets),
        target_unit=event.targets[0].unit if len(event.targets) == 1 else None,
        lowest_level=max(levels) if levels else None,
        minutes=None,
        launch=None,
        joint=len(event.joint_owners),
        emergency=event.emergency,
        plan_item=event.plan_item,
        approval_ref=event.approval_ref,
    )


def _visited(fact: Fact, event: InspectionVisited) -> Inspection:
    return Inspection(
        step="到访",
        topic=event.topic,
        matter=event.matter,
        inspection_kind=None,
        mode=event.mode,
        team=None,
        batch=None,
        targets=1,
        target_unit=event.target.unit,
        lowest_level=event.target.level,
        minutes=event.minutes,
        launch=event.launch.fact(fact.source) if event.launch else None,
        joint=0,
        emergency=event.emergency,
        plan_item=None,
        approval_ref=None,
    )


LEDGER: Final = Ledger(
    name="inspections",
    title="督查检查台账",
    rank=3,
    families={"ins": "督查检查", "visit": "检查到访"},
    events=(InspectionLaunched, InspectionVisited),
    columns=columns_of(Inspection),
    entity=_entity,
    fold=_fold,
)
