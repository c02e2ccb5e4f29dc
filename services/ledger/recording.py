"""Take batches from the stream: journal, rows, counts and checkpoint in one transaction."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.db import Connection, Pool
from kit.reader import Delivery
from services.ledger import store
from services.ledger.chain import GENESIS, Algorithm, link
from services.ledger.columns import plain_text
from services.ledger.domain import Ledger
from services.ledger.facts import Opened, Reading, Trouble, open_envelope, read_fact
from services.ledger.projecting import Placed, Projector
from services.ledger.store import Checkpoint, Entry, Parked, Target

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
        """Apply one batch, each message once however often it is delivered."""
        with _without_collector():
            opened = [(one, open_envelope(one.body)) for one in deliveries]
            async with self.pool.acquire() as db, db.transaction():
                head = await store.lock_checkpoint(db, GENESIS)
                fresh = [one for one in opened if one[0].seq > head.position]
                if fresh:
                    _prove_complete(head, self.projector)
                    await self._record(db, head, fresh)

    async def _record(self, db: Connection, head: Checkpoint, opened: Sequence[tuple[Delivery, Opened]]) -> None:
        first, last = opened[0][0], opened[-1][0]
        ids = [one.fact_id for _, one in opened if one.fact_id is not None]
        known = await self.projector.known(db, ids, first.seq)
        batch = _Batch(self, head.hash, known)
        await store.append(db, batch.entries(opened))
        if batch.parked:
            await store.park(db, batch.parked)
        others = [key for one in batch.placed for key in one.reading.keys[1:]]
        if others:
            known |= await self.projector.known(db, others, first.seq)
        await self.projector.project(db, batch.placed, known=known, upto=store.LAST)
        names = [target.ledger.name for target in self.projector.targets]
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


class _Batch:
    """The facts of one batch, read while the journal's rows are being sent: the server works on what it has meanwhile."""

    def __init__(self, recorder: Recorder, head: bytes, known: Mapping[str, int | None]) -> None:
        self.head = head
        self.placed: list[Placed] = []
        self.parked: list[Parked] = []
        self._ledgers = recorder.projector.ledgers
        self._algorithm = recorder.algorithm
        self._known = known

    def entries(self, opened: Iterable[tuple[Delivery, Opened]]) -> Iterator[Entry]:
        """Yield the journal's rows, chained to its last; a fact that came before is an entry that repeats it."""
        first: dict[str, int] = {}
        for delivery, one in opened:
            position, body = delivery.seq, delivery.body
            previous, self.head = self.head, link(self._algorithm, self.head, position, body)
            header, name, _ = one
            repeats = None if name is None else self._known.get(name) or first.setdefault(name, position)
            if repeats is None or repeats == position:
                repeats = None
                self._take(delivery, one)
            proof = (position, body, self._algorithm, previous, self.head)
            if header is None:
                yield Entry(*proof)
            else:
                envelope = (header.source, plain_text(header.id), plain_text(header.type), header.time)
                yield Entry(*proof, name, repeats, *envelope, header.recordedtime, header.jurisdiction, header.unitid)

    def _take(self, delivery: Delivery, opened: Opened) -> None:
        reading = read_fact(opened, self._ledgers)
        if isinstance(reading, Reading):
            self.placed.append(Placed(delivery.seq, reading))
        else:
            self.parked.append(_parked(delivery, opened, reading))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from looking at a batch's many short-lived values again and again (a quarter of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prove_complete(head: Checkpoint, projector: Projector) -> None:
    """Refuse to write on in a ledger that lacks facts, as after a time under a version that did not know it."""
    missing = {target.ledger.name for target in projector.targets} - set(head.ledgers)
    if head.position and missing:
        raise RuntimeError(f"ledgers that do not hold what came before: {', '.join(sorted(missing))}")


def live(ledger: Ledger) -> Target:
    """Return the table that queries read."""
    return Target(ledger, ledger.name, ledger.name)


def _parked(delivery: Delivery, opened: Opened, trouble: Trouble) -> Parked:
    header = opened.header
    return Parked(
        delivery.seq,
        delivery.subject,
        opened.fact_id,
        plain_text(header.type) if header else None,
        header.jurisdiction if header else None,
        trouble.code,
        trouble.field,
        plain_text(trouble.detail),
        delivery.time,
    )
