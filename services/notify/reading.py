"""Takes alerts in: one transaction for each batch, its checkpoint included, and what was parked when it can be read."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from contracts.catalog import ContractBroken, FromTheFuture
from kit import telemetry
from kit.db import Connection, Pool
from kit.metrics import Counter
from kit.parked import Unread, mark_replayed, park, waiting
from kit.reader import Delivery
from services.notify import queries, store
from services.notify.domain.mail import Mailroom, Routing
from services.notify.hub import Hub
from services.notify.wire import AlertChange, notice_of, read_change

ALERTS: Final = "ALERTS"


@dataclass(frozen=True, slots=True)
class Alerts:
    """Takes alerts in: stores them, decides who is told, and lets the event stream know after the commit."""

    pool: Pool
    routing: Routing
    hub: Hub
    wake: Callable[[], None]
    decided: Counter
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while alerts are taken in: what is decided on one depends on what was decided before."""

    async def resume(self) -> int:
        """Return up to where alerts are applied, after the event stream knows them too.

        When a connection breaks at a commit nobody tells us that it took place; the table knows.
        """
        async with self.pool.acquire() as db:
            applied, _ = await queries.checkpoint(db, ALERTS)
            if applied > self.hub.last:
                await self._refill(db, applied)
        return applied

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch."""
        last = deliveries[-1]
        with telemetry.batch_span("notify.alerts", [delivery.headers for delivery in deliveries]):
            async with self.turn, self.pool.acquire() as db, db.transaction():
                readable, unread = _read(deliveries)
                await park(db, ALERTS, unread)
                changes = await _fresh(db, readable)
                mailroom = await self._decide(db, changes, changes)
                await store.set_checkpoint(db, ALERTS, last.seq, last.time)
        self.hub.publish(changes, last.seq)
        self._decided(mailroom)

    async def replay(self, now: datetime) -> int:
        """Apply, in the order of the stream, the parked changes that can be read by now; return how many.

        Nobody is told of a change that a later one has overtaken. Clients of the event stream that are past a change do not
        get it; those that ask for what lies before it do.
        """
        after, replayed = 0, 0
        while True:
            async with self.turn, self.pool.acquire() as db:
                async with db.transaction():
                    deliveries = await waiting(db, ALERTS, after=after)
                    if not deliveries:
                        return replayed
                    readable, _ = _read(deliveries)
                    await mark_replayed(db, ALERTS, [change.seq for change in readable], now)
                    changes = await _fresh(db, readable)
                    newest = await queries.newest_revisions(db, {change.alert.alert_id for change in changes})
                    news = [one for one in changes if one.alert.revision > newest.get(one.alert.alert_id, 0)]
                    mailroom = await self._decide(db, changes, news)
                await self._refill(db, self.hub.last)
            self._decided(mailroom)
            after, replayed = deliveries[-1].seq, replayed + len(readable)

    async def _decide(self, db: Connection, changes: Sequence[AlertChange], news: Sequence[AlertChange]) -> Mailroom:
        """Store changes and decide who is told of those that are news."""
        await store.add_changes(db, changes)
        if not news:
            return Mailroom(self.routing)
        notices = [notice_of(change) for change in news]
        mailroom = await queries.open_mailroom(db, self.routing, notices)
        for notice in notices:
            mailroom.take(notice)
        await store.save_mail(db, mailroom)
        return mailroom

    def _decided(self, mailroom: Mailroom) -> None:
        for decision in mailroom.decisions.values():
            self.decided.add(reason=decision.reason)
        if mailroom.letters:
            self.wake()

    async def _refill(self, db: Connection, upto: int) -> None:
        rows = await queries.last_changes(db, to=upto, limit=self.hub.size)
        self.hub.refill([read_change(row.seq, row.at, row.body) for row in rows], upto)


def _read(deliveries: Sequence[Delivery]) -> tuple[list[AlertChange], list[Unread]]:
    """Return the messages that can be read and those that cannot, each by itself."""
    changes: list[AlertChange] = []
    unread: list[Unread] = []
    for delivery in deliveries:
        try:
            changes.append(read_change(delivery.seq, delivery.time, delivery.body))
        except (ContractBroken, FromTheFuture) as error:
            unread.append(Unread(delivery, str(error)))
    return changes, unread


async def _fresh(db: Connection, changes: Sequence[AlertChange]) -> list[AlertChange]:
    """Leave out what came before: a publisher that was killed may repeat itself after the stream's dedup window."""
    known = set(await queries.known_facts(db, [change.fact_id for change in changes]))
    fresh = []
    for change in changes:
        if change.fact_id not in known:
            known.add(change.fact_id)
            fresh.append(change)
    return fresh
