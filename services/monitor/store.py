"""The monitor's writes and the reads inside its batch: every such SQL statement is in this file; the caller owns the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from kit.db import Connection
from services.monitor.domain import Standing

_CHECKPOINT: Final = "select position, stored_at from checkpoint where stream = $1 for update"
_POSITION: Final = "select coalesce(max(position), 0) from checkpoint where stream = $1"
_ADVANCE: Final = """
    insert into checkpoint (stream, position, stored_at) values ($1, $2, $3)
    on conflict (stream) do update set position = excluded.position, stored_at = excluded.stored_at"""
_NAMED: Final = """
    from json_array_elements_text($1::text::json) wanted cross join lateral (
        select fact_id, target, body, position from fact where key = hashtextextended(wanted, 0) and fact_id = wanted offset 0
    ) named"""
"""One look into the index for each name, whatever the planner believes of a table that grows faster than it is analysed."""
_AMENDING: Final = """
    from json_array_elements_text($1::text::json) wanted cross join lateral (
        select fact_id, target, body, position from fact where target = wanted offset 0
    ) amending"""
_EARLIER: Final = f"""
    select fact_id, target, body {_NAMED} union all select fact_id, target, body {_AMENDING}"""
_BODIES: Final = f"""
    select body from (select body, position {_NAMED} union all select body, position {_AMENDING}) found
    order by position"""  # noqa: S608 - as above
_REFERENCE: Final = """
    select body from fact f where reference or exists (
        select from fact o where o.key = hashtextextended(f.target, 0) and o.fact_id = f.target and o.reference)
    order by position"""
_OF_UNITS: Final = """
    select fact_id from fact
    where unit = any(array(select json_array_elements_text($1::text::json))) and target is null and not reference"""
_DROP_OFFERS: Final = """
    delete from offer o
    using rows from (json_array_elements_text($1::text::json), json_array_elements_text($2::text::json)) s(key, act)
    where o.key = s.key and o.act = s.act"""
_DROP_NEEDS: Final = """
    delete from need n
    using rows from (json_array_elements_text($1::text::json), json_array_elements_text($2::text::json)) s(key, act)
    where n.key = s.key and n.act = s.act"""
_NEEDING: Final = """
    select distinct act, split_part(key, '|', 1) as family from need
    where key = any(array(select json_array_elements_text($1::text::json)))"""
_OFFERING: Final = """
    select key, array_agg(act) as acts from offer
    where key = any(array(select json_array_elements_text($1::text::json))) group by key"""
_DUE: Final = "select rule, scope from timer where due <= $1"
_DROP_TIMERS: Final = """
    delete from timer t
    using rows from (json_array_elements_text($1::text::json), json_array_elements_text($2::text::json)) s(rule, scope)
    where t.rule = s.rule and t.scope = s.scope"""
_SET_TIMERS: Final = "insert into timer (rule, scope, due) select * from unnest($1::text[], $2::text[], $3::date[])"
_STANDING: Final = """
    select a.alert_id, a.rule, a.rule_version, a.scope, a.subject, a.revision, a.digest
    from alert a
    join rows from (json_array_elements_text($1::text::json), json_array_elements_text($2::text::json)) s(rule, scope)
        on a.rule = s.rule and a.scope = s.scope
    where a.state = 'standing'"""
_REVISIONS: Final = (
    "select alert_id, revision from alert where alert_id = any(array(select json_array_elements_text($1::text::json)))"
)
_FINGERPRINTS: Final = f"select fact_id, encode(sha256(body), 'hex') {_NAMED}"
_SHOWN: Final = (
    "select alert_id, shown from alert where alert_id = any(array(select json_array_elements_text($1::text::json)))"
)
_PUT_ALERTS: Final = """
    insert into alert (alert_id, rule, rule_version, scope, subject, state, revision, severity, place, unit, happened_on, acts,
                       digest, shown, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (alert_id) do update set scope = excluded.scope, state = excluded.state, revision = excluded.revision,
        severity = excluded.severity, place = excluded.place, unit = excluded.unit, happened_on = excluded.happened_on,
        acts = excluded.acts, digest = excluded.digest, shown = excluded.shown, updated_at = excluded.updated_at"""
_RETRACT: Final = "update alert set state = 'retracted', revision = $2, shown = $3, updated_at = $4 where alert_id = $1"
_RELEASE: Final = """
    insert into release (book) select $1 where $1 is distinct from (select book from release order by number desc limit 1)
    returning number"""


def _texts(texts: Sequence[str]) -> str:
    """Return texts as one parameter: the driver takes an array element by element, which costs more than all that is done with them."""
    return msgspec.json.encode(texts).decode()


def _columns(pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return _texts([one for one, _ in pairs]), _texts([other for _, other in pairs])


class FactRow(NamedTuple):
    """One fact as it is stored, in the order of the columns."""

    fact_id: str
    position: int
    name: str
    target: str | None
    reference: bool
    place: str
    unit: str
    body: bytes


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert as it now stands."""

    alert_id: str
    rule: str
    version: int
    scope: str
    subject: str
    revision: int
    severity: str
    place: str
    unit: str
    happened_on: date
    acts: tuple[str, ...]
    digest: str
    shown: Mapping[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One step of an alert."""

    alert_id: str
    revision: int
    change: Literal["raised", "amended", "retracted"]
    position: int
    """The last fact of the batch."""
    stored_at: datetime
    shown: Mapping[str, Any]
    dossier: bytes | None


async def position(db: Connection, stream: str) -> int:
    """Return the checkpoint of a stream; 0 at the beginning."""
    return int(await db.fetchval(_POSITION, stream))


async def lock_checkpoint(db: Connection, stream: str) -> tuple[int, datetime] | None:
    """Return the checkpoint and keep everybody else from moving it until the transaction ends; ``None`` at the beginning."""
    found = await db.fetchrow(_CHECKPOINT, stream)
    return (found["position"], found["stored_at"]) if found else None


async def advance(db: Connection, stream: str, to: int, stored_at: datetime) -> None:
    """Set the checkpoint of a stream."""
    await db.execute(_ADVANCE, stream, to, stored_at)


async def earlier(db: Connection, fact_ids: Sequence[str]) -> list[tuple[str, str | None, bytes]]:
    """Return (fact id, target, body) of the stored facts of these ids and of those that amend one of them."""
    return [tuple(row) for row in await db.fetch(_EARLIER, _texts(fact_ids))]


async def put_facts(db: Connection, rows: Iterable[FactRow]) -> None:
    """Store new facts."""
    records = list(rows)
    if records:
        await db.copy_records_to_table("fact", records=records, columns=FactRow._fields)


async def bodies(db: Connection, fact_ids: Sequence[str]) -> list[bytes]:
    """Return the facts and everything that amends them."""
    return [row["body"] for row in await db.fetch(_BODIES, _texts(fact_ids))] if fact_ids else []


async def reference_bodies(db: Connection) -> list[bytes]:
    """Return every reference fact and what amends one, in stream order."""
    return [row["body"] for row in await db.fetch(_REFERENCE)]


async def of_units(db: Connection, units: Sequence[str]) -> list[str]:
    """Return the ids of every act of the units."""
    return [row["fact_id"] for row in await db.fetch(_OF_UNITS, _texts(units))] if units else []


@dataclass(frozen=True, slots=True)
class Keys:
    """(key, act) pairs that acts offer and need."""

    offers: Sequence[tuple[str, str]]
    needs: Sequence[tuple[str, str]]


async def put_keys(db: Connection, gone: Keys, come: Keys) -> None:
    """Drop and store keys."""
    for sql, pairs in ((_DROP_OFFERS, gone.offers), (_DROP_NEEDS, gone.needs)):
        if pairs:
            await db.execute(sql, *_columns(pairs))
    for table, pairs in (("offer", come.offers), ("need", come.needs)):
        if pairs:
            await db.copy_records_to_table(table, records=pairs, columns=("key", "act"))


async def needing(db: Connection, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Return the acts whose verdicts depend on what offers one of the keys, each with the family of the key."""
    return {(row["act"], row["family"]) for row in await db.fetch(_NEEDING, _texts(keys))} if keys else set()


async def offering(db: Connection, keys: Sequence[str]) -> dict[str, list[str]]:
    """Return the acts that offer each of the keys."""
    return {row["key"]: row["acts"] for row in await db.fetch(_OFFERING, _texts(keys))} if keys else {}


async def due(db: Connection, today: date) -> set[tuple[str, str]]:
    """Return the (rule, scope) pairs to judge again because a day ended."""
    return {(row["rule"], row["scope"]) for row in await db.fetch(_DUE, today)}


async def set_timers(db: Connection, judged: Sequence[tuple[str, str]], timers: Mapping[tuple[str, str], date]) -> None:
    """Replace the timers of the judged pairs."""
    await db.execute(_DROP_TIMERS, *_columns(judged))
    if timers:
        await db.execute(
            _SET_TIMERS, [rule for rule, _ in timers], [scope for _, scope in timers], list(timers.values())
        )


async def standing(db: Connection, judged: Sequence[tuple[str, str]]) -> list[Standing]:
    """Return the alerts that stand in the judged pairs."""
    rows = await db.fetch(_STANDING, *_columns(judged))
    return [Standing(*row.values()) for row in rows]


async def revisions(db: Connection, alert_ids: Sequence[str]) -> dict[str, int]:
    """Return the last revision of alerts that ever were."""
    return (
        {row["alert_id"]: row["revision"] for row in await db.fetch(_REVISIONS, _texts(alert_ids))} if alert_ids else {}
    )


async def fingerprints(db: Connection, fact_ids: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of stored bodies."""
    return {row[0]: row[1] for row in await db.fetch(_FINGERPRINTS, _texts(fact_ids))} if fact_ids else {}


async def shown(db: Connection, alert_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what alerts show now."""
    return {row["alert_id"]: row["shown"] for row in await db.fetch(_SHOWN, _texts(alert_ids))} if alert_ids else {}


async def put_alerts(db: Connection, rows: Sequence[AlertRow]) -> None:
    """Store raised and amended alerts as they now stand."""
    await db.executemany(
        _PUT_ALERTS,
        [
            (
                r.alert_id,
                r.rule,
                r.version,
                r.scope,
                r.subject,
                "standing",
                r.revision,
                r.severity,
                r.place,
                r.unit,
                r.happened_on,
                list(r.acts),
                r.digest,
                r.shown,
                r.updated_at,
            )
            for r in rows
        ],
    )


async def retract(db: Connection, rows: Sequence[RevisionRow]) -> None:
    """Mark alerts as retracted."""
    await db.executemany(_RETRACT, [(r.alert_id, r.revision, r.shown, r.stored_at) for r in rows])


async def put_revisions(db: Connection, rows: Sequence[RevisionRow]) -> None:
    """Add steps of alerts."""
    columns = ("alert_id", "revision", "change", "position", "stored_at", "shown", "dossier")
    records = [(r.alert_id, r.revision, r.change, r.position, r.stored_at, r.shown, r.dossier) for r in rows]
    if records:
        await db.copy_records_to_table("alert_revision", records=records, columns=columns)


async def release(db: Connection, book: str) -> int | None:
    """Remember that this book judges from now on; return the number of its release, ``None`` when it did so before."""
    number: int | None = await db.fetchval(_RELEASE, book)
    return number
