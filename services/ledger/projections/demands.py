"""报表任务台账: every demand for a report, with what was submitted to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from contracts.reports import ReportDemanded, ReportSubmitted
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, china_day


class Demand(NamedTuple):
    """What the ledger shows of one demand."""

    subject_matter: Annotated[str, Title("报送事项", searched=True)]
    demand_kind: Annotated[str | None, Title("类别")]
    period: Annotated[str | None, Title("周期")]
    addressees: Annotated[int, Title("填报单位数")]
    addressee_level: Annotated[int | None, Title("填报层级")]
    sent_at: Annotated[datetime, Title("发出时间")]
    received_at: Annotated[datetime | None, Title("收到时间")]
    due_at: Annotated[datetime | None, Title("截止时间")]
    items: Annotated[int, Title("数据项数")]
    form_id: Annotated[str | None, Title("表号")]
    channel: Annotated[str | None, Title("渠道")]
    submit_as: Annotated[str | None, Title("报送形式")]
    basis: Annotated[str | None, Title("依据")]
    basis_level: Annotated[str | None, Title("依据层级")]
    submissions: Annotated[int, Title("已报数")]
    late: Annotated[int | None, Title("逾期报送数")]
    last_submitted_at: Annotated[datetime | None, Title("最近报送时间")]


def _entity(fact: Fact) -> str | None:
    """Return the demand; a submission that answers none (a written explanation) belongs to no row."""
    if isinstance(fact.event, ReportSubmitted):
        return fact.event.demand.fact(fact.source) if fact.event.demand else None
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    demanded: tuple[Fact, ReportDemanded] | None = None
    submitted: list[datetime] = []
    for fact in facts:
        if isinstance(fact.event, ReportDemanded):
            demanded = (fact, fact.event)
        elif isinstance(fact.event, ReportSubmitted):
            submitted.append(fact.event.submitted_at)
    return None if demanded is None else _row(*demanded, submitted)


def _row(fact: Fact, event: ReportDemanded, submitted: Sequence[datetime]) -> Row:
    due = event.due_at
    cells = Demand(
        subject_matter=event.subject_matter,
        demand_kind=event.kind,
        period=event.period,
        addressees=len(event.addressees),
        addressee_level=event.addressee_level,
        sent_at=event.sent_at,
        received_at=event.received_at,
        due_at=due,
        items=len(event.items),
        form_id=event.form_id,
        channel=event.channel,
        submit_as=event.submit_as,
        basis=event.basis,
        basis_level=event.basis_level,
        submissions=len(submitted),
        late=None if due is None else sum(moment > due for moment in submitted),
        last_submitted_at=max(submitted, default=None),
    )
    return Row(fact.jurisdiction, fact.unit, china_day(event.sent_at), "rpt", cells)


LEDGER: Final = Ledger(
    name="demands",
    title="报表任务台账",
    rank=6,
    families={"rpt": "报表任务"},
    events=(ReportDemanded, ReportSubmitted),
    columns=columns_of(Demand),
    entity=_entity,
    fold=_fold,
)
