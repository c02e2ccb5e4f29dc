"""A log of acts and of what the monitor made of them, in all copies: journal, FACTS, ALERTS and the monitor's tables."""

import functools
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nats.aio.client import Client
from nats.js.api import StorageType, StreamConfig

from contracts.workdays import builtin
from kit.cursor import Delivery
from kit.db import Pool
from kit.publish import Outgoing, publish_batch
from kit.streams import ensure_stream
from services.ledger.audit import Fault
from services.ledger.audit_alerts import AlertAuditor, Revision
from services.ledger.auditing import VerifiedAlerts, verify, verify_alerts
from services.ledger.chain import Algorithm
from services.ledger.notary import sign_head
from services.ledger.recording import Recorder
from services.monitor import auditing
from services.monitor.apply import apply
from services.monitor.book import Book, load, shipped
from services.monitor.reading import unpack
from services.monitor.state import State
from tests.ledger.log import tamper
from tests.ledger.test_notary import KEY, PUBLIC, outgoing
from tests.ledger.world import World
from tests.monitor.histories import history

STORED: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BATCHES: Final = 3


@dataclass
class AlertsLog:
    """Everything that an audit compares, and what a person with all rights could do to it."""

    world: World
    monitor: Pool
    nc: Client
    algorithm: Algorithm
    facts: list[bytes]
    alerts: list[bytes]

    async def verify(self, *, rows: bool = True) -> VerifiedAlerts:
        """Audit the log, which must be sound, and then the alerts."""
        auditor, js = AlertAuditor(), self.nc.jetstream()
        found = await verify(self.world.pool, js, PUBLIC, learn=auditor.learn)
        assert found.fault is None
        return await verify_alerts(js, auditor, self._revisions() if rows else None)

    async def fault(self) -> Fault:
        """Audit everything and return the fault of the alerts."""
        fault = (await self.verify()).fault
        assert fault is not None
        return fault

    async def _revisions(self) -> AsyncIterator[Revision]:
        async for one in auditing.revisions(self.monitor):
            yield Revision(*one)

    async def tamper(self, *statements: str) -> None:
        """Do to the monitor's tables what only their owner can."""
        await tamper(self.monitor, *statements)

    async def restream(self, name: str, bodies: Sequence[bytes]) -> None:
        """Put another stream in the place of one: from this one messages may be deleted."""
        js = self.nc.jetstream()
        subject = f"{name.lower()}.99.x.y"
        await js.delete_stream(name)
        await ensure_stream(
            js,
            StreamConfig(
                name=name,
                subjects=[f"{name.lower()}.>"],
                storage=StorageType.FILE,
                allow_direct=True,
                allow_atomic=True,
            ),
        )
        await publish_batch(self.nc, [Outgoing(subject, body, f"m{at}") for at, body in enumerate(bodies)])

    def row_of(self, alert: int) -> tuple[str, int]:
        """Return the alert and revision that a message of ALERTS tells of, counted from 1."""
        data = json.loads(self.alerts[alert - 1])["data"]
        return data["alert_id"], data["revision"]


@functools.cache
def book() -> Book:
    """Return the rule book that ships."""
    return load(*shipped())


async def make(
    world: World, monitor: Pool, nc: Client, *, algorithm: Algorithm = "sha256", filling: Sequence[bytes] = ()
) -> AlertsLog:
    """Let the monitor judge a random history in batches, and record all that it states; each batch is signed.

    ``filling`` are facts in the first batch that the monitor never sees.
    """
    world.recorder = Recorder.of(world.pool, list(world.ledgers.values()), algorithm)
    state = State(book(), builtin())
    acts, facts, alerts = history(seed=1, size=60), list[bytes](), list[bytes]()
    portion = len(acts) // _BATCHES + 1
    for start in range(0, len(acts), portion):
        part = acts[start : start + portion]
        first = len(facts) + 1
        async with monitor.acquire() as db, db.transaction():
            deliveries = [Delivery(first + at, "facts.99.x.y", body, {}, STORED) for at, body in enumerate(part)]
            await apply(db, state, await unpack(state.book, deliveries))
            rows = await db.fetch("delete from outbox returning id, stream, body")
        rows.sort(key=lambda row: row["id"])
        alerts += [row["body"] for row in rows if row["stream"] == "ALERTS"]
        added = [*part, *filling, *(row["body"] for row in rows if row["stream"] == "FACTS")]
        await world.feed(*added)
        await sign_head(world.pool, KEY)
        filling = ()
        checkpoint = (await outgoing(world))[-1]
        await world.feed(checkpoint)
        facts += [*added, checkpoint]
    log = AlertsLog(world, monitor, nc, algorithm, facts, alerts)
    await log.restream("FACTS", facts)
    await log.restream("ALERTS", alerts)
    return log
