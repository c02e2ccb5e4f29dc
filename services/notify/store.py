"""Every statement with which notify writes about alerts, deliveries and what it knows of the world."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from kit.db import Connection
from services.notify.channels.base import Kind, Reason
from services.notify.domain.deadlines import Published
from services.notify.domain.desks import UnitVersion
from services.notify.domain.mail import Decision, Letter, Mailroom
from services.notify.domain.retry import FARTHEST
from services.notify.queries import Whose
from services.notify.wire import AlertChange

_SET_CHECKPOINT: Final = """
    insert into checkpoint (stream, seq, at) values ($1, $2, $3)
    on conflict (stream) do update set seq = excluded.seq, at = excluded.at"""


async def set_checkpoint(db: Connection, stream: str, seq: int, at: datetime) -> None:
    """Remember that everything up to ``seq`` has been applied."""
    await db.execute(_SET_CHECKPOINT, stream, seq, at)


# ---------------------------------------------------------------- alerts and what is told of them

_ADD_CHANGES: Final = """
    insert into alert_change (seq, fact_id, alert_id, revision, change, severity, rule, about, place, at, body)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::timestamptz[], $11::bytea[])"""


async def add_changes(db: Connection, changes: Sequence[AlertChange]) -> None:
    """Add changes of alerts that are not there yet."""
    rows = [
        (c.seq, c.fact_id, a.alert_id, a.revision, c.change, a.severity, a.rule, a.about, a.place, c.at, c.body)
        for c in changes
        for a in [c.alert]
    ]
    await db.execute(_ADD_CHANGES, *_columns(rows, 11))


_OPEN_LETTERS: Final = """
    insert into delivery (id, kind, receiver, channel, group_key, state, opened_at, due_at, next_at, completed_at)
    select id, kind, receiver, channel, group_key, state, opened_at, due_at, due_at,
           case when state = 'cancelled' then opened_at end
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::timestamptz[])
        as new (id, kind, receiver, channel, group_key, state, opened_at, due_at)
    on conflict (id) do update set state = excluded.state, completed_at = excluded.completed_at"""
_DROP: Final = """
    update decision set dropped = gone.why
    from unnest($1::text[], $2::text[], $3::text[]) as gone (receiver, fact_id, why)
    where decision.receiver = gone.receiver and decision.fact_id = gone.fact_id"""
_ADD_DECISIONS: Final = """
    insert into decision (receiver, about_kind, about_id, fact_id, revision, change, about_unit, scope, reason, route,
                          timing, delivery, dropped, gist, at)
    select r, 'alert', a, f, n, c, u, s, why, route, timing, delivery, dropped, gist, at
    from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[])
        as new (r, a, f, n, c, u, s, why, route, timing, delivery, dropped, gist, at)"""


async def save_mail(db: Connection, mailroom: Mailroom) -> None:
    """Store what a mailroom decided; a letter that lost all its alerts before it left is cancelled."""
    await db.execute(_OPEN_LETTERS, *_columns([_letter_row(letter) for letter in mailroom.letters.values()], 8))
    await db.execute(_DROP, *_columns([(*key, why) for key, why in mailroom.dropped.items()], 3))
    await db.execute(_ADD_DECISIONS, *_columns([_decision_row(one) for one in mailroom.decisions.values()], 14))


def _letter_row(letter: Letter) -> tuple[object, ...]:
    state = "waiting" if letter.size else "cancelled"
    return (
        letter.id,
        letter.kind,
        letter.receiver,
        letter.channel,
        letter.group,
        state,
        letter.opened_at,
        letter.due_at,
    )


def _decision_row(one: Decision) -> tuple[object, ...]:
    n, t = one.notice, one.notice.traits
    return (
        one.receiver, n.alert_id, n.fact_id, n.revision, t.change, n.about, t.place,
        one.reason, one.route, one.timing, one.letter, one.dropped, n.gist, n.at,
    )  # fmt: skip


# ---------------------------------------------------------------- sending


Ending = Literal["delivered", "refused", "expired"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process is to send now."""

    id: str
    kind: Kind
    receiver: str
    channel: str
    attempts: int
    """This attempt included."""
    due_at: datetime


_CLAIM: Final = """
    update delivery set state = 'sending', attempts = attempts + 1, next_at = $1::timestamptz + $3::interval
    where id in (
        select id from delivery
        where completed_at is null and (receiver = any($4)) <> $5
          and (next_at <= $1
               or state = 'waiting' and due_at = opened_at
               or state <> 'waiting' and next_at > $1::timestamptz + $6::interval)
        order by next_at limit $2 for update skip locked)
    returning id, kind, receiver, channel, attempts, due_at"""
