"""What operators and desks do with clues, and what days passing do: each step one transaction and one fact."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from contracts.clues import ClueHandedOver
from contracts.event import fact_id
from contracts.jurisdiction import path_of
from contracts.workdays import Workdays
from kit import outbox, telemetry
from kit.auth import Principal
from kit.db import Connection
from kit.errors import Conflict, Forbidden, NotFound
from services.notify import facts, queries, queries_clues, store_clues
from services.notify.domain import clues, deadlines, desks
from services.notify.domain.routes import Receiver
from services.notify.queries_clues import ClueRow
from services.notify.store_clues import Handover, Waiting
from services.notify.wire import read_change

_NOT_IN_KEYS: Final = re.compile(r"[^\w.:/\-]")


@dataclass(frozen=True, slots=True)
class Casework:
    """What the steps of clues need of the deployment."""

    workdays: Workdays
    """The calendars that ship with the product."""
    working_days: int
    unit: str
    tell: Mapping[str, Sequence[Receiver]]
    """Desk -> whom to tell that a clue waits there."""

    async def hand_over(self, db: Connection, who: Principal, alert_id: str, note: str | None, now: datetime) -> str:
        """Turn an alert as it stands into a clue and return the clue's id; the caller owns the transaction.

        Raises ``NotFound``, ``Forbidden``, ``Conflict``, or ``Rejected`` when no desk may have it.
        """
        row = await queries_clues.standing_alert(db, alert_id)
        change = read_change(row.seq, row.at, row.body) if row else None
        if change is None or not who.may_see(change.alert.place):
            raise NotFound("没有这条预警", field="alert_id")
        alert = change.alert
        if alert.about in who.units:
            raise Forbidden("预警涉及本单位，应由其他单位的监测操作员移交", field="alert_id")
        last, count = await queries_clues.last_clue(db, alert_id)
        clues.check_handover(last, alert.revision, retracted=change.change == "retracted")
        today = await queries.today(db, now)
        desk = (await choose_desk(db, alert.about, alert.place, acted_on=alert.happened_on, today=today)).first()
        event = ClueHandedOver(
            clue=clues.clue_id(alert_id, count + 1),
            alert_id=alert_id,
            alert_revision=alert.revision,
            dossier_hash=alert.dossier_hash,
            rule=alert.rule,
            about=alert.about,
            place=alert.place,
            desk=desk.unit,
            handed_over_by=pseudonym(who.subject),
            note=note,
            due_on=await self._due_on(db, alert.place, today, self.working_days),
        )
        handover = Handover(count + 1, change.seq, alert.happened_on, desk, who.jurisdiction, today, self.working_days)
        if not await store_clues.add_clue(db, event, handover, now):
            raise Conflict("该预警已移交，正在等待签收", field="alert_id")
        case = _Case(clues.evolve(None, event), alert.about, alert.place, who.jurisdiction)
        await self._state(db, case, event, desk=desk.unit, at=now)
        return event.clue

    async def receive(self, db: Connection, who: Principal, clue_id: str, now: datetime) -> None:
        """Sign for a clue; a second signature of the same person for the same desk changes nothing."""
        row, desk = await self._to_close(db, who, clue_id, now)
        if row.state == "received" and (row.closed_by, row.closed_desk) == (pseudonym(who.subject), desk):
            return
        event = clues.receive(row.standing(), desk=desk, by=pseudonym(who.subject), at=now)
        after = clues.evolve(row.standing(), event)
        await store_clues.close_clue(db, after, by=pseudonym(who.subject), desk=desk, at=now, reason=None)
        await self._state(db, _Case(after, row.about, row.place, row.handed_from), event, desk=desk, at=now)

    async def refuse(self, db: Connection, who: Principal, clue_id: str, reason: str, now: datetime) -> None:
        """Give a clue back with its reason; the operator may hand the alert over again."""
        row, desk = await self._to_close(db, who, clue_id, now)
        event = clues.refuse(row.standing(), desk=desk, by=pseudonym(who.subject), at=now, reason=reason)
        after = clues.evolve(row.standing(), event)
        await store_clues.close_clue(db, after, by=pseudonym(who.subject), desk=desk, at=now, reason=event.reason)
        await self._state(db, _Case(after, row.about, row.place, row.handed_from), event, desk=desk, at=now)

    async def end_day(self, db: Connection, today: date, now: datetime) -> int:
        """Escalate what became overdue before ``today``, each clue once; return how many."""
        escalated = 0
        for late in await queries_clues.overdue(db, today):
            choice = await choose_desk(db, late.about, late.place, acted_on=late.acted_on, today=today)
            above = choice.above(late.desk_place)
            event = clues.escalate(late.clue, today=today, higher=above.unit if above else None)
            if event is None or above is None:
                continue
            after = clues.evolve(late.clue, event)
            await store_clues.escalate_clue(db, after, above)
            await self._state(
                db, _Case(after, late.about, late.place, late.handed_from), event, desk=above.unit, at=now
            )
            escalated += 1
        return escalated

    async def date_undated(self, db: Connection) -> None:
        """Give a due date to open clues that waited for a calendar to be published."""
        for clue in await queries_clues.undated(db):
            due_on = await self._due_on(db, clue.place, clue.handed_on, clue.working_days)
            if due_on is not None:
                await store_clues.date_clue(db, clue.clue, due_on)

    async def workdays_of(self, db: Connection, place: str) -> Workdays:
        """Return the working days of a place."""
        return deadlines.workdays_of(place, self.workdays, await queries.calendars(db, path_of(place)))

    async def _due_on(self, db: Connection, place: str, handed_on: date, days: int) -> date | None:
        return deadlines.due_on(handed_on, days, await self.workdays_of(db, place))

    async def _to_close(self, db: Connection, who: Principal, clue_id: str, now: datetime) -> tuple[ClueRow, str]:
        """Return a clue, locked, and the desk for which ``who`` may close it."""
        row = await queries_clues.clue(db, who, clue_id, lock=True)
        if row is None:
            raise NotFound("没有这条线索")
        desk = row.desk if row.for_desk else row.above if row.for_above else None
        if desk is None:
            raise Forbidden("只有承办的纪检监察机构可以签收或退回")
        today = await queries.today(db, now)
        choice = await choose_desk(db, row.about, row.place, acted_on=row.acted_on, today=today)
        if choice.bars(desk):
            raise Forbidden("机构隶属关系已经变化，该机构应当回避")
        return row, desk

    async def _state(self, db: Connection, case: "_Case", event: clues.ClueEvent, *, desk: str, at: datetime) -> None:
        """Store a step, have its desk told if the clue waits there, and put its fact into the outbox."""
        clue = case.clue
        id_ = f"{clue.clue}.{clue.steps}"
        message = facts.outgoing(
            event, id_=id_, at=at, place=case.place, unit=self.unit, traceparent=telemetry.traceparent()
        )
        await store_clues.add_step(db, clue, event, fact_id=message.msg_id, desk=desk, at=at)
        if clue.state == "open":
            waiting = Waiting(clue.clue, clue.steps, event.verb, message.msg_id, case.about, case.handed_from)
            letters = [(fact_id(f"clue\0{to.name}", message.msg_id), to) for to in self.tell.get(desk, ())]
            await store_clues.add_letters(db, waiting, letters, at)
        await outbox.enqueue(db, "CLUES", [message])


@dataclass(frozen=True, slots=True)
class _Case:
    clue: clues.Clue
    about: str
    place: str
    handed_from: str


def pseudonym(subject: str) -> str:
    """Return a caller's name as a key; characters that a key cannot have are replaced, and a hash keeps it unique."""
    plain = _NOT_IN_KEYS.sub("_", subject)
    return plain if plain == subject else f"{plain[:100]}-{fact_id('subject', subject)[:8]}"


async def choose_desk(db: Connection, about: str, place: str, *, acted_on: date, today: date) -> desks.Choice:
    """Return which desks may have a clue about a unit; raise ``Rejected`` when the unit is not registered."""
    accused = await queries.units_above(db, [about])
    places = {*path_of(place), *(ancestor for version in accused for ancestor in path_of(version.place))}
    versions = await queries.units_above(db, {about, *await queries.desk_units(db, places)})
    return desks.choose(
        about=about, place=place, today=desks.as_of(versions, today), then=desks.as_of(versions, acted_on)
    )
