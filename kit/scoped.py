"""Answers to callers are read in a transaction that sees their scope only: row-level security in PostgreSQL.

Each service has beside its own role, which writes and owns, a role ``<schema>_reader`` that can do nothing but SELECT, and
whose row-level policies compare every row with settings of the transaction. The connections of this pool act in that role,
and there is no way to one but with the ``Principal`` who asks: a statement that forgets its filter shows nothing foreign,
and one without a scope shows nothing at all. The settings (``jianfu.*``) end with the transaction, so that a pooled
connection takes none of them to the next caller.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from pydantic import SecretStr

from contracts.jurisdiction import NATION
from kit.db import Connection, Pool, connect_pool
from kit.tokens import Principal, Role

EVERYWHERE: Final = {"from": "!", "to": "~"}
"""The scope of whoever is not limited by a jurisdiction."""
_SET: Final = (
    "select set_config('jianfu.' || name, value, true) from unnest($1::text[], $2::text[]) as one (name, value)"
)
_SNAPSHOT: Final = "select pg_export_snapshot()"


class Readers:
    """A pool whose connections see what the caller may see."""

    def __init__(self, pool: Pool) -> None:
        """Use ``connect_readers``."""
        self._pool = pool

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def acquire(
        self, who: Principal, more: Mapping[str, str] | None = None, *, snapshot_of: "Connection | None" = None
    ) -> AsyncIterator[Connection]:
        """Give a connection in a read-only transaction that sees one state of the database, as far as ``who`` may.

        ``more`` are settings that a service's policies know beside those of ``scope_of``. ``snapshot_of`` is a
        connection in a repeatable-read transaction whose state this one is to see too.
        """
        scope = {**scope_of(who), **(more or {})}
        snapshot = None if snapshot_of is None else await snapshot_of.fetchval(_SNAPSHOT)
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            if snapshot is not None:
                await db.execute(f"set transaction snapshot '{snapshot}'")  # the server's own word, and no parameter
            await db.fetch(_SET, list(scope), list(scope.values()))
            yield db


async def connect_readers(dsn: SecretStr | str, *, size: int, schema: str) -> Readers:
    """Open a pool for the answers of a service; ``dsn`` names a role that may act as ``<schema>_reader``."""
    role = f"{schema}_reader"
    return Readers(await connect_pool(dsn, size=size, schema=schema, name=role, role=role, scans=True))


def scope_of(who: Principal) -> Mapping[str, str]:
    """Return what the policies compare rows with; lists are lines, because neither units nor sources have line ends.

    ``from`` and ``to`` are the bounds of the jurisdictions; ``only_units`` is ``*`` or the units that limit an office.
    """
    bounds = EVERYWHERE if who.jurisdiction == NATION else {"from": who.jurisdiction, "to": f"{who.jurisdiction}~"}
    units = "\n".join(sorted(who.units))
    return {
        **bounds,
        "place": who.jurisdiction,
        "role": who.role.value,
        "subject": who.subject,
        "units": units,
        "only_units": units if who.role is Role.OFFICE and units else "*",
    }
