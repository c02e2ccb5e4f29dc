"""The life of one clue: handed over, then signed for or refused; overdue it goes to the desk above as well."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from contracts.clues import ClueEscalated, ClueHandedOver, ClueReceived, ClueRefused
from contracts.event import fact_id
from kit.errors import Conflict, Forbidden

State = Literal["open", "received", "refused"]
ClueEvent = ClueHandedOver | ClueReceived | ClueRefused | ClueEscalated


@dataclass(frozen=True, slots=True)
class Clue:
    """A clue as it stands; a pure fold of its events."""

    clue: str
    alert_id: str
    alert_revision: int
    desk: str
    due_on: date | None
    state: State = "open"
    above: str | None = None
    """The higher desk that got it as well when it was overdue."""
    steps: int = 1

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks that may sign for it."""
        return (self.desk, self.above) if self.above else (self.desk,)

    def overdue(self, today: date) -> bool:
        """Tell whether nobody signed by the end of the due date."""
        return self.state == "open" and self.due_on is not None and self.due_on < today


def clue_id(alert_id: str, handover: int) -> str:
    """Return the id of an alert's ``handover``-th clue, counted from 1."""
    return fact_id(f"clue\0{alert_id}", str(handover))


def evolve(clue: Clue | None, event: ClueEvent) -> Clue:
    """Return the clue after an event; raise ``ValueError`` for an event that cannot follow."""
    match clue, event:
        case None, ClueHandedOver():
            return Clue(event.clue, event.alert_id, event.alert_revision, event.desk, event.due_on)
        case Clue(state="open"), ClueReceived(clue=same) if same == clue.clue:
            return replace(clue, state="received", steps=clue.steps + 1)
        case Clue(state="open"), ClueRefused(clue=same) if same == clue.clue:
            return replace(clue, state="refused", steps=clue.steps + 1)
        case Clue(state="open", above=None), ClueEscalated(clue=same) if same == clue.clue:
            return replace(clue, above=event.to_desk, steps=clue.steps + 1)
    msg = f"{event.event_name()} cannot follow here"
    raise ValueError(msg)


def check_handover(last: Clue | None, revision: int, *, retracted: bool) -> None:
    """Raise ``Conflict`` when an alert cannot be handed over now; ``last`` is its latest clue."""
    if retracted:
        raise Conflict("该预警已撤销，不能移交", field="alert_id")
    if last is None or last.state == "refused":
        return
    if last.state == "open":
        raise Conflict("该预警已移交，正在等待签收", field="alert_id")
    if revision <= last.alert_revision:
        raise Conflict("该预警移交后已签收，且此后没有变化", field="alert_id")


def receive(clue: Clue, *, desk: str, by: str, at: datetime) -> ClueReceived:
    """Let a desk sign for a clue; raise ``Forbidden`` or ``Conflict``."""
    _may_close(clue, desk)
    return ClueReceived(clue=clue.clue, desk=desk, received_by=by, received_at=at)


def refuse(clue: Clue, *, desk: str, by: str, at: datetime, reason: str) -> ClueRefused:
    """Let a desk give a clue back with its reason; raise ``Forbidden`` or ``Conflict``."""
    _may_close(clue, desk)
    return ClueRefused(clue=clue.clue, desk=desk, refused_by=by, refused_at=at, reason=reason)


def escalate(clue: Clue, *, today: date, higher: str | None) -> ClueEscalated | None:
    """Return the step that takes an overdue clue to the next higher desk, once; None when there is nothing to do."""
    if not clue.overdue(today) or clue.above is not None or higher is None or clue.due_on is None:
        return None
    return ClueEscalated(
        clue=clue.clue, from_desk=clue.desk, to_desk=higher, overdue_since=clue.due_on + timedelta(days=1)
    )


def _may_close(clue: Clue, desk: str) -> None:
    if desk not in clue.desks:
        raise Forbidden("只有承办的纪检监察机构可以签收或退回")
    if clue.state != "open":
        raise Conflict("该线索已签收" if clue.state == "received" else "该线索已退回")
