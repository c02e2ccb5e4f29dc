"""Take batches from the stream: journal, rows, counts and checkpoint in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.db import Pool
from kit.reader import Delivery
from services.ledger import store
from services.ledger.chain import GENESIS, Algorithm, link
from services.ledger.columns import plain_text
from services.ledger.domain import Ledger
from services.ledger.facts import Reading
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
        read = [(one, self.projector.read(one.seq, one.body)) for one in deliveries]
        async with self.pool.acquire() as db, db.transaction():
            head = await store.lock_checkpoint(db, GENESIS)
            read = [(delivery, found) for delivery, found in read if delivery.seq > head.position]
            if not read:
                return
            _prove_complete(head, self.projector)
            known = await self.projector.known(db, (found for _, found in read), read[0][0].seq)
            entries = list(self._chain(head.hash, read, known))
            await store.append(db, entries)
            fresh = [one for one, entry in zip(read, entries, strict=True) if entry.repeats is None]
            if parked := [_parked(delivery, found) for delivery, found in fresh if isinstance(found, Reading)]:
                await store.park(db, parked)
            placed = [found for _, found in fresh if isinstance(found, Placed)]
            await self.projector.project(db, placed, known=known, upto=store.LAST)
            last = deliveries[-1]
            names = [target.ledger.name for target in self.projector.targets]
            await store.advance(db, Checkpoint(last.seq, last.time, entries[-1].hash, names))

    async def replay(self, now: datetime) -> int:
        """Project, in the order of the log, the parked facts that can be read by now; return how many."""
        after, replayed = 0, 0
        while True:
            async with self.pool.acquire() as db, db.transaction():
                await store.lock_checkpoint(db, GENESIS)
                bodies = await store.read_parked(db, after, _REPLAY)
                if not bodies:
                    return replayed
                found = [self.projector.read(position, body) for position, body in bodies]
                placed = [one for one in found if isinstance(one, Placed)]
                await store.unpark(db, [one.position for one in placed], now)
                await self.projector.project(db, placed, known=None, upto=store.LAST)
            after = bodies[-1][0]
            replayed += len(placed)

    def _chain(
        self, head: bytes, read: Sequence[tuple[Delivery, Placed | Reading]], known: Mapping[str, int | None]
    ) -> Iterator[Entry]:
        """Yield the journal's rows, chained to its last; a fact that came before is an entry that repeats it."""
        first: dict[str, int] = {}
        for delivery, found in read:
            reading = found.reading if isinstance(found, Placed) else found
            digest = link(self.algorithm, head, delivery.seq, delivery.body)
            proof = (delivery.seq, delivery.body, self.algorithm, head, digest)
            head = digest
            name, header = reading.fact_id, reading.header
            if name is None or header is None:
                yield Entry(*proof)
                continue
            repeats = known.get(name) or first.get(name)
            first.setdefault(name, delivery.seq)
            yield Entry(
                *proof,
                fact_id=name,
                repeats=repeats,
                source=header.source,
                id=plain_text(header.id),
                type=plain_text(header.type),
                time=header.time,
                recorded=header.recordedtime,
                jurisdiction=header.jurisdiction,
                unit=header.unitid,
            )


def _prove_complete(head: Checkpoint, projector: Projector) -> None:
    """Refuse to write on in a ledger that lacks facts, as after a time under a version that did not know it."""
    missing = {target.ledger.name for target in projector.targets} - set(head.ledgers)
    if head.position and missing:
        raise RuntimeError(f"ledgers that do not hold what came before: {', '.join(sorted(missing))}")


def live(ledger: Ledger) -> Target:
    """Return the table that queries read."""
    return Target(ledger, ledger.name, ledger.name)


def _parked(delivery: Delivery, reading: Reading) -> Parked:
    header, trouble = reading.header, reading.trouble
    if trouble is None:
        raise TypeError("a reading without a fact tells why")
    return Parked(
        delivery.seq,
        delivery.subject,
        reading.fact_id,
        plain_text(header.type) if header else None,
        header.jurisdiction if header else None,
        trouble.code,
        trouble.field,
        plain_text(trouble.detail),
        delivery.time,
    )
