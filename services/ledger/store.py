"""Every SQL statement of the ledger that writes, or reads in order to write; the caller owns the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple, TypeAlias

from kit.db import Connection
from services.ledger.columns import Row
from services.ledger.domain import FOREVER, Ledger, Version

READER: Final = "ledger"
"""The name of the checkpoint; to change it is to read everything again."""
AMENDS: Final = "act"
"""The tag of a correction's or withdrawal's thread to its target."""
LAST: Final = 2**63 - 1
"""A position behind every other."""

NOWHERE: Final = 0
"""The position of a row whose id is that of no one fact (a loan, a plan, a unit)."""

_PLACE: Final = ("act_id", "known_from", "known_to", "withdrawn", "jurisdiction", "unit_id", "happened_on", "family")
_PATIENCE: Final = 3600.0
"""Seconds for statements over a whole table."""


class Checkpoint(NamedTuple):
    """Up to where everything is applied, the last hash of the chain, and the ledgers that were applied."""

    position: int
    stored_at: datetime | None
    hash: bytes
    ledgers: list[str]


class Entry(NamedTuple):
    """One row of the journal; the columns of an envelope that cannot be read are missing."""

    position: int
    body: bytes
    algorithm: str
    prev_hash: bytes
    hash: bytes
    fact_id: str | None = None
    repeats: int | None = None
    source: str | None = None
    id: str | None = None
    type: str | None = None
    time: datetime | None = None
    recorded: datetime | None = None
    jurisdiction: str | None = None
    unit: str | None = None


class Parked(NamedTuple):
    """One fact that waits for a reader that understands it."""

    position: int
    subject: str
    fact_id: str | None
    type: str | None
    jurisdiction: str | None
    code: str
    field: str
    detail: str
    stored_at: datetime


class Thread(NamedTuple):
    """A fact that concerns a key beside its own id."""

    key: str
    tag: str
    position: int


Counted: TypeAlias = tuple[str, str, date, str, str]
"""What a standing row is counted under: tag, jurisdiction, first day of the month, family, unit."""


class Target(NamedTuple):
    """Where a ledger is written: its live table, or one that is built beside it."""

    ledger: Ledger
    table: str
    tag: str


_OPEN_CHECKPOINT: Final = """
    insert into checkpoint (reader, position, hash, ledgers) values ($1, 0, $2, '{}') on conflict do nothing
"""
_CHECKPOINT: Final = "select position, stored_at, hash, ledgers from checkpoint where reader = $1"
_LOCK_CHECKPOINT: Final = f"{_CHECKPOINT} for update"
_POSITION: Final = "select coalesce((select position from checkpoint where reader = $1), 0)"
_ADVANCE: Final = "update checkpoint set position = $2, stored_at = $3, hash = $4, ledgers = $5 where reader = $1"


async def lock_checkpoint(db: Connection, genesis: bytes) -> Checkpoint:
    """Return the checkpoint and keep every other writer waiting until the transaction ends."""
    row = await db.fetchrow(_LOCK_CHECKPOINT, READER)
    if row is None:
        await db.execute(_OPEN_CHECKPOINT, READER, genesis)
        row = await db.fetchrow(_LOCK_CHECKPOINT, READER)
    if row is None:
        raise RuntimeError("the checkpoint vanished")
    return Checkpoint(*row)


async def checkpoint(db: Connection, genesis: bytes) -> Checkpoint:
    """Return the checkpoint as it is."""
    row = await db.fetchrow(_CHECKPOINT, READER)
    return Checkpoint(0, None, genesis, []) if row is None else Checkpoint(*row)


async def position(db: Connection) -> int:
    """Return the position up to which everything is applied."""
    return int(await db.fetchval(_POSITION, READER))


async def advance(db: Connection, to: Checkpoint) -> None:
    """Move the checkpoint."""
    await db.execute(_ADVANCE, READER, *to)


async def append(db: Connection, entries: Iterable[Entry]) -> None:
    """Add entries to the journal."""
    await db.copy_records_to_table("journal", records=entries, columns=Entry._fields)


_KNOWN: Final = """
    select fact_id as key, position from journal where fact_id = any($1::text[]) and repeats is null and position < $2
    union all
    select key, null from thread where key = any($1::text[]) and tag = any($3::text[]) and position < $2
"""


async def known(db: Connection, keys: Iterable[str], tags: Sequence[str], before: int) -> dict[str, int | None]:
    """Return which keys concern earlier facts -> the position of the fact whose own id the key is, if there is one."""
    found: dict[str, int | None] = {}
    for row in await db.fetch(_KNOWN, list(keys), before, tags):
        found[row["key"]] = row["position"] or found.get(row["key"])
    return found


_LOAD: Final = """
    select position, body from journal
    where position <= $2
      and position in (
        select position from journal where fact_id = any($1::text[]) and repeats is null
        union
        select position from thread where key = any($1::text[]) and tag = any($3::text[])
      )
      and not exists (select from parked where parked.position = journal.position and replayed_at is null)
    order by position
