"""The monitor's reads for its HTTP answers: every such SQL statement and the row types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from kit.db import Connection
from kit.paging import Current, Keyset

ALERTS: Final = Keyset(tuple[date, str])

_PAGE: Final = """
    select shown, happened_on, alert_id from alert
    where (place like $1 || '%' or $1 = '00')
      and ($2::text is null or state = $2)
      and ($3::text is null or rule = $3)
      and ($4::text is null or severity = $4)
      and ($5::text is null or place like $5 || '%' or $5 = '00')
      and ($6::text is null or unit = $6)
      and ($7::text is null or acts @> array[$7])
      and ($8::date is null or (happened_on, alert_id) < ($8, $9))
      and ($11::date is null or happened_on >= $11)
      and ($12::date is null or happened_on <= $12)
      and ($13::text[] is null or unit = any($13))
    order by happened_on desc, alert_id desc limit $10"""
_ALERT: Final = "select shown, place from alert where alert_id = $1 and (place like $2 || '%' or $2 = '00')"
_REVISIONS: Final = """
    select revision, change, position, stored_at, shown ->> 'summary' as summary, dossier is not null as has_dossier
    from alert_revision where alert_id = $1 order by revision"""
_DOSSIER: Final = """
    select revision, dossier from alert_revision
    where alert_id = $1 and dossier is not null and ($2::integer is null or revision = $2) order by revision desc limit 1"""
_CURRENT: Final = "select position, stored_at from checkpoint where stream = 'FACTS'"
_RELEASED: Final = "select at from release order by number desc limit 1"
_FACT_PLACE: Final = """
    select place, unit from fact where key = hashtextextended($1, 0) and fact_id = $1 and target is null"""
_FACT_BODIES: Final = """
    select fact_id, body from fact
    where key = any(array(select hashtextextended(wanted, 0) from unnest($1::text[]) wanted)) and fact_id = any($1::text[])"""
_COUNTS: Final = """
    select rule, severity, count(*) as n from alert
    where state = 'standing' and (place like $1 || '%' or $1 = '00') and ($2::text is null or place like $2 || '%' or $2 = '00')
      and ($3::text[] is null or unit = any($3))
    group by rule, severity order by rule, severity"""
_FORECASTS: Final = """
    select key from offer where key like $1 || '|%' group by key order by key limit 5000"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What the caller asks for; ``None`` is everything."""

    state: str | None = "standing"
    rule: str | None = None
    severity: str | None = None
    place: str | None = None
    unit: str | None = None
    act: str | None = None
    since: date | None = None
    until: date | None = None
    units: tuple[str, ...] | None = None
    """The units that the caller sees."""


async def page(
    db: Connection, scope: str, wanted: AlertFilter, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of alerts within a jurisdiction, the latest acts first, and the cursor of the next one."""
    key = ALERTS.decode(after) if after else (None, None)
    rows = await db.fetch(
        _PAGE,
        scope,
        wanted.state,
        wanted.rule,
        wanted.severity,
        wanted.place,
        wanted.unit,
        wanted.act,
        key[0],
        key[1],
        limit + 1,
        wanted.since,
        wanted.until,
        wanted.units,
    )
    more = len(rows) > limit
    items = [row["shown"] for row in rows[:limit]]
    last = rows[limit - 1] if more else None
    return items, ALERTS.encode((last["happened_on"], last["alert_id"])) if last else None


async def alert(db: Connection, scope: str, alert_id: str) -> Mapping[str, Any] | None:
    """Return an alert as it stands, or ``None`` when it is not within the jurisdiction."""
    row = await db.fetchrow(_ALERT, alert_id, scope)
    return row["shown"] if row else None


async def revisions(db: Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return every step of an alert, the first first."""
    return [
        {
            "revision": row["revision"],
            "change": row["change"],
            "position": row["position"],
            "at": row["stored_at"],
            "summary": row["summary"],
        }
        for row in await db.fetch(_REVISIONS, alert_id)
    ]


async def dossier(db: Connection, alert_id: str, revision: int | None) -> tuple[int, bytes] | None:
    """Return the dossier of a revision, or the newest one, with its revision."""
    row = await db.fetchrow(_DOSSIER, alert_id, revision)
    return (row["revision"], row["dossier"]) if row is not None else None


async def current(db: Connection) -> Current:
    """Return up to where the answers are current."""
    row = await db.fetchrow(_CURRENT)
    stored: datetime | None = row["stored_at"] if row else None
    return Current(position=row["position"] if row else 0, time=stored)


async def released_at(db: Connection) -> datetime:
    """Return since when the book that judges now does."""
    since: datetime = await db.fetchval(_RELEASED)
    return since


async def whose(db: Connection, fact_id: str) -> tuple[str, str] | None:
    """Return the jurisdiction and the unit of an act."""
    found = await db.fetchrow(_FACT_PLACE, fact_id)
    return (found["place"], found["unit"]) if found is not None else None


async def fact_bodies(db: Connection, fact_ids: list[str]) -> dict[str, bytes]:
    """Return stored facts, bytes unchanged."""
    return {row["fact_id"]: row["body"] for row in await db.fetch(_FACT_BODIES, fact_ids)}


async def counts(db: Connection, scope: str, place: str | None, units: tuple[str, ...] | None) -> list[dict[str, Any]]:
    """Return how many alerts stand by rule and severity; ``units`` are those that the caller sees."""
    return [dict(row) for row in await db.fetch(_COUNTS, scope, place, units)]


async def windows(db: Connection, family: str) -> list[str]:
    """Return the unit-year keys of a family that have acts."""
    return [row["key"] for row in await db.fetch(_FORECASTS, family)]
