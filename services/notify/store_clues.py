"""Every statement with which notify writes about clues."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from contracts.clues import ClueHandedOver
from kit.db import Connection
from services.notify.domain.clues import Clue, ClueEvent
from services.notify.domain.desks import UnitVersion
from services.notify.domain.routes import Receiver

_ADD: Final = """
    insert into clue (clue, alert_id, alert_revision, alert_seq, handover, rule, about, place, acted_on, desk,
                      desk_place, handed_over_by, handed_from, handed_over_at, handed_on, note, working_days, due_on,
                      state, steps)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'open', 1)
    on conflict do nothing returning clue"""
_CLOSE: Final = """
    update clue set state = $2, steps = $3, closed_by = $4, closed_desk = $5, closed_at = $6, reason = $7
    where clue = $1"""
_ESCALATE: Final = "update clue set steps = $2, above = $3, above_place = $4 where clue = $1"
_DATE: Final = "update clue set due_on = $2 where clue = $1"
_ADD_STEP: Final = "insert into clue_step (clue, step, fact_id, verb, desk, at) values ($1, $2, $3, $4, $5, $6)"
_ADD_LETTER: Final = """
    insert into delivery (id, kind, receiver, channel, group_key, opened_at, due_at, next_at)
    values ($1, 'clue', $2, $3, 'clue', $4, $4, $4) on conflict do nothing"""
_ADD_DECISION: Final = """
    insert into decision (receiver, about_kind, about_id, fact_id, revision, change, about_unit, scope, reason, timing,
                          delivery, at)
    values ($1, 'clue', $2, $3, $4, $5, $6, $7, 'first', 'immediately', $8, $9) on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a handover adds to its event."""

    number: int
    """How many times the alert has been handed over, this one included."""
    alert_seq: int
    acted_on: date
    desk: UnitVersion
    handed_from: str
    """Jurisdiction of the operator."""
    handed_on: date
    """By the facts, not the clock."""
    working_days: int


async def add_clue(db: Connection, event: ClueHandedOver, handover: Handover, at: datetime) -> bool:
    """Store a new clue; tell False when somebody else handed the alert over at the same moment."""
    e, h = event, handover
    added = await db.fetchval(
        _ADD, e.clue, e.alert_id, e.alert_revision, h.alert_seq, h.number, e.rule, e.about, e.place, h.acted_on, e.desk,
        h.desk.place, e.handed_over_by, h.handed_from, at, h.handed_on, e.note, h.working_days, e.due_on,
    )  # fmt: skip
    return added is not None


async def close_clue(db: Connection, clue: Clue, *, by: str, desk: str, at: datetime, reason: str | None) -> None:
    """Store that a clue was signed for or refused."""
    await db.execute(_CLOSE, clue.clue, clue.state, clue.steps, by, desk, at, reason)


async def escalate_clue(db: Connection, clue: Clue, above: UnitVersion) -> None:
    """Store that a clue went to the desk above as well."""
    await db.execute(_ESCALATE, clue.clue, clue.steps, above.unit, above.place)


async def date_clue(db: Connection, clue: str, due_on: date) -> None:
    """Store a due date that became known."""
    await db.execute(_DATE, clue, due_on)


async def add_step(db: Connection, clue: Clue, event: ClueEvent, *, fact_id: str, desk: str, at: datetime) -> None:
    """Store the step that led to ``clue``."""
    await db.execute(_ADD_STEP, clue.clue, clue.steps, fact_id, event.verb, desk, at)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clue that waits at a desk, as far as telling of it goes."""

    clue: str
    step: int
    verb: str
    fact_id: str
    about: str
    scope: str


async def add_letters(db: Connection, waiting: Waiting, letters: Iterable[tuple[str, Receiver]], at: datetime) -> None:
    """Have receivers told that a clue waits; ``letters`` are ids of messages with their receivers."""
    for letter, to in letters:
        await db.execute(_ADD_LETTER, letter, to.name, to.channel, at)
        w = waiting
        await db.execute(_ADD_DECISION, to.name, w.clue, w.fact_id, w.step, w.verb, w.about, w.scope, letter, at)
