"""Sends what is due: one loop for each receiver, so that a slow one delays nobody else.

A message is claimed in one transaction, sent, and completed in another with its facts. Who dies in between loses the
claim after a while, and the message is sent again with the same id: at least once, never lost.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final

import msgspec
import structlog

from contracts.alerts import DeliveryCompleted
from kit import clock, outbox, telemetry
from kit.db import Pool
from kit.failures import describe
from kit.metrics import Counter
from kit.publish import Outgoing
from services.notify import facts, queries, store
from services.notify.channels.base import Channel, Item, Message, OpenChannel, Outcome
from services.notify.domain.retry import next_try
from services.notify.queries import ItemRow, Whose
from services.notify.store import Claimed, Ending, Settled
from services.notify.wire import read_change

_IDLE: Final = timedelta(seconds=5)
_STALLED: Final = timedelta(minutes=1)
_REMOVED_AT_ONCE: Final = 100
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0)

_log = structlog.stdlib.get_logger("notify.sending")


class _Traced(msgspec.Struct):
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """How messages are sent."""

    timeout: timedelta
    """What a channel takes at most for one attempt."""
    keep_trying: timedelta
    unit: str
    """The unit that our facts name as acting."""

    @property
    def lease(self) -> timedelta:
        """How long a claimed message belongs to who claimed it."""
        return self.timeout * 2 + timedelta(seconds=30)


@dataclass(slots=True)
class Sender:
    """The loop of one receiver, or of all whom nobody configures any more."""

    pool: Pool
    whose: Whose
    channel: Channel
    at_once: int
    terms: Terms
    sent: Callable[[], None]
    """Called after a commit that has facts to publish."""
    attempts: Counter
    jitter: Callable[[], float] = field(default_factory=lambda: SystemRandom().random)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _error: str | None = None
    _at: datetime | None = None

    def wake(self) -> None:
        """Tell that a message may be due."""
        self._wake.set()

    def trouble(self) -> str | None:
        """Return why this loop gets nowhere, or None (a check for ``Readiness``)."""
        if self._error is not None:
            return self._error
        if self._at is not None and clock.now() - self._at > _STALLED + self.terms.lease:
            return "no progress"
        return None

    async def run(self) -> None:
        """Send until cancelled; trouble of our own (the database is away) is logged and tried again."""
        failures = 0
        while True:
            try:
                count = await self.step(clock.now())
                pause = 0.0 if count == self.at_once else await self._until_next()
                self._error, failures = None, 0
            except Exception as error:  # noqa: BLE001  the message stays claimed and is tried again
                if self._error is None:
                    _log.exception("sending.trouble", error=describe(error))
                self._error = describe(error)
                pause, failures = _PAUSES[min(failures, len(_PAUSES) - 1)], failures + 1
            self._at = clock.now()
            await self._rest(pause)

    async def step(self, now: datetime) -> int:
        """Send what is due at ``now``, at most ``at_once`` messages; return how many were tried."""
        async with self.pool.acquire() as db:
            claimed = await store.claim(db, self.whose, now, limit=self.at_once, lease=self.terms.lease)
            rows = await queries.items(db, [one.id for one in claimed]) if claimed else []
        if not claimed:
            return 0
        contents: dict[str, list[ItemRow]] = {one.id: [] for one in claimed}
        for row in rows:
            contents[row.delivery].append(row)
        with telemetry.batch_span("notify.deliver", _carriers(rows), channel=claimed[0].channel):
            outcomes = await asyncio.gather(*(self._send(one, contents[one.id], now) for one in claimed))
            await self._record(claimed, outcomes, contents)
        return len(claimed)

    async def _send(self, one: Claimed, rows: Sequence[ItemRow], now: datetime) -> Outcome:
        items = tuple(
            Item(read_change(row.seq, row.at, row.body).alert, row.body)
            for row in rows
            if row.seq is not None and row.at is not None and row.body is not None
        )
        try:
            return await self.channel.send(Message(one.id, one.kind, items, now))
        except Exception as error:  # noqa: BLE001  one message's fault is not the others'
            _log.exception("sending.failed", channel=one.channel, error=describe(error))
            return Outcome("retry", "our_error")

    async def _record(
        self, claimed: Sequence[Claimed], outcomes: Sequence[Outcome], contents: Mapping[str, Sequence[ItemRow]]
    ) -> None:
        now = clock.now()
        attempts = [self._settled(one, outcome, now) for one, outcome in zip(claimed, outcomes, strict=True)]
        async with self.pool.acquire() as db, db.transaction():
            ended = await store.settle(db, attempts)
            messages = [
                self._fact(one, row, attempt.ending, now)
                for one, attempt in zip(claimed, attempts, strict=True)
                if attempt.ending is not None and one.id in ended
                for row in contents[one.id]
            ]
            await outbox.enqueue(db, "FACTS", messages)
        for one, outcome in zip(claimed, outcomes, strict=True):
            self.attempts.add(channel=one.channel, result=outcome.result, reason=outcome.reason)
        if messages:
            self.sent()

    def _settled(self, one: Claimed, outcome: Outcome, now: datetime) -> Settled:
        """Return how a message goes on after an attempt."""
        if outcome.result != "retry":
            return Settled(one.id, one.attempts, outcome.reason, now, outcome.result)
        expires_at = one.due_at + self.terms.keep_trying
        at = next_try(now, expires_at, one.attempts, jitter=self.jitter(), asked=outcome.after)
        return Settled(one.id, one.attempts, outcome.reason, at or now, None if at else "expired")

    def _fact(self, one: Claimed, row: ItemRow, ending: Ending, now: datetime) -> Outgoing:
        event = DeliveryCompleted(
            delivery=one.id,
            about_kind=row.about_kind,
            about_id=row.about_id,
            revision=row.revision,
            channel=one.channel,
            receiver=one.receiver,
            result=ending,
            attempts=one.attempts,
            completed_at=now,
        )
        id_ = f"{one.id}.{row.about_id}.{row.revision}"
        return facts.outgoing(
            event, id_=id_, at=now, place=row.scope, unit=self.terms.unit, traceparent=telemetry.traceparent()
        )

    async def _until_next(self) -> float:
        """Return the seconds until the next message is due, at most the idle pause."""
        async with self.pool.acquire() as db:
            due = await queries.next_due(db, self.whose)
        idle = _IDLE.total_seconds()
        return idle if due is None else min(idle, max(0.0, (due - clock.now()).total_seconds()))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()


class _Removed:
    """Stands in for the channel of a receiver that nobody configures any more."""

    async def send(self, message: Message) -> Outcome:  # noqa: ARG002  nobody is there
        return Outcome("refused", "receiver_removed")

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True, slots=True)
class Senders:
    """The loops of all receivers, and one for those whom nobody configures any more."""

    each: Mapping[str, Sender]

    @classmethod
    def of(
        cls, pool: Pool, channels: Mapping[str, OpenChannel], terms: Terms, sent: Callable[[], None], attempts: Counter
    ) -> "Senders":
        """Plan a loop for each receiver."""
        loops = {
            f"to {name}": Sender(pool, Whose((name,)), to.channel, to.at_once, terms, sent, attempts)
            for name, to in channels.items()
        }
        nobody = Whose(tuple(channels), others=True)
        loops["to nobody"] = Sender(pool, nobody, _Removed(), _REMOVED_AT_ONCE, terms, sent, attempts)
        return cls(loops)

    def wake(self) -> None:
        """Tell all that a message may be due."""
        for sender in self.each.values():
            sender.wake()

    def trouble(self) -> str | None:
        """Return the first loop that gets nowhere and why, or None."""
        return next((f"{name}: {why}" for name, one in self.each.items() if (why := one.trouble())), None)

    def work(self) -> dict[str, Coroutine[object, object, None]]:
        """Return what is to run in the background, by name."""
        return {name: sender.run() for name, sender in self.each.items()}


def _carriers(rows: Sequence[ItemRow]) -> list[dict[str, str]]:
    bodies = [row.body for row in rows if row.body is not None]
    return [{telemetry.TRACEPARENT: msgspec.json.decode(body, type=_Traced).traceparent} for body in bodies]