_RETRY: Final = """
    update delivery d set state = 'retrying', reason = new.reason, next_at = new.at
    from unnest($1::text[], $2::integer[], $3::text[], $4::timestamptz[]) as new (id, attempt, reason, at)
    where d.id = new.id and d.attempts = new.attempt and d.state = 'sending'"""
_COMPLETE: Final = """
    update delivery d set state = new.state, reason = new.reason, completed_at = new.at
    from unnest($1::text[], $2::integer[], $3::text[], $4::timestamptz[], $5::text[]) as new (id, attempt, reason, at, state)
    where d.id = new.id and d.attempts = new.attempt and d.state = 'sending'
    returning d.id"""


async def claim(db: Connection, whose: Whose, now: datetime, *, limit: int, lease: timedelta) -> list[Claimed]:
    """Take due messages to send, the longest due first; after ``lease`` they may be taken again.

    What is to leave at once is due whatever the stream's clock said, and so is what waits longer than anything ever
    does: a clock has been set back.
    """
    rows = await db.fetch(_CLAIM, now, limit, lease, whose.receivers, whose.others, max(lease, FARTHEST))
    return [Claimed(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one attempt to send a message."""

    id: str
    attempt: int
    reason: Reason
    at: datetime
    """When it ended, or is to be tried again."""
    ending: Ending | None
    """None: it is to be tried again."""


async def settle(db: Connection, attempts: Sequence[Settled]) -> frozenset[str]:
    """Store what became of attempts; return the messages that ended now.

    A message that somebody else has taken over meanwhile is left alone.
    """
    again = [(one.id, one.attempt, one.reason, one.at) for one in attempts if one.ending is None]
    ended = [(one.id, one.attempt, one.reason, one.at, one.ending) for one in attempts if one.ending is not None]
    await db.execute(_RETRY, *_columns(again, 4))
    return frozenset(row["id"] for row in await db.fetch(_COMPLETE, *_columns(ended, 5)))


# ---------------------------------------------------------------- the world

_ADD_REFERENCES: Final = """
    insert into reference (fact_id, body) select * from unnest($1::text[], $2::bytea[]) on conflict do nothing"""
_ADD_AMENDMENTS: Final = """
    insert into amendment (fact_id, target, recorded, place, body)
    select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bytea[]) on conflict do nothing"""
_FORGET_UNITS: Final = "delete from unit_version where fact_id = any($1)"
_FORGET_CALENDARS: Final = "delete from calendar where fact_id = any($1)"
_ADD_UNIT: Final = """
    insert into unit_version (fact_id, unit, name, kind, place, superior, valid_from, valid_to, recorded)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_ADD_CALENDAR: Final = """
    insert into calendar (fact_id, year, place, basis, days_off, work_days, recorded)
    values ($1, $2, $3, $4, $5, $6, $7)"""
_END_DAY: Final = """
    insert into last_day (day) values ($1)
    on conflict (only_row) do update set day = greatest(last_day.day, excluded.day) returning day"""


async def add_references(db: Connection, facts: Sequence[tuple[str, bytes]]) -> None:
    """Keep facts about units and calendars: (fact id, bytes)."""
    await db.execute(_ADD_REFERENCES, *_columns(facts, 2))


async def add_amendments(db: Connection, amendments: Sequence[tuple[str, str, datetime, str, bytes | None]]) -> None:
    """Keep what corrects or withdraws: (fact id, target, recorded, jurisdiction, bytes of a correction)."""
    await db.execute(_ADD_AMENDMENTS, *_columns(amendments, 5))


async def replace_standing(
    db: Connection, fact_ids: Collection[str], standing: Iterable[UnitVersion | Published]
) -> None:
    """Let ``standing`` be all that these facts say."""
    await db.execute(_FORGET_UNITS, fact_ids)
    await db.execute(_FORGET_CALENDARS, fact_ids)
    units: list[tuple[object, ...]] = []
    calendars: list[tuple[object, ...]] = []
    for one in standing:
        if isinstance(one, UnitVersion):
            row = (one.unit, one.name, one.kind, one.place, one.superior, one.valid_from, one.valid_to, one.recorded)
            units.append((one.fact_id, *row))
        else:
            year = one.calendar
            days = sorted(year.days_off), sorted(year.work_days)
            calendars.append((one.fact_id, year.year, one.place, year.basis, *days, one.recorded))
    await db.executemany(_ADD_UNIT, units)
    await db.executemany(_ADD_CALENDAR, calendars)


async def end_day(db: Connection, day: date) -> date:
    """Remember that a day ended; return the last day that ended."""
    last: date = await db.fetchval(_END_DAY, day)
    return last


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Turn rows into one list for each column."""
    return [[row[n] for row in rows] for n in range(width)]
