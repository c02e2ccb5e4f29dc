"""Takes in what notify has to know of the world: who is above whom, which days people work, and which day it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.catalog import ContractBroken, FromTheFuture, decode
from contracts.event import ActRef, Event, Recorded
from contracts.reference import CalendarPublished, DayEnded
from kit import clock
from kit.db import Connection, Pool
from kit.metrics import Counter
from kit.parked import Unread, mark_replayed, park, waiting
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

_Readable: TypeAlias = tuple[Delivery, Recorded[Event]]


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
        """Apply one batch."""
        async with self.pool.acquire() as db, db.transaction():
            readable, unread = _read(deliveries)
            await park(db, FACTS, unread)
            count = await self._take(db, readable)
            await store.set_checkpoint(db, FACTS, deliveries[-1].seq, deliveries[-1].time)
        self._escalated(count)

    async def replay(self, now: datetime) -> int:
        """Apply, in the order of the stream, the parked facts that can be read by now; return how many."""
        after, replayed = 0, 0
        while True:
            async with self.pool.acquire() as db, db.transaction():
                deliveries = await waiting(db, FACTS, after=after)
                if not deliveries:
                    return replayed
                readable, _ = _read(deliveries)
                await mark_replayed(db, FACTS, [delivery.seq for delivery, _ in readable], now)
                count = await self._take(db, readable)
            self._escalated(count)
            after, replayed = deliveries[-1].seq, replayed + len(readable)

    async def _take(self, db: Connection, readable: Sequence[_Readable]) -> int:
        """Apply facts in order: a day ends with the units and calendars that were known by then; return the escalations."""
        count = 0
        learnt = _Learnt()
        for delivery, fact in readable:
            if isinstance(fact.event, DayEnded):
                await self._learn(db, learnt)
                learnt = _Learnt()
                last = await store.end_day(db, fact.event.day)
                count += await self.casework.end_day(db, last + timedelta(days=1), clock.now())
            else:
                _note(learnt, fact, delivery.body)
        await self._learn(db, learnt)
        return count

    def _escalated(self, count: int) -> None:
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


def _read(deliveries: Sequence[Delivery]) -> tuple[list[_Readable], list[Unread]]:
    """Return the messages that can be read and those that cannot, each by itself."""
    facts: list[_Readable] = []
    unread: list[Unread] = []
    for delivery in deliveries:
        try:
            facts.append((delivery, decode(delivery.body)))
        except (ContractBroken, FromTheFuture) as error:
            unread.append(Unread(delivery, str(error)))
    return facts, unread
