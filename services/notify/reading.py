"""Applies batches of the two streams that notify reads: one transaction each, its checkpoint included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.catalog import ContractBroken, decode
from contracts.event import Event, Recorded
from contracts.reference import CalendarPublished, DayEnded, UnitRegistered
from contracts.workdays import YearCalendar
from kit import clock, telemetry
from kit.db import Connection, Pool
from kit.metrics import Counter
from kit.reader import Delivery
from services.notify import queries, store
from services.notify.domain.deadlines import Published
from services.notify.domain.desks import UnitVersion
from services.notify.domain.mail import Mailroom, Routing
from services.notify.handover import Casework
from services.notify.hub import Hub
from services.notify.wire import AlertChange, notice_of, read_change

ALERTS: Final = "ALERTS"
FACTS: Final = "FACTS"
FACT_SUBJECTS: Final = ("facts.*.unit.registered", "facts.*.calendar.published", "facts.*.clock.day_ended")
"""What notify has to know of the world: who is above whom, which days people work, and which day it is."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """Takes alerts in: stores them, decides who is told, and lets the event stream know after the commit."""

    pool: Pool
    routing: Routing
    hub: Hub
    wake: Callable[[], None]
    decided: Counter

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch."""
        with telemetry.batch_span("notify.alerts", [delivery.headers for delivery in deliveries]):
            async with self.pool.acquire() as db, db.transaction():
                changes = await _fresh(db, await _readable(db, deliveries))
                mailroom = await self._decide(db, changes)
                last = deliveries[-1]
                await store.set_checkpoint(db, ALERTS, last.seq, last.time)
        for decision in mailroom.decisions.values():
            self.decided.add(reason=decision.reason)
        self.hub.publish(changes, last.seq)
        if mailroom.letters:
            self.wake()

    async def _decide(self, db: Connection, changes: Sequence[AlertChange]) -> Mailroom:
        if not changes:
            return Mailroom(self.routing)
        await store.add_changes(db, changes)
        notices = [notice_of(change) for change in changes]
        mailroom = await queries.open_mailroom(db, self.routing, notices)
        for notice in notices:
            mailroom.take(notice)
        await store.save_mail(db, mailroom)
        return mailroom


async def _readable(db: Connection, deliveries: Sequence[Delivery]) -> list[AlertChange]:
    """Return the messages that can be read; the others are set aside, each by itself."""
    changes = []
    for delivery in deliveries:
        try:
            changes.append(read_change(delivery.seq, delivery.time, delivery.body))
        except ContractBroken as error:
            await _set_aside(db, ALERTS, delivery, error)
    return changes


async def _fresh(db: Connection, changes: Sequence[AlertChange]) -> list[AlertChange]:
    """Leave out what came before: a publisher that was killed may repeat itself after the stream's dedup window."""
    known = set(await queries.known_facts(db, [change.fact_id for change in changes]))
    fresh = []
    for change in changes:
        if change.fact_id not in known:
            known.add(change.fact_id)
            fresh.append(change)
    return fresh


@dataclass(frozen=True, slots=True)
class World:
    """Takes in units, calendars and the passing of days, and lets overdue clues go to the desk above."""

    pool: Pool
    casework: Casework
    wake: Callable[[], None]
    escalated: Counter

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch, in order: a day ends with the units and calendars that were known by then."""
        count = 0
        async with self.pool.acquire() as db, db.transaction():
            units: list[UnitVersion] = []
            for delivery in deliveries:
                fact = await _readable_fact(db, delivery)
                if fact is None:
                    continue
                if isinstance(fact.event, UnitRegistered):
                    units.append(_unit_version(fact, fact.event))
                    continue
                await store.add_units(db, units)
                units.clear()
                count += await self._apply(db, fact)
            await store.add_units(db, units)
            await store.set_checkpoint(db, FACTS, deliveries[-1].seq, deliveries[-1].time)
        if count:
            self.escalated.add(count)
            self.wake()

    async def _apply(self, db: Connection, fact: Recorded[Event]) -> int:
        event = fact.event
        if isinstance(event, CalendarPublished):
            await store.add_calendar(db, _published(fact, event))
            await self.casework.date_undated(db)
        if isinstance(event, DayEnded):
            last = await store.end_day(db, event.day)
            return await self.casework.end_day(db, last + timedelta(days=1), clock.now())
        return 0


async def _readable_fact(db: Connection, delivery: Delivery) -> Recorded[Event] | None:
    try:
        return decode(delivery.body)
    except ContractBroken as error:
        await _set_aside(db, FACTS, delivery, error)
        return None


async def _set_aside(db: Connection, stream: str, delivery: Delivery, error: ContractBroken) -> None:
    await store.set_aside(db, stream, delivery.seq, f"{error.field}: {error.detail}", delivery.body, delivery.time)


def _unit_version(fact: Recorded[Event], unit: UnitRegistered) -> UnitVersion:
    return UnitVersion(
        unit.unit,
        unit.name,
        unit.kind,
        unit.place,
        unit.superior,
        unit.valid_from,
        unit.valid_to,
        fact.recorded,
        fact.fact_id,
    )


def _published(fact: Recorded[Event], calendar: CalendarPublished) -> Published:
    days_off, work_days = frozenset(calendar.days_off), frozenset(calendar.work_days)
    year = YearCalendar(calendar.year, calendar.basis, days_off, work_days)
    return Published(calendar.place, fact.recorded, fact.fact_id, year)
