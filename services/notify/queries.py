"""Every statement with which notify reads about alerts, deliveries and what it knows of the world."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from contracts.workdays import YearCalendar
from kit.db import Connection
from services.notify.domain.deadlines import Published
from services.notify.domain.desks import DESK_KIND, UnitVersion
from services.notify.domain.mail import BEIJING, DIGEST, Letter, Mailroom, Notice, Routing, Told

State = Literal["waiting", "sending", "retrying", "delivered", "refused", "expired", "cancelled"]

_CHECKPOINT: Final = "select seq, at from checkpoint where stream = $1"


async def checkpoint(db: Connection, stream: str) -> tuple[int, datetime | None]:
    """Return up to which sequence a stream is applied, and when the stream stored that message."""
    row = await db.fetchrow(_CHECKPOINT, stream)
    return (row["seq"], row["at"]) if row else (0, None)


# ---------------------------------------------------------------- what deciding needs

_KNOWN_FACTS: Final = "select fact_id from alert_change where fact_id = any($1)"
_NEWEST_REVISIONS: Final = """
    select alert_id, max(revision) as revision from alert_change where alert_id = any($1) group by alert_id"""
_LOCK_LETTERS: Final = """
    select id from delivery
    where state = 'waiting' and kind <> 'clue' and (
        group_key = any($1) or id in (select delivery from decision where about_id = any($2) and dropped is null))
    order by id for update"""
_LETTERS: Final = """
    select id, receiver, channel, kind, group_key, opened_at, due_at,
           (select count(*) from decision where delivery = delivery.id and dropped is null) as size
    from delivery where id = any($1) order by opened_at, id"""
_TOLD: Final = """
    select d.receiver, d.about_id, d.fact_id, d.change, d.gist, d.route, d.delivery, l.state <> 'waiting' as left
    from decision d join delivery l on l.id = d.delivery
    where d.about_kind = 'alert' and d.about_id = any($1) and d.dropped is null
      and l.state in ('waiting', 'sending', 'retrying', 'delivered')
    order by d.id"""
_SPENT: Final = """
    select receiver, (opened_at at time zone 'Asia/Shanghai')::date as day, count(*) as n
    from delivery where kind = 'alert' and opened_at >= $1 and receiver = any($2)
    group by 1, 2"""


async def known_facts(db: Connection, fact_ids: Collection[str]) -> frozenset[str]:
    """Return which of these alert changes are stored already."""
    return frozenset(row["fact_id"] for row in await db.fetch(_KNOWN_FACTS, fact_ids))


async def newest_revisions(db: Connection, alert_ids: Collection[str]) -> dict[str, int]:
    """Return the newest revision that is stored of each alert that is known."""
    return {row["alert_id"]: row["revision"] for row in await db.fetch(_NEWEST_REVISIONS, alert_ids)}


async def open_mailroom(db: Connection, routing: Routing, notices: Sequence[Notice]) -> Mailroom:
    """Return the state that deciding on these changes needs; its waiting letters are locked against leaving."""
    alerts = {notice.alert_id for notice in notices}
    groups = {route.group_of(n.traits.rule, n.about) for route in routing.routes for n in notices} | {DIGEST}
    locked = [row["id"] for row in await db.fetch(_LOCK_LETTERS, groups, alerts)]
    mailroom = Mailroom(routing)
    mailroom.put(
        Letter(r["id"], r["receiver"], r["channel"], r["kind"], r["group_key"], r["opened_at"], r["due_at"], r["size"])
        for r in await db.fetch(_LETTERS, locked)
    )
    for r in await db.fetch(_TOLD, alerts):
        told = Told(r["fact_id"], r["change"], r["gist"], r["route"], r["delivery"], r["left"])
        mailroom.told.setdefault(r["about_id"], {}).setdefault(r["receiver"], []).append(told)
    first = min(notice.at for notice in notices).astimezone(BEIJING)
    budgeted = [name for name, receiver in routing.receivers.items() if receiver.daily_budget is not None]
    if budgeted:
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        for r in await db.fetch(_SPENT, midnight, budgeted):
            mailroom.spent[r["receiver"], r["day"]] = r["n"]
    return mailroom


# ---------------------------------------------------------------- sending and streaming

_ITEMS: Final = """
    select d.delivery, d.about_kind, d.about_id, d.fact_id, d.revision, d.scope, c.seq, c.at, c.body
    from decision d left join alert_change c on c.fact_id = d.fact_id
    where d.delivery = any($1) and d.dropped is null
    order by d.id"""
_NEXT_DUE: Final = """
    select min(next_at) from delivery where completed_at is null and (receiver = any($1)) <> $2"""
_CHANGES: Final = """
    select seq, at, body from alert_change
    where seq > $1 and seq <= $2 and ($3 = '00' or starts_with(place, $3))
      and ($4::text[] is null or severity = any($4)) and ($5::text[] is null or rule = any($5))
    order by seq limit $6"""
_LAST_CHANGES: Final = "select seq, at, body from alert_change where seq <= $1 order by seq desc limit $2"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One thing that a message tells of; a clue has no ``seq``, ``at`` and ``body`` here."""

    delivery: str
    about_kind: Literal["alert", "clue"]
    about_id: str
    fact_id: str
    revision: int
    scope: str
    seq: int | None
    at: datetime | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A stored change of an alert."""

    seq: int
    at: datetime
    body: bytes


async def items(db: Connection, deliveries: Collection[str]) -> list[ItemRow]:
    """Return what these messages tell of, in the order of the decisions."""
    return [ItemRow(**row) for row in await db.fetch(_ITEMS, deliveries)]


@dataclass(frozen=True, slots=True)
class Whose:
    """The messages of these receivers, or of all ``others``."""

    receivers: tuple[str, ...]
    others: bool = False


async def next_due(db: Connection, whose: Whose) -> datetime | None:
    """Return when the next message is to be sent; None when none waits."""
    at: datetime | None = await db.fetchval(_NEXT_DUE, whose.receivers, whose.others)
    return at


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader of the event stream asks for, its own jurisdiction applied."""

    jurisdiction: str
    severity: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()


