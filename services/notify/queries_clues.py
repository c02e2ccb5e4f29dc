"""Every statement with which notify reads about clues and deliveries for people; who may see what is part of each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from kit.auth import Principal
from kit.db import Connection
from services.notify.domain.clues import Clue, State


@dataclass(frozen=True, slots=True)
class StandingAlert:
    """The last change of an alert."""

    seq: int
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class ClueRow:
    """A clue as stored; ``for_desk``, ``for_above`` and ``reads`` are about whoever asks."""

    clue: str
    alert_id: str
    alert_revision: int
    alert_seq: int
    rule: str
    about: str
    place: str
    acted_on: date
    desk: str
    desk_place: str
    above: str | None
    handed_over_by: str
    handed_from: str
    handed_over_at: datetime
    handed_on: date
    note: str | None
    working_days: int
    due_on: date | None
    state: State
    steps: int
    closed_by: str | None
    closed_desk: str | None
    closed_at: datetime | None
    reason: str | None
    body: bytes
    """The alert as it was handed over."""
    for_desk: bool
    """Acts for the desk that the clue was handed to."""
    for_above: bool
    """Acts for the desk that it was escalated to."""
    reads: bool
    """May read notes, reasons and what the alert says."""

    def standing(self) -> Clue:
        """Return the clue for the state machine."""
        return Clue(
            self.clue, self.alert_id, self.alert_revision, self.desk, self.due_on, self.state, self.above, self.steps
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Which clues are asked for; None asks for nothing in particular."""

    clue: str | None = None
    alert: str | None = None
    state: State | None = None
    jurisdiction: str | None = None


_STANDING_ALERT: Final = "select seq, at, body from alert_change where alert_id = $1 order by seq desc limit 1"
_LAST_CLUE: Final = """
    select clue, alert_id, alert_revision, desk, due_on, state, above, steps, handover
    from clue where alert_id = $1 order by handover desc limit 1 for update"""

# $1 role, $2 jurisdiction, $3 units of whoever asks. Somebody with units acts for these only. Somebody without acts for
# the desks within the jurisdiction, but at its own place only where no second desk is that might have to stand aside.
_VISIBLE: Final = """
    select c.*, a.body, v.for_desk, v.for_above,
           v.for_desk or v.for_above or ($1 = 'operator' and c.handed_from = $2) as reads
    from clue c
    join alert_change a on a.seq = c.alert_seq
    cross join lateral (
        select $1 = 'discipline' and case
                   when cardinality($3::text[]) > 0 then c.desk = any($3)
                   when c.desk_place = $2 then c.desk_place in (select place from sole_desk)
                   else $2 = '00' or starts_with(c.desk_place, $2) end as for_desk,
               $1 = 'discipline' and c.above is not null and case
                   when cardinality($3::text[]) > 0 then c.above = any($3)
                   when c.above_place = $2 then c.above_place in (select place from sole_desk)
                   else $2 = '00' or starts_with(c.above_place, $2) end as for_above
    ) v
    where c.about <> all($3)
      and (v.for_desk or v.for_above or ($1 <> 'discipline' and ($2 = '00' or starts_with(c.handed_from, $2))))
      and ($4::text is null or c.clue = $4)
      and ($5::text is null or c.alert_id = $5)
      and ($6::text is null or c.state = $6)
      and ($7::text is null or $7 = '00' or starts_with(c.place, $7))"""
_PAGE: Final = (
    _VISIBLE
    + """
      and ($8::timestamptz is null or (c.handed_over_at, c.clue) < ($8, $9))
    order by c.handed_over_at desc, c.clue desc limit $10"""
)  # only constants are joined
_OVERDUE: Final = """
    select clue, alert_id, alert_revision, desk, due_on, state, above, steps,
           about, place, acted_on, desk_place, handed_from
    from clue where state = 'open' and above is null and due_on < $1 order by clue for update"""
_UNDATED: Final = """
    select clue, place, handed_on, working_days from clue
    where state = 'open' and due_on is null order by clue for update"""
_STEPS: Final = "select step, verb, desk, at, fact_id from clue_step where clue = $1 order by step"
_NAMES: Final = """
    select distinct on (unit) unit, name from unit_version where unit = any($1)
    order by unit, valid_from desc, recorded desc, fact_id desc"""


async def standing_alert(db: Connection, alert_id: str) -> StandingAlert | None:
    """Return the last change of an alert, if there is such an alert."""
    row = await db.fetchrow(_STANDING_ALERT, alert_id)
    return StandingAlert(**row) if row else None


async def last_clue(db: Connection, alert_id: str) -> tuple[Clue | None, int]:
    """Return the latest clue of an alert, locked, and how often the alert was handed over."""
    row = await db.fetchrow(_LAST_CLUE, alert_id)
    if row is None:
        return None, 0
    fields = dict(row)
    return Clue(**{name: fields[name] for name in fields if name != "handover"}), fields["handover"]


