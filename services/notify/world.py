"""Takes in what notify has to know of the world: who is above whom, which days people work, and which day it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.catalog import ContractBroken, decode
from contracts.event import ActRef, Event, Recorded
from contracts.reference import CalendarPublished, DayEnded
from kit import clock
from kit.db import Connection, Pool
from kit.metrics import Counter
from kit.reader import Delivery
from services.notify import queries, store
from services.notify.domain.reference import KEPT, Amendment, concerns, standing
from services.notify.handover import Casework

FACTS: Final = "FACTS"
SUBJECTS: Final = (
    "facts.*.unit.registered",
    "facts.*.calendar.published",
    "facts.*.act.corrected",
    "facts.*.act.withdrawn",
    "facts.*.clock.day_ended",
)


@dataclass(slots=True)
class _Learnt:
    """What a part of a batch says of units and calendars."""

    references: list[tuple[str, bytes]] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Corrections by their fact id."""
    calendars: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Applies facts, and lets overdue clues go to the desk above."""

    pool: Pool
    casework: Casework
    wake: Callable[[], None]
    escalated: Counter

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch, in order: a day ends with the units and calendars that were known by then."""
        count = 0
        async with self.pool.acquire() as db, db.transaction():
            learnt = _Learnt()
            for delivery in deliveries:
                fact = await _readable(db, delivery)
                if fact is None:
                    continue
                if isinstance(fact.event, DayEnded):
                    await self._learn(db, learnt)
                    learnt = _Learnt()
                    last = await store.end_day(db, fact.event.day)
                    count += await self.casework.end_day(db, last + timedelta(days=1), clock.now())
                else:
                    _note(learnt, fact, delivery.body)
            await self._learn(db, learnt)
            await store.set_checkpoint(db, FACTS, deliveries[-1].seq, deliveries[-1].time)
        if count:
            self.escalated.add(count)
            self.wake()

    async def _learn(self, db: Connection, learnt: _Learnt) -> None:
        """Store what was learnt and bring the units and calendars that it touches up to date."""
        touched = {fact_id for fact_id, _ in learnt.references} | {one.target for one in learnt.amendments}
        if not touched:
            return
        await store.add_references(db, learnt.references)
        rows = [
            (one.fact_id, one.target, one.recorded, one.place, learnt.bodies.get(one.fact_id))
            for one in learnt.amendments
        ]
        await store.add_amendments(db, rows)
        originals = await queries.references(db, touched)
        amendments = [_amendment(row) for row in await queries.amendments(db, originals.keys())]
        found = (
            standing(decode(body), [one for one in amendments if one.target == fact_id])
            for fact_id, body in originals.items()
        )
        await store.replace_standing(db, originals.keys(), [one for one in found if one is not None])
        if learnt.calendars:
            await self.casework.date_undated(db)


def _note(learnt: _Learnt, fact: Recorded[Event], body: bytes) -> None:
    event = fact.event
    if isinstance(event, KEPT):
        learnt.references.append((fact.fact_id, body))
        learnt.calendars |= isinstance(event, CalendarPublished)
    elif isinstance(event, ActCorrected) and concerns(event):
        learnt.amendments.append(_amending(fact, event.target, event))
        learnt.bodies[fact.fact_id] = body
        learnt.calendars = True
    elif isinstance(event, ActWithdrawn):
        learnt.amendments.append(_amending(fact, event.target, None))


def _amending(fact: Recorded[Event], target: ActRef, correction: ActCorrected | None) -> Amendment:
    return Amendment(fact.fact_id, target.fact(fact.source), fact.recorded, fact.jurisdiction, correction)


def _amendment(row: queries.AmendmentRow) -> Amendment:
    event = decode(row.body).event if row.body is not None else None
    return Amendment(
        row.fact_id, row.target, row.recorded, row.place, event if isinstance(event, ActCorrected) else None
    )


async def _readable(db: Connection, delivery: Delivery) -> Recorded[Event] | None:
    try:
        return decode(delivery.body)
    except ContractBroken as error:
        reason = f"{error.field}: {error.detail}"
        await store.set_aside(db, FACTS, delivery.seq, reason, delivery.body, delivery.time)
        return None
