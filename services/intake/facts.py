"""Storing facts once each: reserve, publish, confirm.

What must hold, whatever is killed at whatever instruction, and with any number of intake processes: an acknowledged
fact is in FACTS, no fact is in FACTS twice, and of two contents under one id only the first ever gets there.

1. *Reserve.* One durable statement inserts the ids with the hashes of their contents. The primary key decides between
   processes: whoever comes second sees the first one's hash, equal (duplicate) or not (conflict), for ever.
2. *Publish.* The fact goes to FACTS under ``Nats-Msg-Id`` = fact id, for at most ``PUBLISHING`` seconds. The stream
   drops an id that it stored in the last 120 s, so repeating within that time is harmless.
3. *Confirm.* The position is noted, without waiting for the disk: the stream knows it too.

Only after step 2 is anything answered. A kill before step 2 leaves a reservation without a fact; a kill (or a database
failure) after it leaves a fact without a position. Both look alike: a row without position. Whoever meets such a row
next looks the id up in the stream, behind the sequence that was the last at the reservation. If it is there, it was
stored: duplicate or conflict. If it is not, the same content is published now; should the first publisher still be
alive, both publish one id within ``PUBLISHING`` of each other and the stream keeps one. Other content has to wait until
the first can no longer arrive (``domain.UNCERTAIN``) and is a conflict until then.

Left open is only a process that the system freezes for minutes between the two steps and then lets go on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from nats.aio.client import Client

from kit import clock
from kit.db import Connection, Pool
from kit.failures import describe, is_outage
from kit.publish import Outgoing, publish_batch
from kit.telemetry import batch_span
from services.intake import lookup, queries, store
from services.intake.domain import Candidate, Outcome, Standing, Stated, fate_of_unconfirmed
from services.intake.tally import Tallies, lag_column

PUBLISHING: Final = 30.0
"""Seconds; must be well below the stream's dedup window."""


class Unsettled(ConnectionError):
    """Other processes settled the same ids at each of our attempts; sent again, it will find their answers."""


_TRIES: Final = 5

_log = structlog.stdlib.get_logger("intake.facts")


class Facts:
    """The way into FACTS."""

    def __init__(self, pool: Pool, nc: Client) -> None:
        """Take connections; ``start`` must have run before the first commit."""
        self._pool, self._nc = pool, nc
        self._last = 0

    @property
    def last(self) -> int:
        """Return the last sequence of FACTS that this process knows."""
        return self._last

    async def start(self) -> None:
        """Learn where the stream ends."""
        self._last = await lookup.last_position(self._nc.jetstream())

    async def trouble(self) -> str | None:
        """Return None; fail when a server that storing needs does not answer (a check for ``Readiness``)."""
        async with self._pool.acquire() as db:
            await queries.ping(db)
        await lookup.last_position(self._nc.jetstream())
        return None

    async def stated(self, fact_ids: Sequence[str]) -> dict[str, Stated | None]:
        """Return where and by whom those of the facts that were ever taken were stated; None: not confirmed yet."""
        async with self._pool.acquire() as db:
            known = await queries.standing(db, fact_ids)
        positions = {fact_id: one.position for fact_id, one in known.items() if one.position is not None}
        found = await lookup.stated(self._nc.jetstream(), positions)
        return {fact_id: found.get(fact_id) for fact_id in known}

    async def commit(self, facts: Sequence[Candidate]) -> list[Outcome]:
        """Store those of ``facts`` that are new and return what became of each, once it is durable.

        Several may have one id. Raises ``ConnectionError`` or a database error when that cannot be known; all may be
        sent again.
        """
        now = clock.now()
        leaders: dict[str, Candidate] = {}
        for fact in facts:
            leaders.setdefault(fact.fact_id, fact)
        carriers = ({"traceparent": fact.traceparent} for fact in leaders.values() if fact.traceparent)
        with batch_span("intake.commit", carriers, facts=len(leaders)):
            async with self._pool.acquire() as db:
                standing = await store.reserve(db, list(leaders.values()), after=self._last, now=now)
                found, ours = await self._settle(db, leaders, standing, now)
                new = [fact for fact in leaders.values() if fact.fact_id not in standing or fact.fact_id in ours]
                stored = await self._publish(new)
                outcomes = [_outcome(fact, leaders, stored, standing, found) for fact in facts]
                await _confirm(db, found | stored, _tallies(facts, outcomes))
        return outcomes

    async def _settle(
        self, db: Connection, leaders: Mapping[str, Candidate], standing: dict[str, Standing], now: datetime
    ) -> tuple[dict[str, int], set[str]]:
        """Settle the reservations that nobody confirmed; ``standing`` is brought up to date meanwhile.

        Return the positions of those that the stream holds, and the ids of those that are now ours to publish.
        """
        found: dict[str, int] = {}
        ours: set[str] = set()
        for _ in range(_TRIES):
            open_ = {
                fact_id: known
                for fact_id, known in standing.items()
                if known.position is None and fact_id not in found and fact_id not in ours
            }
            if not open_:
                break
            after = min(known.after for known in open_.values())
            found |= await lookup.find(self._nc.jetstream(), open_, after=after)
            lost = [
                leaders[fact_id]
                for fact_id, known in open_.items()
                if fact_id not in found and fate_of_unconfirmed(known, leaders[fact_id].hash, now) == "publish"
            ]
            if not lost:
                break
            ours |= await store.reserve_again(db, lost, standing, after=self._last, now=now)
            standing |= await queries.standing(db, [fact.fact_id for fact in lost if fact.fact_id not in ours])
        else:
            raise Unsettled("other processes keep settling the same facts")
        return found, ours

    async def _publish(self, new: list[Candidate]) -> dict[str, int]:
        if not new:
            return {}
        messages = [
            Outgoing(
                fact.subject, fact.body, fact.fact_id, {"traceparent": fact.traceparent} if fact.traceparent else {}
            )
            for fact in new
        ]
        positions = await publish_batch(self._nc, messages, deadline=PUBLISHING)
        self._last = max(self._last, *positions)
        return {fact.fact_id: position for fact, position in zip(new, positions, strict=True)}


async def _confirm(db: Connection, positions: Mapping[str, int], tallies: Tallies) -> None:
    """Note positions and counts; an outage changes nothing that was promised, so it is only told."""
    try:
        await store.confirm(db, positions, tallies)
    except Exception as error:
        if not is_outage(error):
            raise
        _log.warning("intake.unconfirmed", facts=len(positions), error=describe(error))


def _outcome(
    fact: Candidate,
    leaders: dict[str, Candidate],
    stored: dict[str, int],
    standing: dict[str, Standing],
    found: dict[str, int],
) -> Outcome:
    leader = leaders[fact.fact_id]
    if fact.fact_id in stored:
        if fact is leader:
            return Outcome("accepted", stored[fact.fact_id])
        return Outcome("duplicate" if fact.hash == leader.hash else "conflict", stored[fact.fact_id])
    known = standing[fact.fact_id]
    position = known.position if known.position is not None else found.get(fact.fact_id)
    return Outcome("duplicate" if fact.hash == known.hash else "conflict", position)


def _tallies(facts: Sequence[Candidate], outcomes: Sequence[Outcome]) -> Tallies:
    """Count what is a fact now; conflicts are counted where they are set aside."""
    tallies = Tallies()
    for fact, (result, _) in zip(facts, outcomes, strict=True):
        if result == "conflict":
            continue
        tally = tallies.of(fact.source, fact.jurisdiction)
        tally.count(result)
        tally.heard(fact.time, fact.recorded)
        if result == "accepted":
            tally.count(lag_column(fact.time, fact.recorded))
    return tallies
