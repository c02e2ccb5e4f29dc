"""The SQL statements that answer readers: rows, acts and what is parked (counts and plans: ``queries_counts``).

Who may see what is an argument of each, never a filter added afterwards.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from kit.auth import Principal, Role
from kit.db import Connection
from kit.paging import Current
from services.ledger.domain import Ledger, Version
from services.ledger.store import READER, columns_of_table, version_of


class Scope(NamedTuple):
    """What a caller may see: a jurisdiction, and of that only some units (``None``: all)."""

    jurisdiction: str
    units: tuple[str, ...] | None

    @classmethod
    def of(cls, who: Principal) -> "Scope":
        """Return a caller's scope: an office that acts for units sees theirs only."""
        own = who.role is Role.OFFICE and who.units
        return cls(who.jurisdiction, tuple(sorted(who.units)) if own else None)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a caller asks for; ``None`` is everything."""

    jurisdiction: str | None = None
    unit: str | None = None
    since: date | None = None
    until: date | None = None
    q: str | None = None
    withdrawn: bool = False
    as_of: datetime | None = None
    """The moment of knowledge; ``None`` is now."""


Key = tuple[date, int, str]
"""By what rows are ordered: day, position of the fact, id."""

_PORTION: Final = 1000
"""Rows that an export fetches at a time."""
CUSTOM_PLAN: Final = "set local plan_cache_mode = force_custom_plan"
"""Absent filters are null parameters: a plan for the values at hand leaves them out and finds the index."""
_CURRENT: Final = "select position, stored_at from checkpoint where reader = $1"
_ROWS: Final = """
    select {columns}, position from "{table}"
    where ($1 = '00' or (jurisdiction >= $1 and jurisdiction < $1 || '~'))
      and ($2::text[] is null or unit_id = any($2))
      and ($3::text is null or $3 = '00' or (jurisdiction >= $3 and jurisdiction < $3 || '~'))
      and ($4::text is null or unit_id = $4)
      and ($5::date is null or happened_on >= $5)
      and ($6::date is null or happened_on <= $6)
      and ($7::text is null or ({searched}))
      and withdrawn = $8
      and case when $9::timestamptz is null then known_to = 'infinity' else known_from <= $9 and known_to > $9 end
      and ($10::date is null or (happened_on, position, act_id) < ($10, $11, $12))
    order by happened_on desc, position desc, act_id desc limit $13
"""
_ROW: Final = """
    select {columns} from "{table}"
    where position in ($4, 0) and act_id = $3 and known_to = 'infinity'
      and ($1 = '00' or (jurisdiction >= $1 and jurisdiction < $1 || '~'))
      and ($2::text[] is null or unit_id = any($2))
"""


async def current(db: Connection) -> Current:
    """Return up to where every answer of this transaction is current."""
    row = await db.fetchrow(_CURRENT, READER)
    return Current(position=row["position"], time=row["stored_at"]) if row else Current(position=0, time=None)


async def page(
    db: Connection, ledger: Ledger, scope: Scope, wanted: Filter, after: Key | None, limit: int
) -> tuple[list[Version], Key | None]:
    """Return up to ``limit`` rows of a ledger after a key, the latest acts first, and the last one's key if more follow."""
    await db.execute(CUSTOM_PLAN)
    rows = await db.fetch(_rows(ledger), *_arguments(scope, wanted, after, limit + 1))
    last = rows[limit - 1] if len(rows) > limit else None
    key = (last["happened_on"], last["position"], last["act_id"]) if last else None
    return [version_of(tuple(row)[:-1]) for row in rows[:limit]], key


async def every(
    db: Connection, ledger: Ledger, scope: Scope, wanted: Filter, limit: int
) -> AsyncIterator[list[Version]]:
    """Yield up to ``limit`` rows in portions, for exports; needs a transaction."""
    cursor = await db.cursor(_rows(ledger), *_arguments(scope, wanted, None, limit))
    while rows := await cursor.fetch(_PORTION):
        yield [version_of(tuple(row)[:-1]) for row in rows]


def _rows(ledger: Ledger) -> str:
    searched = " or ".join(f"{column.name} ilike $7" for column in ledger.columns if column.searched)
    return _ROWS.format(columns=", ".join(columns_of_table(ledger)), table=ledger.name, searched=searched or "false")


def _arguments(scope: Scope, wanted: Filter, after: Key | None, limit: int) -> tuple[object, ...]:
    escaped = wanted.q and wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    day, position, act = after or (None, None, None)
    return (
        scope.jurisdiction,
        scope.units,
        wanted.jurisdiction,
        wanted.unit,
        wanted.since,
        wanted.until,
        f"%{escaped}%" if escaped else None,
        wanted.withdrawn,
        wanted.as_of,
        day,
        position,
        act,
        limit,
    )


async def row(db: Connection, ledger: Ledger, scope: Scope, act_id: str, position: int) -> Version | None:
    """Return what a ledger says of an entity now, also when it is withdrawn; ``position``: of the fact of its id."""
    statement = _ROW.format(columns=", ".join(columns_of_table(ledger)), table=ledger.name)
    found = await db.fetchrow(statement, *scope, act_id, position)
    return version_of(tuple(found)) if found else None


class Told(NamedTuple):
    """One fact as the journal holds it."""

    position: int
    fact_id: str
    type: str
    time: datetime
    recorded: datetime
    hash: bytes
    body: bytes


_TOLD: Final = """
    select position, fact_id, type, time, recorded, hash, body from journal
    where fact_id = any($1::text[]) and repeats is null
      and ($2 = '00' or (jurisdiction >= $2 and jurisdiction < $2 || '~'))
      and ($3::text[] is null or unit = any($3))
    order by position
"""


async def told(db: Connection, scope: Scope, facts: Sequence[str]) -> list[Told]:
    """Return the journal's entries of facts that a caller may see, in the order of the log."""
    return [Told(*row) for row in await db.fetch(_TOLD, facts, *scope)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fact that is set aside, without its content."""

    position: int
    subject: str
    fact_id: str | None
    type: str | None
    code: str
    field: str
    detail: str
    stored_at: datetime
    replayed_at: datetime | None


_PARKED: Final = """
    select position, subject, fact_id, type, code, field, detail, stored_at, replayed_at from parked
    where ($1 = '00' or starts_with(coalesce(jurisdiction, split_part(subject, '.', 2)), $1))
      and ($2::text[] is null)
      and ($3 or replayed_at is null)
      and position > $4 order by position limit $5
"""


async def parked(db: Connection, scope: Scope, *, replayed: bool, after: int, limit: int) -> list[Waiting]:
    """Return facts that are set aside, in the order of the log; ``replayed`` adds those that were projected since."""
    return [Waiting(*row) for row in await db.fetch(_PARKED, *scope, replayed, after, limit)]