async def clues(
    db: Connection, who: Principal, asked: Asked, *, after: tuple[datetime, str] | None, limit: int
) -> list[ClueRow]:
    """Return the clues that ``who`` may know of, the newest first."""
    at, clue = after or (None, None)
    rows = await db.fetch(_PAGE, *_scope(who), *_filter(asked), at, clue, limit)
    return [_clue_row(dict(row)) for row in rows]


async def clue(db: Connection, who: Principal, clue_id: str, *, lock: bool = False) -> ClueRow | None:
    """Return one clue if ``who`` may know of it; ``lock`` keeps others from changing it in this transaction."""
    statement = _VISIBLE + " for update of c" if lock else _VISIBLE
    row = await db.fetchrow(statement, *_scope(who), *_filter(Asked(clue=clue_id)))
    return _clue_row(dict(row)) if row else None


@dataclass(frozen=True, slots=True)
class OverdueClue:
    """An open clue whose due date has passed, and what choosing a higher desk needs."""

    clue: Clue
    about: str
    place: str
    acted_on: date
    desk_place: str
    handed_from: str


async def overdue(db: Connection, today: date) -> list[OverdueClue]:
    """Return the clues to escalate, locked."""
    return [
        OverdueClue(
            Clue(*(row[n] for n in range(8))),
            row["about"],
            row["place"],
            row["acted_on"],
            row["desk_place"],
            row["handed_from"],
        )
        for row in await db.fetch(_OVERDUE, today)
    ]


@dataclass(frozen=True, slots=True)
class UndatedClue:
    """An open clue whose due date is not known yet."""

    clue: str
    place: str
    handed_on: date
    working_days: int


async def undated(db: Connection) -> list[UndatedClue]:
    """Return the open clues without a due date, locked."""
    return [UndatedClue(**row) for row in await db.fetch(_UNDATED)]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a clue; the words of it are in the clue itself."""

    step: int
    verb: str
    desk: str
    at: datetime
    fact_id: str


async def steps(db: Connection, clue_id: str) -> list[Step]:
    """Return the steps of a clue in order."""
    return [Step(**row) for row in await db.fetch(_STEPS, clue_id)]


async def names(db: Connection, units: Collection[str]) -> dict[str, str]:
    """Return the newest name of each registered unit."""
    return {row["unit"]: row["name"] for row in await db.fetch(_NAMES, units)}


# ---------------------------------------------------------------- deliveries

_DELIVERIES: Final = """
    select d.id as number, d.receiver, d.about_kind, d.about_id, d.revision, d.change, d.scope as jurisdiction,
           d.reason, d.route, d.timing, d.dropped, d.at, d.delivery, l.kind, l.channel, l.state, l.reason as result,
           l.attempts, l.due_at, l.next_at, l.completed_at
    from decision d left join delivery l on l.id = d.delivery
    where ($2 = '00' or starts_with(d.scope, $2))
      and (d.about_kind = 'alert' or ($1 <> 'discipline' and d.about_unit <> all($3)))
      and ($4::text is null or d.about_id = $4)
      and ($5::text is null or d.receiver = $5)
      and ($6::text is null or l.channel = $6)
      and ($7::text is null or l.state = $7)
      and ($8::bigint is null or d.id < $8)
    order by d.id desc limit $9"""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What was decided for one receiver, and what became of the message."""

    number: int
    receiver: str
    about_kind: Literal["alert", "clue"]
    about_id: str
    revision: int
    change: str
    jurisdiction: str
    reason: str
    route: str | None
    timing: str | None
    dropped: str | None
    at: datetime
    delivery: str | None
    kind: str | None
    channel: str | None
    state: str | None
    result: str | None
    attempts: int | None
    due_at: datetime | None
    next_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveriesAsked:
    """Which decisions are asked for."""

    about: str | None = None
    receiver: str | None = None
    channel: str | None = None
    state: str | None = None


async def deliveries(
    db: Connection, who: Principal, asked: DeliveriesAsked, *, after: int | None, limit: int
) -> list[DeliveryRow]:
    """Return the decisions that ``who`` may know of, the newest first."""
    filters = (asked.about, asked.receiver, asked.channel, asked.state)
    return [DeliveryRow(**row) for row in await db.fetch(_DELIVERIES, *_scope(who), *filters, after, limit)]


def _scope(who: Principal) -> tuple[str, str, list[str]]:
    return who.role.value, who.jurisdiction, sorted(who.units)


def _filter(asked: Asked) -> tuple[str | None, ...]:
    return asked.clue, asked.alert, asked.state, asked.jurisdiction


def _clue_row(fields: dict[str, Any]) -> ClueRow:
    return ClueRow(**{name: fields[name] for name in ClueRow.__slots__})
