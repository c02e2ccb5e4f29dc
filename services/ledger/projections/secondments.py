"""借调台账: every loan of a person, from its start to its end."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple

from contracts.secondments import SecondmentEnded, SecondmentExtended, SecondmentStarted
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, entity_id


class Secondment(NamedTuple):
    """What the ledger shows of one loan."""

    loan: Annotated[str, Title("借调编号", searched=True)]
    person: Annotated[str, Title("人员代号", searched=True)]
    person_kind: Annotated[str, Title("人员类别")]
    state: Annotated[str, Title("状态")]
    from_unit: Annotated[str, Title("借出单位")]
    from_level: Annotated[int | None, Title("借出单位层级")]
    to_unit: Annotated[str, Title("借入单位")]
    to_level: Annotated[int | None, Title("借入单位层级")]
    planned_end: Annotated[date | None, Title("计划结束日期")]
    extensions: Annotated[int, Title("延期次数")]
    ended_on: Annotated[date | None, Title("结束日期")]
    days: Annotated[int | None, Title("借调天数")]
    reason: Annotated[str | None, Title("事由", searched=True)]
    label: Annotated[str | None, Title("名义")]
    major_task: Annotated[bool | None, Title("重大任务")]
    consents: Annotated[int | None, Title("同意手续数")]


def _entity(fact: Fact) -> str | None:
    """Return the loan: its number and the person together, because each source numbers its own loans."""
    if isinstance(fact.event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)):
        return entity_id("loan", fact.event.person, fact.event.loan)
    return None


def _fold(facts: Sequence[Fact]) -> Row | None:
    """Return the loan; one whose start nobody recorded has no row, its facts stay in the journal."""
    started: tuple[Fact, SecondmentStarted] | None = None
    extensions: list[SecondmentExtended] = []
    ended_on: date | None = None
    for fact in facts:
        if isinstance(fact.event, SecondmentStarted):
            started = started or (fact, fact.event)
        elif isinstance(fact.event, SecondmentExtended):
            extensions.append(fact.event)
        elif isinstance(fact.event, SecondmentEnded):
            ended_on = fact.event.ended_on
    return None if started is None else _row(*started, extensions, ended_on)


def _row(fact: Fact, event: SecondmentStarted, extensions: Sequence[SecondmentExtended], ended_on: date | None) -> Row:
    steps: Sequence[SecondmentStarted | SecondmentExtended] = (event, *extensions)
    consents = [one.consents for one in steps if one.consents is not None]
    cells = Secondment(
        loan=event.loan,
        person=event.person,
        person_kind=event.person_kind,
        state="在借" if ended_on is None else "已结束",
        from_unit=event.from_unit,
        from_level=event.from_level,
        to_unit=event.to_unit,
        to_level=event.to_level,
        planned_end=extensions[-1].planned_end if extensions else event.planned_end,
        extensions=len(extensions),
        ended_on=ended_on,
        days=None if ended_on is None else (ended_on - event.started_on).days + 1,
        reason=event.reason,
        label=event.label,
        major_task=event.major_task,
        consents=sum(map(len, consents)) if consents else None,
    )
    return Row(fact.jurisdiction, fact.unit, event.started_on, "sec", cells)


LEDGER: Final = Ledger(
    name="secondments",
    title="借调台账",
    rank=4,
    families={"sec": "借调"},
    events=(SecondmentStarted, SecondmentExtended, SecondmentEnded),
    columns=columns_of(Secondment),
    entity=_entity,
    fold=_fold,
)
