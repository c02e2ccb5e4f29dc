"""The SQL of the audit: everything that the journal holds, in the order of its positions; reads only."""

from collections.abc import Sequence
from typing import Final

from kit.db import Connection
from services.ledger.audit import Copied
from services.ledger.proof import Signed
from services.ledger.store import AMENDS, READER, Entry

_PATIENCE: Final = 3600.0
"""Seconds for statements over a whole table."""
_ENTRIES: Final = f"select {', '.join(Entry._fields)} from journal where position > $1 order by position limit $2"  # noqa: S608
_SIGNED: Final = f"select {', '.join(Signed._fields)} from signed_checkpoint order by position"  # noqa: S608
_COPIED: Final = "select position, fact_id, repeats from journal where position = any($1::bigint[])"
_COVERING: Final = f"""
    select {", ".join(Signed._fields)} from signed_checkpoint where position >= $1 order by position limit 1
"""  # noqa: S608 - our own columns
_FACTS: Final = """
    select position, body from journal
    where position in (
        select position from journal where fact_id = $1 and repeats is null
        union
        select position from thread where key = $1 and tag = $2
    )
    order by position
"""
_DOUBLED: Final = """
    select max(position) from journal where repeats is null and fact_id is not null group by fact_id having count(*) > 1
"""
_READER: Final = "select position, hash from checkpoint where reader = $1"
_LAST: Final = "select coalesce(max(position), 0) from journal"
_SUBJECTS: Final = "select position, subject from parked where position = any($1::bigint[])"


async def entries(db: Connection, after: int, limit: int) -> list[Entry]:
    """Return the next entries of the journal."""
    return list(map(Entry._make, await db.fetch(_ENTRIES, after, limit)))


async def signed_checkpoints(db: Connection) -> list[Signed]:
    """Return the table of signed checkpoints."""
    return [Signed(*row) for row in await db.fetch(_SIGNED)]


async def copied(db: Connection, positions: Sequence[int]) -> dict[int, Copied]:
    """Return what the journal says of entries that others repeat."""
    return {row["position"]: Copied(row["fact_id"], row["repeats"]) for row in await db.fetch(_COPIED, positions)}


async def covering(db: Connection, position: int) -> Signed | None:
    """Return the first signed checkpoint at or behind a position."""
    row = await db.fetchrow(_COVERING, position)
    return None if row is None else Signed(*row)


async def facts_of(db: Connection, act_id: str) -> list[tuple[int, bytes]]:
    """Return an act's own fact and what corrected or withdrew it, with their positions."""
    return [(row["position"], row["body"]) for row in await db.fetch(_FACTS, act_id, AMENDS)]


async def doubled(db: Connection) -> list[int]:
    """Return the entries that stand for a fact that an earlier entry stands for, too; the unique index forbids any."""
    return [int(row["max"]) for row in await db.fetch(_DOUBLED, timeout=_PATIENCE)]


async def reader(db: Connection) -> tuple[int, bytes] | None:
    """Return up to where the ledger says that it has read, and the hash there."""
    row = await db.fetchrow(_READER, READER)
    return None if row is None else (row["position"], row["hash"])


async def last_position(db: Connection) -> int:
    """Return the position of the journal's last entry."""
    return int(await db.fetchval(_LAST))


async def parked_subjects(db: Connection, positions: Sequence[int]) -> dict[int, str]:
    """Return the subjects of entries whose body does not tell theirs."""
    return {row["position"]: row["subject"] for row in await db.fetch(_SUBJECTS, positions)}