"""


async def load(db: Connection, keys: Iterable[str], tags: Sequence[str], upto: int) -> list[tuple[int, bytes]]:
    """Return the facts that concern any of the keys, with their positions; parked ones are left out."""
    return [(row["position"], row["body"]) for row in await db.fetch(_LOAD, list(keys), upto, tags)]


_READ: Final = """
    select position, body from journal
    where position > $1 and position <= $2 and repeats is null and type = any($4::text[])
      and not exists (select from parked where parked.position = journal.position and replayed_at is null)
    order by position limit $3
"""


async def read_journal(
    db: Connection, after: int, upto: int, types: Sequence[str], limit: int
) -> list[tuple[int, bytes]]:
    """Return the next facts of some types to project, each once, with their positions."""
    return [(row["position"], row["body"]) for row in await db.fetch(_READ, after, upto, limit, types)]


_LINK: Final = """
    insert into thread (key, tag, position)
    select * from unnest($1::text[], $2::text[], $3::bigint[]) on conflict do nothing
"""


async def link(db: Connection, threads: Iterable[Thread]) -> None:
    """Remember which facts concern which keys; what is known already stays."""
    if columns := list(zip(*sorted(set(threads)), strict=True)):
        await db.execute(_LINK, *columns)


async def park(db: Connection, parked: Sequence[Parked]) -> None:
    """Set facts aside with their reasons."""
    await db.copy_records_to_table("parked", records=parked, columns=Parked._fields)


_PARKED: Final = """
    select p.position, j.body from parked p join journal j using (position)
    where p.replayed_at is null and p.fact_id is not null and p.position > $1 order by p.position limit $2
"""
_REPLAYED: Final = "update parked set replayed_at = $2 where position = any($1::bigint[])"


async def read_parked(db: Connection, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Return the next parked facts in the order of the log."""
    return [(row["position"], row["body"]) for row in await db.fetch(_PARKED, after, limit)]


async def unpark(db: Connection, positions: Sequence[int], now: datetime) -> None:
    """Mark parked facts as replayed."""
    await db.execute(_REPLAYED, positions, now)


async def take(
    db: Connection, target: Target, since: Mapping[str, datetime], positions: Mapping[str, int]
) -> list[Version]:
    """Remove the versions that were alive just before a moment of each entity or later, and return them.

    ``positions``: entity -> the position of the fact whose id it is; an entity of several facts has none.
    """
    columns = ", ".join(f"row.{name}" for name in columns_of_table(target.ledger))
    statement = f"""
        delete from {_quoted(target.table)} row
        using unnest($1::text[], $2::bigint[], $3::timestamptz[]) as gone (act_id, position, since)
        where row.position = any(array[gone.position, {NOWHERE}]) and row.act_id = gone.act_id
          and row.known_to >= gone.since
        returning {columns}
    """  # noqa: S608 - identifiers of the ledger's own declaration
    places = [positions.get(entity, NOWHERE) for entity in since]
    return [version_of(tuple(row)) for row in await db.fetch(statement, list(since), places, list(since.values()))]


async def write(db: Connection, target: Target, versions: Iterable[Version], positions: Mapping[str, int]) -> None:
    """Add versions to a ledger's table; ``positions`` as above."""
    records = [
        (positions.get(act, NOWHERE), act, known_from, known_to, withdrawn, *row[:4], *row.cells)
        for act, known_from, known_to, withdrawn, row in versions
    ]
    columns = ("position", *columns_of_table(target.ledger))
    await db.copy_records_to_table(target.table, records=records, columns=columns)


def version_of(record: tuple[object, ...]) -> Version:
    """Return the version that a database row is."""
    act_id, known_from, known_to, withdrawn, *place = record[: len(_PLACE)]
    row = Row(*place, record[len(_PLACE) :])  # type: ignore[call-arg,arg-type]  # typed by the migration
    until = FOREVER if known_to == datetime.max else known_to  # noqa: DTZ901 - how asyncpg reads infinity
    return Version(act_id, known_from, until, withdrawn, row)  # type: ignore[arg-type]  # typed by the migration


_COUNT: Final = """
    insert into counts (tag, jurisdiction, month, family, unit_id, n)
    select * from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::bigint[])
    on conflict (tag, jurisdiction, month, family, unit_id) do update set n = counts.n + excluded.n
"""
_FORGET_ZEROS: Final = "delete from counts where n = 0 and tag = any($1::text[])"


async def count(db: Connection, deltas: Mapping[Counted, int]) -> None:
    """Add deltas to the counts; a count of nothing is no row."""
    if columns := list(zip(*sorted((*key, n) for key, n in deltas.items() if n), strict=True)):
        await db.execute(_COUNT, *columns)
        if min(columns[-1]) < 0:
            await db.execute(_FORGET_ZEROS, sorted(set(columns[0])))


def columns_of_table(ledger: Ledger) -> tuple[str, ...]:
    """Return the columns of a ledger's table in the order of ``version_of``."""
    return (*_PLACE, *(column.name for column in ledger.columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
