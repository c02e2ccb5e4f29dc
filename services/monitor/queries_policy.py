"""The reads behind comparisons of packs, the candidate and data coverage: acts in portions, and the reports that were kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from kit.db import Connection

_COUNT: Final = "select count(*) from fact where target is null and (place like $1 || '%' or $1 = '00')"
_ACTS: Final = """
    select position, fact_id from fact where target is null and (place like $1 || '%' or $1 = '00') and position > $2
    order by position limit $3"""
_BODIES: Final = """
    select fact_id, body from fact
    where target is null and not reference and (place like $1 || '%' or $1 = '00') and ($2::text[] is null or unit = any($2))
      and (key, fact_id) > (case when $3 = '' then -9223372036854775808 else hashtextextended($3, 0) end, $3)
    order by key, fact_id limit $4"""
_BACKTESTS: Final = """
    select number, at, report from backtest where $1::bigint is null or number < $1 order by number desc limit $2"""
_BACKTEST: Final = "select number, at, report from backtest where number = $1"

_SHADOW: Final = """
    select number, place, candidate, started_at, book, position, replayed_at, acts, trouble, report, reported_at
    from shadow order by number desc limit 1"""


class Backtest(NamedTuple):
    """A comparison of two packs as it was kept."""

    number: int
    at: datetime
    report: dict[str, Any]


class Shadow(NamedTuple):
    """The candidate as it is kept, and how far it came."""

    number: int
    place: str
    candidate: dict[str, Any]
    """Which packs are compared, and the texts of the files over those that ship."""
    started_at: datetime
    book: str
    """The statement of the live book that its findings are beside."""
    position: int
    """The last fact that it took in."""
    replayed_at: datetime | None
    """When parked facts were last taken in, as far as it knows."""
    acts: int
    trouble: str | None
    report: dict[str, Any] | None
    reported_at: datetime | None


async def count_acts(db: Connection, place: str) -> int:
    """Return how many acts are stored of a place, registrations and withdrawn ones too."""
    found: int = await db.fetchval(_COUNT, place)
    return found


async def acts_after(db: Connection, place: str, after: int, limit: int) -> dict[str, int]:
    """Return the acts of a place behind a position of the stream, in its order: id -> position."""
    return {row["fact_id"]: row["position"] for row in await db.fetch(_ACTS, place, after, limit)}


async def bodies_after(
    db: Connection, place: str, units: Sequence[str] | None, after: str, limit: int
) -> list[tuple[str, bytes]]:
    """Return ids and bytes of the acts of a place, of these units only if any, behind one, in the chance order of their keys."""
    return [(row["fact_id"], row["body"]) for row in await db.fetch(_BODIES, place, units, after, limit)]


async def backtests(db: Connection, before: int | None, limit: int) -> list[Backtest]:
    """Return the comparisons that the caller may see, the latest first, those before a number."""
    return [Backtest(*row) for row in await db.fetch(_BACKTESTS, before, limit)]


async def backtest(db: Connection, number: int) -> Backtest | None:
    """Return one comparison."""
    row = await db.fetchrow(_BACKTEST, number)
    return None if row is None else Backtest(*row)


async def shadow(db: Connection) -> Shadow | None:
    """Return the candidate beside the live book, if there is one that the caller sees."""
    row = await db.fetchrow(_SHADOW)
    return Shadow(*row) if row else None
