"""Take batches from the stream: journal, rows, counts and checkpoint in one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.db import Connection, Pool
from kit.reader import Delivery
from services.ledger import store
from services.ledger.chain import GENESIS, Algorithm
from services.ledger.collector import without_collector
from services.ledger.domain import Ledger
from services.ledger.projecting import Projector
from services.ledger.slices import Slice
from services.ledger.store import Checkpoint, Target

_SLICE: Final = 500
"""Facts that are read at a time while the server works on those before them."""
_REPLAY: Final = 500
"""Parked facts of one transaction."""


@dataclass(frozen=True)
class Recorder:
    """Writes what the stream delivers; ``record`` is what ``kit.reader`` calls."""

    pool: Pool
    projector: Projector
    algorithm: Algorithm

    @classmethod
    def of(cls, pool: Pool, ledgers: Sequence[Ledger], algorithm: Algorithm = "sha256") -> "Recorder":
        """Return a recorder that fills the live tables of these ledgers."""
        return cls(pool, Projector.to(live(ledger) for ledger in ledgers), algorithm)

    async def checkpoint(self) -> int:
        """Return the position to read on from."""
        async with self.pool.acquire() as db:
            return await store.position(db)

    async def record(self, deliveries: Sequence[Delivery]) -> None:
        """Apply one batch in one transaction, each message once however often it is delivered."""
        with without_collector():
            async with self.pool.acquire() as db, db.transaction():
                head = await store.lock_checkpoint(db, GENESIS)
                fresh = [one for one in deliveries if one.seq > head.position]
                if fresh:
                    _prove_complete(head, self.projector)
                    await self._record(db, head, fresh)

    async def _record(self, db: Connection, head: Checkpoint, fresh: Sequence[Delivery]) -> None:
        slices = await self._journal(db, head.hash, fresh)
        placed = [one for slice_ in slices for one in slice_.placed]
        known = {key for slice_ in slices for key in slice_.known}
        await self.projector.project(db, placed, known=known, upto=store.LAST)
        names = [target.ledger.name for target in self.projector.targets]
        await store.advance(db, Checkpoint(fresh[-1].seq, fresh[-1].time, slices[-1].head, names))

    async def _journal(self, db: Connection, head: bytes, fresh: Sequence[Delivery]) -> list[Slice]:
        """Add the messages to the journal: one slice is read while the server takes the one before it."""
        slices: list[Slice] = []
        writing: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(fresh), _SLICE):
                slice_ = Slice(self.algorithm, slices[-1].head if slices else head)
                await slice_.read(fresh[start : start + _SLICE], self.projector.ledgers)
                slices.append(slice_)
                if writing is not None:
                    await writing
                writing = asyncio.create_task(self._append(db, slice_))
            if writing is not None:
                await writing
        finally:
            if writing is not None and not writing.done():  # cut off: the connection must be free to roll back
                writing.cancel()
                await asyncio.wait([writing])
        return slices

    async def _append(self, db: Connection, slice_: Slice) -> None:
        slice_.meet(await self.projector.known(db, slice_.keys, slice_.entries[0].position))
        await store.append(db, slice_.entries)
        if slice_.parked:
            await store.park(db, slice_.parked)

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
