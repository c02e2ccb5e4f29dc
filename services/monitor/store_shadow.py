"""The writes of the candidate that judges beside the live book, and its reads in a portion; the caller owns the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from kit.db import Connection
from services.monitor.backtest import Found, Seen

_START: Final = "insert into shadow (place, candidate, started_at) values ($1, $2, $3) returning number"
_STOP: Final = "delete from shadow"
_REACHED: Final = """
    select coalesce((select position from checkpoint where stream = 'FACTS'), 0) as position,
           (select max(replayed_at) from parked where stream = 'FACTS') as replayed_at"""
_FORGET: Final = ("delete from shadow_finding where shadow = $1", "delete from shadow_timer where shadow = $1")
_RESTART: Final = """
    update shadow set book = $2, replayed_at = $3, position = 0, acts = 0, trouble = null, report = null, reported_at = null
    where number = $1"""
_ADVANCE: Final = "update shadow set position = $2, acts = acts + $3, trouble = null where number = $1"
_REPORT: Final = "update shadow set report = $2, reported_at = $3 where number = $1"
_TROUBLE: Final = "update shadow set trouble = $2 where number = $1"
_FOLLOWING: Final = """
    select position, coalesce(target, fact_id) as act, target is null and not reference as fresh, place
    from fact where position > $1 order by position limit $2"""
_CHANGED: Final = """
    select distinct coalesce(f.target, f.fact_id) as act, f.reference or exists (
        select from fact o where o.key = hashtextextended(f.target, 0) and o.fact_id = f.target and o.reference) as reference
    from fact f where f.position > $1 and f.position <= $2"""
_DUE: Final = "select rule, scope from shadow_timer where shadow = $1 and due <= $2"
_DROP: Final = (
    """delete from shadow_finding old using unnest($2::text[], $3::text[]) given(rule, scope)
    where old.shadow = $1 and old.rule = given.rule and old.scope = given.scope""",
    """delete from shadow_timer old using unnest($2::text[], $3::text[]) given(rule, scope)
    where old.shadow = $1 and old.rule = given.rule and old.scope = given.scope""",
)
_FINDING: Final = (
    *("shadow", "rule", "scope", "subject", "severity", "outcome", "summary", "acts", "clause", "quote"),
    *("unit", "place", "happened_on"),
)
_OURS: Final = """
    select subject, severity, outcome, summary, acts, clause, quote, unit, place, happened_on
    from shadow_finding where shadow = $1 and rule = $2"""
_LIVE: Final = """
    select subject, severity, shown ->> 'verdict' as outcome, shown ->> 'summary' as summary, acts,
           concat_ws(' ', shown -> 'clause' ->> 'document', shown -> 'clause' ->> 'clause') as clause,
           shown -> 'clause' ->> 'quote' as quote, unit, place, happened_on
    from alert where rule = $2 and state = 'standing' and (place like $1 || '%' or $1 = '00')"""


class Reached(NamedTuple):
    """How far the live monitor is, and when it last took parked facts in."""

    position: int
    replayed_at: datetime | None


class Following(NamedTuple):
    """A fact that the candidate has not taken in, with the act that it states or amends."""

    position: int
    act: str
    fresh: bool
    """It states an act, and no unit, list or calendar."""
    place: str


class Finding(NamedTuple):
    """What the candidate finds on one subject."""

    rule: str
    scope: str
    subject: str
    found: Found


async def start(db: Connection, place: str, candidate: Mapping[str, Any], at: datetime) -> int:
    """Keep a candidate instead of the one that was there; return its number."""
    await stop(db)
    number: int = await db.fetchval(_START, place, candidate, at)
    return number


async def stop(db: Connection) -> bool:
    """Drop the candidate with everything that it found; tell whether there was one."""
    return str(await db.execute(_STOP)) != "DELETE 0"


async def reached(db: Connection) -> Reached:
    """Return how far the live monitor is."""
    row = await db.fetchrow(_REACHED)
    return Reached(*row) if row else Reached(0, None)


async def restart(db: Connection, number: int, book: str, replayed_at: datetime | None) -> None:
    """Forget what the candidate found, so that it begins again beside a book."""
    for sql in _FORGET:
        await db.execute(sql, number)
    await db.execute(_RESTART, number, book, replayed_at)


async def advance(db: Connection, number: int, position: int, acts: int) -> None:
    """Note how far the candidate came, by so many acts."""
    await db.execute(_ADVANCE, number, position, acts)


async def put_report(db: Connection, number: int, report: Mapping[str, Any], at: datetime) -> None:
    """Keep the difference to the live alerts."""
    await db.execute(_REPORT, number, report, at)


async def put_trouble(db: Connection, number: int, trouble: str) -> None:
    """Say why the candidate judges no more."""
    await db.execute(_TROUBLE, number, trouble)


async def following(db: Connection, position: int, limit: int) -> list[Following]:
    """Return the facts behind a position, in the order of the stream."""
    return [Following(*row) for row in await db.fetch(_FOLLOWING, position, limit)]


async def changed(db: Connection, after: int, until: int) -> dict[str, bool]:
    """Return the acts that facts between two positions state or amend -> whether they are units, lists or calendars."""
    return {row["act"]: row["reference"] for row in await db.fetch(_CHANGED, after, until)}


async def due(db: Connection, number: int, today: date) -> set[tuple[str, str]]:
    """Return the (rule, scope) pairs that waited for a day that ended."""
    return {(row["rule"], row["scope"]) for row in await db.fetch(_DUE, number, today)}


async def settle(
    db: Connection,
    number: int,
    judged: Sequence[tuple[str, str]],
    findings: Sequence[Finding],
    timers: Mapping[tuple[str, str], date],
) -> None:
    """Replace what the candidate found in the judged pairs, and the days that they wait for."""
    for sql in _DROP:
        await db.execute(sql, number, [rule for rule, _ in judged], [scope for _, scope in judged])
    rows = [(number, one.rule, one.scope, one.subject, *one.found.seen, *one.found[1:]) for one in findings]
    if rows:
        await db.copy_records_to_table("shadow_finding", records=rows, columns=_FINDING)
    waits = [(number, rule, scope, day) for (rule, scope), day in timers.items()]
    if waits:
        await db.copy_records_to_table("shadow_timer", records=waits, columns=("shadow", "rule", "scope", "due"))


async def ours(db: Connection, number: int, rule: str) -> dict[str, Found]:
    """Return what the candidate finds under a rule, by subject."""
    return _by_subject(await db.fetch(_OURS, number, rule))


async def live(db: Connection, place: str, rule: str) -> dict[str, Found]:
    """Return the alerts of a rule that stand in a place, by subject."""
    return _by_subject(await db.fetch(_LIVE, place, rule))


def _by_subject(rows: Iterable[Any]) -> dict[str, Found]:
    return {
        row["subject"]: Found(
            Seen(row["severity"], row["outcome"], row["summary"], tuple(row["acts"]), row["clause"], row["quote"]),
            row["unit"],
            row["place"],
            row["happened_on"],
        )
        for row in rows
    }
