"""Take batches from the stream: journal, rows, counts and checkpoint in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import structlog

from kit.db import Connection, Pool
from kit.reader import Delivery
from services.ledger import store
from services.ledger.batch import Batch
from services.ledger.chain import GENESIS, Algorithm
from services.ledger.domain import Ledger
from services.ledger.projecting import Projector
from services.ledger.store import Checkpoint, Target

_log = structlog.stdlib.get_logger("services.ledger")

_REPLAY: Final = 500
"""Parked facts of one transaction."""


class _End(NamedTuple):
    """Where the next batch begins, if everything that was read so far gets written."""

    position: int
    hash: bytes


class Recorder:
    """Writes what the stream delivers; ``ahead`` and ``record`` are what ``kit.reader`` calls."""

    def __init__(self, pool: Pool, projector: Projector, algorithm: Algorithm) -> None:
        """Write with these; nothing is asked of the database before the first call."""
        self.pool = pool
        self.projector = projector
        self._algorithm = algorithm
        self._end: _End | None = None
        self._ready: dict[int, Batch] = {}

    @classmethod
    def of(cls, pool: Pool, ledgers: Sequence[Ledger], algorithm: Algorithm = "sha256") -> "Recorder":
        """Return a recorder that fills the live tables of these ledgers."""
        return cls(pool, Projector.to(live(ledger) for ledger in ledgers), algorithm)

    async def checkpoint(self) -> int:
        """Return the position to read on from."""
        self._ready.clear()
        async with self.pool.acquire() as db:
            head = await store.checkpoint(db, GENESIS)
        self._end = _End(head.position, head.hash)
        return head.position

    async def ahead(self, deliveries: Sequence[Delivery]) -> None:
        """Read and chain a batch while the one before is written; whether they meet is seen when it is recorded."""
        end = self._end
        if end is None or deliveries[0].seq != end.position + 1:
            return
        batch = await self._read(deliveries, end.hash)
        if self._end is end:  # nothing went wrong meanwhile
            self._end = _End(deliveries[-1].seq, batch.head)
            self._ready[deliveries[0].seq] = batch

    async def record(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch in one transaction, each message once however often it is delivered."""
        batch = self._ready.pop(deliveries[0].seq, None)
        async with self.pool.acquire() as db, db.transaction():
            head = await store.lock_checkpoint(db, GENESIS)
            if batch is None or batch.deliveries is not deliveries or batch.previous != head.hash:
                self._end = None  # what was read ahead is not what stands behind this
                fresh = [one for one in deliveries if one.seq > head.position]
                if not fresh:
                    return
                batch = await self._read(fresh, head.hash)
            _prove_complete(head, self.projector)
            await self._write(db, batch)

    async def _read(self, deliveries: Sequence[Delivery], previous: bytes) -> Batch:
        batch = Batch(self._algorithm, deliveries, previous)
        await batch.read(self.projector.ledgers)
        return batch

    async def _write(self, db: Connection, batch: Batch) -> None:
        known = await self.projector.known(db, batch.keys, batch.entries[0].position)
        batch.meet(known)
        await store.append(db, batch.entries)
        if batch.parked:
            await store.park(db, batch.parked)
            first = batch.parked[0]
            _log.warning("parked", messages=len(batch.parked), first=first.position, code=first.code, field=first.field)
        await self.projector.project(db, batch.placed, known=known, upto=store.LAST)
        names = [target.ledger.name for target in self.projector.targets]
        last = batch.deliveries[-1]
        await store.advance(db, Checkpoint(last.seq, last.time, batch.head, names))

    async def replay(self, now: datetime) -> int:
        """Project, in the order of the log, the parked facts that can be read by now; return how many."""
        after, replayed = 0, 0
        while True:
            async with self.pool.acquire() as db, db.transaction():
                await store.lock_checkpoint(db, GENESIS)
                bodies = await store.read_parked(db, after, _REPLAY)
                if not bodies:
                    return replayed
                placed = self.projector.read(bodies)
                await store.unpark(db, [one.position for one in placed], now)
                await self.projector.project(db, placed, known=None, upto=store.LAST)
            after = bodies[-1][0]
            replayed += len(placed)


def _prove_complete(head: Checkpoint, projector: Projector) -> None:
    """Refuse to write on in a ledger that lacks facts, as after a time under a version that did not know it."""
    missing = {target.ledger.name for target in projector.targets} - set(head.ledgers)
    if head.position and missing:
        raise RuntimeError(f"ledgers that do not hold what came before: {', '.join(sorted(missing))}")


def live(ledger: Ledger) -> Target:
    """Return the table that queries read."""
    return Target(ledger, ledger.name, ledger.name)
