"""Takes alerts in: one transaction for each batch, its checkpoint included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.catalog import ContractBroken
from kit import telemetry
from kit.db import Connection, Pool
from kit.metrics import Counter
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

    async def resume(self) -> int:
        """Return up to where alerts are applied, after the event stream knows them too.

        When a connection breaks at a commit nobody tells us that it took place; the table knows.
        """
        async with self.pool.acquire() as db:
            applied, _ = await queries.checkpoint(db, ALERTS)
            if applied > self.hub.last:
                rows = await queries.last_changes(db, to=applied, limit=self.hub.size)
                self.hub.refill([read_change(row.seq, row.at, row.body) for row in rows], applied)
        return applied

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch."""
        with telemetry.batch_span("notify.alerts", [delivery.headers for delivery in deliveries]):
            async with self.pool.acquire() as db, db.transaction():
                changes = await _fresh(db, await _readable(db, deliveries))
                mailroom = await self._decide(db, changes)
                last = deliveries[-1]
                await store.set_checkpoint(db, ALERTS, last.seq, last.time)
        self.hub.publish(changes, last.seq)
        for decision in mailroom.decisions.values():
            self.decided.add(reason=decision.reason)
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
            reason = f"{error.field}: {error.detail}"
            await store.set_aside(db, ALERTS, delivery.seq, reason, delivery.body, delivery.time)
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
