"""What intake writes: every such SQL statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from kit.db import Connection
from services.intake import queries
from services.intake.domain import Aside, Candidate, Reason, Standing
from services.intake.numbering import Numbers
from services.intake.tally import COLUMNS, Tallies

_AFTER_COUNT: Final = 5 + len(COLUMNS)
"""Number of the first parameter behind those of ``_COUNT``."""

_RESERVE: Final = """
    with made as (
        insert into accepted (fact_id, source, id, hash, after_position, at)
        select given.fact_id, given.source, given.id, given.hash, $5, $6
        from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as given (fact_id, source, id, hash)
        order by given.fact_id  -- one order in every process, so that none waits for the other in a circle
        on conflict (fact_id) do nothing
        returning fact_id
    ), known as (
        select fact_id, hash, after_position, position, at from accepted where fact_id = any($1)
    )
    select fact_id, hash, after_position, position, at, null::text[] as made from known
    union all
    select null, null, null, null, null, array_agg(fact_id) from made
    having count(*) < cardinality($1) - (select count(*) from known)
"""
"""What came before, as the table was before this statement; what is new only in case there is something that is neither."""

_RESERVE_AGAIN: Final = """
    with locked as materialized (
        select from accepted where fact_id = any($1) order by fact_id for update  -- in one order, as above
    )
    update accepted set hash = given.hash, after_position = $4, at = $5
    from unnest($1::text[], $2::bytea[], $3::bytea[]) as given (fact_id, old, hash), (select count(*) from locked) as all_
    where accepted.fact_id = given.fact_id and accepted.hash = given.old and accepted.position is null
    returning accepted.fact_id
"""

_COUNT: Final = f"""
    insert into tally as old (source, jurisdiction, last_time, last_recorded, {", ".join(COLUMNS)})
    select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]
        {"".join(f", ${number}::bigint[]" for number in range(5, _AFTER_COUNT))})
    order by 1, 2
    on conflict (source, jurisdiction) do update set
        last_time = greatest(old.last_time, excluded.last_time),
        last_recorded = greatest(old.last_recorded, excluded.last_recorded),
        {", ".join(f"{column} = old.{column} + excluded.{column}" for column in COLUMNS)}
"""  # noqa: S608 - the names of our own columns

_CONFIRM: Final = f"""
    with quickly as (
        select set_config('synchronous_commit', 'off', true)
    ), confirmed as (
        update accepted set position = given.position
        from (
            select * from unnest(${_AFTER_COUNT}::text[], ${_AFTER_COUNT + 1}::bigint[]) order by 1
        ) as given (fact_id, position), quickly
        where accepted.fact_id = given.fact_id
    )
    {_COUNT}
"""  # noqa: S608 - as above
"""One statement, for one exchange. What a crash takes back of it the stream still knows: it need not wait for the disk."""

_SET_ASIDE: Final = """
    insert into quarantine as old
        (entry_id, source, event_id, jurisdiction, sender, code, field, detail, body, body_hash, first_at, last_at)
    select given.*, $11, $11
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bytea[], $10::bytea[]) as given
    order by 2, 5, 10  -- in one order, as above
    on conflict (source, sender, body_hash) do update set
        times = old.times + 1, last_at = excluded.last_at, code = excluded.code, field = excluded.field,
        detail = excluded.detail, replayed_as = null, replayed_at = null
"""

_NUMBERED: Final = ("accepted", "duplicate", "conflict", "rejected", "secret")
_NEW: Final = """
    select count(*) from unnest($5::text[]) with ordinality as given (result, place)
    where result = '{}' and not $4::bigint + place - 1 <@ old.seen
"""
_NOTE_NUMBERS: Final = f"""
    insert into numbered as old (source, spool, kept, seen, last_at, {", ".join(_NUMBERED)})
    select $1, $2, $3, int8multirange(int8range($4::bigint, $4 + cardinality($5::text[]))), $6,
        {", ".join(f"(select count(*) from unnest($5::text[]) as given where given = '{name}')" for name in _NUMBERED)}
    on conflict (source, spool) do update set
        kept = greatest(old.kept, excluded.kept), seen = old.seen + excluded.seen, last_at = excluded.last_at,
        {", ".join(f"{name} = old.{name} + ({_NEW.format(name)})" for name in _NUMBERED)}
"""  # noqa: S608 - our own words
"""What is known of a number does not change: sent again, it was answered before."""

_REPLAYED: Final = "update quarantine set replayed_as = $2, replayed_at = $3 where entry_id = $1"
_STILL_WRONG: Final = "update quarantine set code = $2, field = $3, detail = $4, last_at = $5 where entry_id = $1"


async def reserve(db: Connection, facts: Sequence[Candidate], *, after: int, now: datetime) -> dict[str, Standing]:
    """Reserve the ids of ``facts`` (each once) and return what stands of those that were known before.

    It is durable when this returns, if the caller has no transaction open.
    """
    ids = [fact.fact_id for fact in facts]
    rows = await db.fetch(
        _RESERVE,
        ids,
        [fact.source for fact in facts],
        [fact.id for fact in facts],
        [fact.hash for fact in facts],
        after,
        now,
    )
    if not rows or rows[-1]["hash"] is not None:
        return queries.standing_of(rows)
    # another process reserved some in the same moment: now they can be seen
    settled = {row["fact_id"] for row in rows[:-1]}.union(rows[-1]["made"] or ())
    others = await queries.standing(db, [fact_id for fact_id in ids if fact_id not in settled])
    return others | queries.standing_of(rows[:-1])


async def reserve_again(
    db: Connection, facts: Sequence[Candidate], standing: Mapping[str, Standing], *, after: int, now: datetime
) -> set[str]:
    """Take over reservations that never reached the stream; return the ids of those that nobody else took meanwhile."""
    old = [standing[fact.fact_id].hash for fact in facts]
    ids, hashes = [fact.fact_id for fact in facts], [fact.hash for fact in facts]
    return {row["fact_id"] for row in await db.fetch(_RESERVE_AGAIN, ids, old, hashes, after, now)}


async def confirm(db: Connection, positions: Mapping[str, int], tallies: Tallies) -> None:
    """Note where the stream holds facts, and what each source sent."""
    await db.execute(_CONFIRM, *tallies.columns(), list(positions), list(positions.values()))


async def set_aside(db: Connection, entries: Sequence[Aside], tallies: Tallies, *, now: datetime) -> None:
    """Keep refused items to be seen and replayed; the same one from the same sender is kept once and counted."""
    async with db.transaction():
        if entries:
            await db.execute(_SET_ASIDE, *zip(*entries, strict=True), now)
        await db.execute(_COUNT, *tallies.columns())


async def note_numbers(db: Connection, numbers: Numbers, results: Sequence[str], *, now: datetime) -> None:
    """Note durably that the events with these numbers came, and what became of each (a column of ``numbered``)."""
    await db.execute(_NOTE_NUMBERS, numbers.source, numbers.spool, numbers.kept, numbers.first, results, now)


async def close_aside(db: Connection, entry_id: str, *, fact_id: str, now: datetime) -> None:
    """Note that a replay made a quarantined item a fact."""
    await db.execute(_REPLAYED, entry_id, fact_id, now)


async def keep_aside(db: Connection, entry_id: str, reason: Reason, *, now: datetime) -> None:
    """Note why a replay did not help."""
    await db.execute(_STILL_WRONG, entry_id, reason.code, reason.field, reason.detail, now)
