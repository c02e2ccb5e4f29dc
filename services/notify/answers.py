"""The shapes of what notify answers over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from contracts.alerts import AlertId, Severity
from contracts.checks import unmarked
from contracts.event import Note
from contracts.workdays import Workdays
from services.notify.domain.clues import State
from services.notify.queries_clues import ClueRow, DeliveryRow, Step
from services.notify.wire import read_change

DeliveryState = Literal["waiting", "sending", "retrying", "delivered", "refused", "expired", "cancelled"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class HandOver(BaseModel):
    """Turn this alert into a clue."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    alert_id: AlertId
    note: Annotated[Note, AfterValidator(unmarked)] | None = None


class Refuse(BaseModel):
    """Give a clue back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000), AfterValidator(unmarked)
    ]


class ClueStep(_Answer):
    """One step of a clue."""

    step: int
    verb: str
    desk: str
    at: datetime
    fact_id: str


class ClueAnswer(_Answer):
    """A clue; what the alert says, notes and reasons only for the desk and the jurisdiction that handed it over."""

    clue_id: str
    state: State
    alert_id: str
    alert_revision: int
    rule: str
    about: str
    place: str
    desk: str
    desk_name: str
    escalated_to: str | None
    handed_over_at: datetime
    due_on: date | None
    days_left: int | None
    overdue: bool
    closed_at: datetime | None
    may: tuple[Literal["receive", "refuse"], ...]
    handed_over_by: str = ""
    title: str = ""
    severity: Severity = "warning"
    summary: str = ""
    note: str | None = None
    received_by: str | None = None
    received_at: datetime | None = None
    refused_by: str | None = None
    refused_at: datetime | None = None
    reason: str | None = None
    steps: tuple[ClueStep, ...] = ()


class DeliveryAnswer(_Answer):
    """Who was told of what and when, or why not."""

    delivery: str | None
    receiver: str
    about_kind: Literal["alert", "clue"]
    about_id: str
    revision: int
    change: str
    jurisdiction: str
    reason: str
    route: str | None
    timing: str | None
    dropped: str | None
    decided_at: datetime
    kind: str | None
    channel: str | None
    state: str | None
    result: str | None
    attempts: int | None
    due_at: datetime | None
    next_at: datetime | None
    completed_at: datetime | None


def clue_answer(
    row: ClueRow, *, name: str, today: date, workdays: Workdays, steps: tuple[Step, ...] = ()
) -> ClueAnswer:
    """Return a clue as whoever asked may see it."""
    open_ = row.state == "open"
    answer = ClueAnswer(
        clue_id=row.clue,
        state=row.state,
        alert_id=row.alert_id,
        alert_revision=row.alert_revision,
        rule=row.rule,
        about=row.about,
        place=row.place,
        desk=row.desk,
        desk_name=name,
        escalated_to=row.above,
        handed_over_at=row.handed_over_at,
        due_on=row.due_on,
        days_left=workdays.between(today, row.due_on) if open_ and row.due_on else None,
        overdue=row.standing().overdue(today),
        closed_at=row.closed_at,
        may=("receive", "refuse") if open_ and (row.for_desk or row.for_above) else (),
        steps=tuple(ClueStep(step=s.step, verb=s.verb, desk=s.desk, at=s.at, fact_id=s.fact_id) for s in steps),
    )
    return answer.model_copy(update=_contents(row)) if row.reads else answer


def delivery_answer(row: DeliveryRow) -> DeliveryAnswer:
    """Return a decision and what became of it."""
    return DeliveryAnswer(
        decided_at=row.at, **{name: getattr(row, name) for name in DeliveryAnswer.model_fields if name != "decided_at"}
    )


def _contents(row: ClueRow) -> dict[str, object]:
    alert = read_change(row.alert_seq, row.handed_over_at, row.body).alert
    received, refused = row.state == "received", row.state == "refused"
    return {
        "handed_over_by": row.handed_over_by,
        "title": alert.rule_title,
        "severity": alert.severity,
        "summary": alert.summary,
        "note": row.note,
        "received_by": row.closed_by if received else None,
        "received_at": row.closed_at if received else None,
        "refused_by": row.closed_by if refused else None,
        "refused_at": row.closed_at if refused else None,
        "reason": row.reason,
    }
