"""What intake reads: every such SQL statement and the row types."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from contracts.jurisdiction import NATION
from kit.db import Connection
from kit.tokens import Principal, Role
from services.intake import authority
from services.intake.domain import Standing
from services.intake.results import ReasonShown
from services.intake.tally import COLUMNS, LAG_COLUMNS

_STANDING: Final = "select fact_id, hash, after_position, position, at from accepted where fact_id = any($1)"

_ENTRY: Final = """
    select entry_id, source, event_id, jurisdiction, sender, code, field, detail, body, first_at, last_at, times,
        replayed_as, replayed_at
    from quarantine
    where (sender = $1 or (
        ($2::text[] is null or source like any($2))
        and ($3::text is null or starts_with(coalesce(jurisdiction, ''), $3))
    ))
"""
"""What somebody may see: their own, and of the sources and the jurisdiction that they answer for."""

_PAGE: Final = f"""{_ENTRY}
    and entry_id > $4 and (replayed_as is not null) = $5 and ($6::text is null or source = $6)
    order by entry_id limit $7
"""
_ONE: Final = f"{_ENTRY} and entry_id = $4"

_SUMS: Final = ",\n        ".join(f"sum({column})::bigint as {column}" for column in COLUMNS)
_SOURCES: Final = f"""
    select source, max(last_time) as last_time, max(last_recorded) as last_recorded,
        {_SUMS}
    from tally
    where source > $1 and ($2::text[] is null or source like any($2))
        and ($3::text is null or starts_with(jurisdiction, $3))
    group by source order by source limit $4
"""  # noqa: S608 - the names of our own columns

_NUMBERED: Final = """
    select source, sum(kept)::bigint as kept, sum(upper(seen) - 1)::bigint as reached,
        sum(accepted)::bigint as accepted, sum(duplicate)::bigint as duplicate, sum(conflict)::bigint as conflict,
        sum(rejected)::bigint as rejected, sum(secret)::bigint as secret
    from numbered where source = any($1) group by source
"""
_GAPS: Final = """
    select source, spool, lower(gap) as first, upper(gap) - 1 as last
    from numbered, unnest(int8multirange(int8range(1, upper(seen))) - seen) as gap
    where source = any($1) order by source, spool, gap limit $2
"""
_MOST_GAPS: Final = 200

_LAST_TIME: Final = "select max(last_time) from tally where source = $1"


_RESULTS: Final = ("accepted", "duplicate", "conflict", "rejected", "secret")
_PING: Final = "select 1"


class Quarantined(BaseModel):
    """One refused item; ``body`` is null for who may not read it, and base64 where it is no UTF-8."""

    model_config = ConfigDict(frozen=True)
    id: str
    source: str
    event_id: str | None
    jurisdiction: str | None
    sender: str
    reason: ReasonShown
    received_at: datetime
    last_received_at: datetime
    times: int
    state: Literal["waiting", "replayed"]
    fact_id: str | None
    replayed_at: datetime | None
    body: str | None
    encoding: Literal["utf-8", "base64"] | None


class Gap(BaseModel):
    """Numbers that a sender gave to events which never came here."""

    model_config = ConfigDict(frozen=True)
    spool: str
    first: int
    last: int


class Numbered(BaseModel):
    """What senders that number their events say exists, each number counted once.

    ``kept`` = ``accepted`` + ``duplicate`` + ``conflict`` + ``rejected`` + ``secret`` + ``missing`` + ``waiting``: missing
    are numbers below one that came, waiting are those behind it.
    """

    model_config = ConfigDict(frozen=True)
    kept: int
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    secret: int
    missing: int
    waiting: int
    gaps: list[Gap]


class Source(BaseModel):
    """What one source sent. Lags count its facts by how long after they happened they were recorded."""

    model_config = ConfigDict(frozen=True)
    source: str
    received: int
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    secret: int
    last_time: datetime | None
    last_recorded: datetime | None
    silent_hours: float | None
    lags: dict[str, int]
    numbered: Numbered | None
    """None when nobody numbers this source's events."""


