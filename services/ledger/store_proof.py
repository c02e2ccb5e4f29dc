"""The SQL of signed checkpoints that writes, or reads in order to write; the caller owns the transaction."""

from collections.abc import Sequence
from typing import Final

from kit.db import Connection
from services.ledger.proof import TYPE, Signed

_LAST: Final = (
    "select position, hash, algorithm, entries, key_id, signature from signed_checkpoint order by position desc limit 1"
)
_ALGORITHM: Final = "select algorithm from journal where position = $1"
_NEWS: Final = "select exists (select from journal where position > $1 and type is distinct from $2)"


async def last_signed(db: Connection) -> Signed | None:
    """Return the newest signed checkpoint."""
    row = await db.fetchrow(_LAST)
    return None if row is None else Signed(*row)


async def algorithm_at(db: Connection, position: int) -> str:
    """Return the hash algorithm of an entry."""
    return str(await db.fetchval(_ALGORITHM, position))


async def has_news(db: Connection, after: int) -> bool:
    """Tell whether anything but checkpoints came after a position: else each one would bring about the next."""
    return bool(await db.fetchval(_NEWS, after, TYPE))


async def add_signed(db: Connection, signed: Sequence[Signed]) -> None:
    """Add signed checkpoints."""
    await db.copy_records_to_table("signed_checkpoint", records=signed, columns=Signed._fields)


_RUNNING: Final = """
    select count(*) from pg_stat_activity where application_name = 'ledger' and datname = current_database()
"""
_TABLES: Final = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') and c.relname <> '_migration'
"""
_GUARDED: Final = ("journal", "signed_checkpoint")


async def ledgers_running(db: Connection) -> bool:
    """Tell whether a ledger is connected to this database."""
    return bool(await db.fetchval(_RUNNING))


async def empty(db: Connection) -> None:
    """Remove every row of the ledger's tables; only their owner can, who may put the guards aside for a moment."""
    for table in _GUARDED:
        await db.execute(f'alter table "{table}" disable trigger append_only')
    names = ", ".join(f'"{row["relname"]}"' for row in await db.fetch(_TABLES))
    await db.execute(f"truncate {names} restart identity")
    for table in _GUARDED:
        await db.execute(f'alter table "{table}" enable trigger append_only')
