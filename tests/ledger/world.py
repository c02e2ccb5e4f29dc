"""A ledger on a database of the test's own, fed without a broker with what ``kit.reader`` would hand over."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from kit.db import Pool
from kit.reader import Delivery
from services.ledger import queries, store_builds
from services.ledger.domain import Ledger, Version
from services.ledger.projections import load_ledgers
from services.ledger.queries import Filter, Scope
from services.ledger.rebuild import Rebuilt, build
from services.ledger.recording import Recorder
from tests.factories import Event, subject_of, wire

STORED = datetime(2026, 1, 1, tzinfo=UTC)
EVERYWHERE = Scope("00", None)

EMPTY = """
    set session_replication_role = replica;  -- the journal refuses to be emptied
    {deletes}
    reset session_replication_role
"""


class World:
    """A ledger and the stream before it."""

    def __init__(self, pool: Pool, ledgers: Sequence[Ledger] | None = None) -> None:
        self.pool = pool
        self.ledgers = {one.name: one for one in (load_ledgers() if ledgers is None else ledgers)}
        self.recorder = Recorder.of(pool, list(self.ledgers.values()))
        self.position = 0

    def deliver(self, *facts: Event | bytes) -> list[Delivery]:
        """Put facts at the end of the stream and return their deliveries."""
        found = []
        for fact in facts:
            self.position += 1
            subject = "facts.99.raw.bytes" if isinstance(fact, bytes) else subject_of(fact)
            body = fact if isinstance(fact, bytes) else wire(fact)
            stored = STORED + timedelta(seconds=self.position)
            found.append(Delivery(self.position, subject, body, {}, stored))
        return found

    async def feed(self, *facts: Event | bytes, batch: int = 1000) -> None:
        """Store facts and let the ledger record them."""
        deliveries = self.deliver(*facts)
        for start in range(0, len(deliveries), batch):
            await self.recorder.record(deliveries[start : start + batch])

    async def rows(self, ledger: str, **wanted: Any) -> list[Version]:
        """Return the rows that a reader of everything sees, the latest acts first."""
        async with self.pool.acquire() as db, db.transaction():
            found, _ = await queries.page(db, self.ledgers[ledger], EVERYWHERE, Filter(**wanted), None, 1000)
            return found

    async def cells(self, ledger: str, **wanted: Any) -> list[dict[str, object]]:
        """Return the cells of the rows by the names of their columns."""
        names = [column.name for column in self.ledgers[ledger].columns]
        return [dict(zip(names, one.row.cells, strict=True)) for one in await self.rows(ledger, **wanted)]

    async def digests(self) -> dict[str, str]:
        """Return the digest of every ledger."""
        async with self.pool.acquire() as db:
            return {name: await store_builds.digest(db, ledger) for name, ledger in self.ledgers.items()}

    async def counts(self) -> dict[tuple[str, ...], int]:
        """Return the counts as they are kept."""
        found = await self.pool.fetch("select tag, jurisdiction, month, family, unit_id, n from counts")
        return {tuple(map(str, row[:-1])): row[-1] for row in map(tuple, found)}

    async def recount(self) -> dict[tuple[str, ...], int]:
        """Return the counts as a count of the standing rows gives them."""
        found: dict[tuple[str, ...], int] = {}
        for name, ledger in self.ledgers.items():
            statement = f"""
                select '{name}', jurisdiction, date_trunc('month', happened_on)::date, family, unit_id, count(*)
                from {name} where known_to = 'infinity' and not withdrawn and family = any($1)
                group by 1, 2, 3, 4, 5
            """
            for row in await self.pool.fetch(statement, list(ledger.families)):
                found[tuple(map(str, tuple(row)[:-1]))] = row["count"]
        return found

    async def rebuild(self, ledger: str, *, accept: bool = False) -> Rebuilt:
        """Build a ledger beside its live table."""
        return await build(self.pool, self.ledgers[ledger], accept=accept)

    async def empty(self) -> None:
        """Forget everything, journal included."""
        self.position = 0
        async with self.pool.acquire() as db:
            names = await db.fetch("select relname from pg_stat_user_tables where schemaname = 'ledger'")
            deletes = "".join(f'delete from "{row["relname"]}";' for row in names if row["relname"] != "_migration")
            await db.execute(EMPTY.format(deletes=deletes))


async def fetch(pool: "asyncpg.Pool[asyncpg.Record]", statement: str, *arguments: object) -> list[tuple[object, ...]]:
    """Return rows as plain tuples."""
    return [tuple(row) for row in await pool.fetch(statement, *arguments)]


def bodies(facts: Iterable[Event]) -> list[bytes]:
    """Return the bytes of facts."""
    return [wire(fact) for fact in facts]