async def standing(db: Connection, fact_ids: Sequence[str]) -> dict[str, Standing]:
    """Return what stands of those ids that were ever reserved."""
    return standing_of(await db.fetch(_STANDING, fact_ids))


def standing_of(rows: Iterable[Any]) -> dict[str, Standing]:
    """Return rows of ``accepted`` by fact id."""
    return {row["fact_id"]: Standing(row["hash"], row["position"], row["after_position"], row["at"]) for row in rows}


async def quarantine(
    db: Connection, who: Principal, *, after: str, limit: int, replayed: bool, source: str | None
) -> list[Quarantined]:
    """Return the page of entries that follows ``after``, oldest first, as far as ``who`` may see them."""
    rows = await db.fetch(_PAGE, *_scope(who), after, replayed, source, limit)
    return [_quarantined(row, with_body=who.role is not Role.OFFICE) for row in rows]


async def quarantined(db: Connection, who: Principal, entry_id: str) -> bytes | None:
    """Return the raw body of an entry that ``who`` may see, or None."""
    row = await db.fetchrow(_ONE, *_scope(who), entry_id)
    return None if row is None else row["body"]


async def sources(db: Connection, who: Principal, *, after: str, limit: int, now: datetime) -> list[Source]:
    """Return the page of sources that follows ``after``, with what they sent for the jurisdiction of ``who``."""
    _, own, place = _scope(who)
    rows = await db.fetch(_SOURCES, after, own, place, limit)
    numbered = await _numbered(db, [row["source"] for row in rows])
    return [_source(row, numbered.get(row["source"]), now) for row in rows]


async def _numbered(db: Connection, names: Sequence[str]) -> dict[str, Numbered]:
    gaps: dict[str, list[Gap]] = {}
    for row in await db.fetch(_GAPS, names, _MOST_GAPS):
        gaps.setdefault(row["source"], []).append(Gap(spool=row["spool"], first=row["first"], last=row["last"]))
    found: dict[str, Numbered] = {}
    for row in await db.fetch(_NUMBERED, names):
        counts = {name: row[name] for name in _RESULTS}
        found[row["source"]] = Numbered(
            kept=row["kept"],
            missing=row["reached"] - sum(counts.values()),
            waiting=row["kept"] - row["reached"],
            gaps=gaps.get(row["source"], []),
            **counts,
        )
    return found


async def last_time(db: Connection, source: str) -> datetime | None:
    """Return when the newest fact of a source happened."""
    moment: datetime | None = await db.fetchval(_LAST_TIME, source)
    return moment


async def ping(db: Connection) -> None:
    """Ask the least that proves that the database answers."""
    await db.execute(_PING)


def _scope(who: Principal) -> tuple[str, list[str] | None, str | None]:
    place = None if who.role is Role.ADAPTER or who.may_see(NATION) else who.jurisdiction
    return who.subject, authority.patterns(who), place


def _quarantined(row: Any, *, with_body: bool) -> Quarantined:
    body, encoding = _shown(row["body"]) if with_body else (None, None)
    return Quarantined(
        id=row["entry_id"],
        source=row["source"],
        event_id=row["event_id"],
        jurisdiction=row["jurisdiction"],
        sender=row["sender"],
        reason=ReasonShown(code=row["code"], field=row["field"], detail=row["detail"]),
        received_at=row["first_at"],
        last_received_at=row["last_at"],
        times=row["times"],
        state="waiting" if row["replayed_as"] is None else "replayed",
        fact_id=row["replayed_as"],
        replayed_at=row["replayed_at"],
        body=body,
        encoding=encoding,
    )


def _shown(body: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _source(row: Any, numbered: Numbered | None, now: datetime) -> Source:
    recorded: datetime | None = row["last_recorded"]
    return Source(
        silent_hours=None if recorded is None else round(max(0.0, (now - recorded).total_seconds()) / 3600, 2),
        lags={column.removeprefix("lag_"): row[column] for column in LAG_COLUMNS},
        received=sum(row[name] for name in _RESULTS),
        numbered=numbered,
        **{name: row[name] for name in ("source", *_RESULTS, "last_time", "last_recorded")},
    )
