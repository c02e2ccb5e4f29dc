"""The SQL of builds: a ledger's table beside its live one, proved equal by digest and switched in."""

from collections.abc import Sequence
from typing import Final

from kit.db import Connection
from services.ledger.domain import Ledger
from services.ledger.store import READER, Target, columns_of_table

_PATIENCE: Final = 3600.0
"""Seconds for statements over a whole table."""
_PLAIN: Final = """
    select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
           set_config('extra_float_digits', '1', true)
"""
"""A row's text must not depend on the session."""
_DIGEST: Final = """
    select encode(sha256(coalesce(string_agg(digest, ''::bytea order by act_id, known_from), '')), 'hex')
    from (select act_id, known_from, sha256(convert_to(row({columns})::text, 'UTF8')) as digest from "{table}") rows
"""
_DIFFERENT: Final = """
    select distinct act_id from (
        (select {columns} from "{one}" except select {columns} from "{other}")
        union all (select {columns} from "{other}" except select {columns} from "{one}")
    ) different order by act_id
"""
_COUNTS_DIFFER: Final = """
    select count(*) from (select * from counts where tag = $1) one
    full join (select * from counts where tag = $2) other using (jurisdiction, month, family, unit_id)
    where one.n is distinct from other.n
"""
_FORGET: Final = ("delete from thread where tag = $1", "delete from counts where tag = $1")
_RENAME: Final = ("update thread set tag = $2 where tag = $1", "update counts set tag = $2 where tag = $1")
_GUARD: Final = "select guard($1::text::regclass, 'jurisdiction', 'unit_id')"
"""Row-level security is no part of what a table is made like."""
_LOCK_BUILD: Final = "select pg_try_advisory_lock(hashtextextended('build ' || $1, 0))"
_UNLOCK_BUILD: Final = "select pg_advisory_unlock(hashtextextended('build ' || $1, 0))"
_COMPLETE: Final = "select ledgers, position from checkpoint where reader = $1"
_ADD_COMPLETE: Final = """
    update checkpoint set ledgers = (select array_agg(distinct name) from unnest(ledgers || $2::text) as name)
    where reader = $1
"""


def beside(ledger: Ledger) -> Target:
    """Return where a ledger is built without disturbing its readers."""
    return Target(ledger, f"{ledger.name}__next", f"{ledger.name}~next")


async def digest(db: Connection, ledger: Ledger, table: str | None = None) -> str:
    """Return a hash of all rows and their history that depends on nothing else: no position, no order, no session."""
    columns = ", ".join(columns_of_table(ledger))
    async with db.transaction():
        await db.execute(_PLAIN)
        statement = _DIGEST.format(columns=columns, table=table or ledger.name)
        return str(await db.fetchval(statement, timeout=_PATIENCE))


async def lock_build(db: Connection, ledger: Ledger) -> bool:
    """Take the session's right to build a ledger; false: another session builds it."""
    return bool(await db.fetchval(_LOCK_BUILD, ledger.name))


async def unlock_build(db: Connection, ledger: Ledger) -> None:
    """Give the right to build back."""
    await db.execute(_UNLOCK_BUILD, ledger.name)


async def stage(db: Connection, target: Target) -> None:
    """Make an empty table beside the live one; left-overs of a build that was cut off are removed."""
    await discard(db, target)
    await db.execute(f'create table "{target.table}" (like "{target.ledger.name}" including all)')
    await db.execute(_GUARD, f'"{target.table}"')


async def discard(db: Connection, target: Target) -> None:
    """Remove a build."""
    await db.execute(f'drop table if exists "{target.table}"')
    for statement in _FORGET:
        await db.execute(statement, target.tag)


async def differing(db: Connection, target: Target) -> list[str]:
    """Return the entities whose rows differ between the live table and the build."""
    columns = ", ".join(columns_of_table(target.ledger))
    statement = _DIFFERENT.format(columns=columns, one=target.ledger.name, other=target.table)
    return [row["act_id"] for row in await db.fetch(statement, timeout=_PATIENCE)]


async def counts_differ(db: Connection, target: Target) -> int:
    """Return how many counts differ between the live ledger and the build."""
    return int(await db.fetchval(_COUNTS_DIFFER, target.ledger.name, target.tag))


async def switch(db: Connection, target: Target) -> None:
    """Put the build in the place of the live table; waits at most 10 s for those who read it."""
    name = target.ledger.name
    await db.execute("set local lock_timeout = '10s'")
    await db.execute(f'drop table "{name}"')
    await db.execute(f'alter table "{target.table}" rename to "{name}"')
    for statement in _FORGET:
        await db.execute(statement, name)
    for statement in _RENAME:
        await db.execute(statement, target.tag, name)
    await db.execute(_ADD_COMPLETE, READER, name)


async def incomplete(db: Connection, ledgers: Sequence[Ledger]) -> list[Ledger]:
    """Return the ledgers that do not hold everything up to the checkpoint."""
    row = await db.fetchrow(_COMPLETE, READER)
    complete = set(row["ledgers"]) if row and row["position"] else {one.name for one in ledgers}
    return [one for one in ledgers if one.name not in complete]
