"""会议台账: every meeting that an office held."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, NamedTuple

from contracts.meetings import MeetingConvened
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, china_day

_MINUTE: Final = timedelta(minutes=1)
_MINUTES_OF_HOUR: Final = 60


class Meeting(NamedTuple):
    """What the ledger shows of one meeting."""

    topic: Annotated[str, Title("会议名称", searched=True)]
    matter: Annotated[str | None, Title("事项", searched=True)]
    meeting_class: Annotated[str | None, Title("会议类别")]
    meeting_kind: Annotated[str | None, Title("会议性质")]
    mode: Annotated[str | None, Title("会议形式")]
    starts_at: Annotated[datetime, Title("开始时间")]
    ended_at: Annotated[datetime | None, Title("结束时间")]
    minutes: Annotated[int | None, Title("时长（分钟）")]
    planned_attendees: Annotated[int | None, Title("计划人数")]
    actual_attendees: Annotated[int | None, Title("实到人数")]
    person_hours: Annotated[float | None, Title("人时")]
    units: Annotated[int, Title("参会单位数")]
    reach_level: Annotated[int | None, Title("开到层级")]
    convener_role: Annotated[str | None, Title("召集人职务")]
    parent: Annotated[str | None, Title("所续会议")]
    same_session: Annotated[bool | None, Title("套开")]
    plan_item: Annotated[str | None, Title("计划项目")]
    approval_ref: Annotated[str | None, Title("审批文号")]
    cost: Annotated[float | None, Title("经费（元）")]


def _entity(fact: Fact) -> str:
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    fact = facts[0]
    event = fact.event
    if not isinstance(event, MeetingConvened):
        return None
    minutes = None if event.ended_at is None else (event.ended_at - event.starts_at) // _MINUTE
    present = event.actual_attendees
    cells = Meeting(
        topic=event.topic,
        matter=event.matter,
        meeting_class=event.meeting_class,
        meeting_kind=event.kind,
        mode=event.mode,
        starts_at=event.starts_at,
        ended_at=event.ended_at,
        minutes=minutes,
        planned_attendees=event.planned_attendees,
        actual_attendees=present,
        person_hours=None if minutes is None or present is None else minutes * present / _MINUTES_OF_HOUR,
        units=len(event.units),
        reach_level=event.reach_level,
        convener_role=event.convener_role,
        parent=event.parent.fact(fact.source) if event.parent else None,
        same_session=event.same_session,
        plan_item=event.plan_item,
        approval_ref=event.approval_ref,
        cost=event.cost,
    )
    return Row(fact.jurisdiction, fact.unit, china_day(event.starts_at), "mtg", cells)


LEDGER: Final = Ledger(
    name="meetings",
    title="会议台账",
    rank=2,
    families={"mtg": "会议"},
    events=(MeetingConvened,),
    columns=columns_of(Meeting),
    entity=_entity,
    fold=_fold,
)