async def changes(db: Connection, wanted: Wanted, *, after: int, to: int, limit: int) -> list[ChangeRow]:
    """Return stored changes with ``after`` < seq <= ``to``, oldest first."""
    severity, rule = wanted.severity or None, wanted.rule or None
    return [ChangeRow(**row) for row in await db.fetch(_CHANGES, after, to, wanted.jurisdiction, severity, rule, limit)]


async def last_changes(db: Connection, *, to: int, limit: int) -> list[ChangeRow]:
    """Return the newest stored changes up to ``to``, oldest first."""
    return [ChangeRow(**row) for row in reversed(await db.fetch(_LAST_CHANGES, to, limit))]


# ---------------------------------------------------------------- the world

_UNITS: Final = """
    select unit, name, kind, place, superior, valid_from, valid_to, recorded, fact_id
    from unit_version where unit = any($1)"""
_DESKS: Final = "select distinct unit from unit_version where kind = $1 and place = any($2)"
_CALENDARS: Final = """
    select fact_id, year, place, basis, days_off, work_days, recorded from calendar where place = any($1)"""
_LAST_DAY: Final = "select day from last_day"
_REFERENCES: Final = "select fact_id, body from reference where fact_id = any($1)"
_AMENDMENTS: Final = "select fact_id, target, recorded, place, body from amendment where target = any($1)"


@dataclass(frozen=True, slots=True)
class AmendmentRow:
    """A stored correction or withdrawal; the bytes are those of a correction."""

    fact_id: str
    target: str
    recorded: datetime
    place: str
    body: bytes | None


async def references(db: Connection, fact_ids: Collection[str]) -> dict[str, bytes]:
    """Return the bytes of those of these facts that are about units or calendars."""
    return {row["fact_id"]: row["body"] for row in await db.fetch(_REFERENCES, fact_ids)}


async def amendments(db: Connection, targets: Collection[str]) -> list[AmendmentRow]:
    """Return what corrects or withdraws these facts."""
    return [AmendmentRow(**row) for row in await db.fetch(_AMENDMENTS, targets)]


async def units_above(db: Connection, units: Collection[str]) -> list[UnitVersion]:
    """Return all versions of these units and of everything that was ever above them."""
    found: list[UnitVersion] = []
    asked: set[str] = set()
    wanted = set(units)
    while wanted:
        asked |= wanted
        rows = [UnitVersion(**row) for row in await db.fetch(_UNITS, wanted)]
        found += rows
        wanted = {row.superior for row in rows if row.superior is not None} - asked
    return found


async def desk_units(db: Connection, places: Collection[str]) -> list[str]:
    """Return the units that ever were discipline desks of one of these places."""
    return [row["unit"] for row in await db.fetch(_DESKS, DESK_KIND, places)]


async def calendars(db: Connection, places: Collection[str]) -> list[Published]:
    """Return the calendars that were published for one of these places."""
    return [
        Published(
            r["place"],
            r["recorded"],
            r["fact_id"],
            YearCalendar(r["year"], r["basis"], frozenset(r["days_off"]), frozenset(r["work_days"])),
        )
        for r in await db.fetch(_CALENDARS, places)
    ]


async def today(db: Connection, clock: datetime) -> date:
    """Return the day after the last that ended by the facts; without such facts, China's date at ``clock``."""
    ended: date | None = await db.fetchval(_LAST_DAY)
    return ended + timedelta(days=1) if ended else clock.astimezone(BEIJING).date()
