"""The HTTP routes of notify: the event stream, deliveries, and clues."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import Response

from contracts.alerts import AlertId, Severity
from contracts.event import Key
from contracts.jurisdiction import Jurisdiction, path_of
from kit import clock
from kit.auth import Principal, allow
from kit.body import StrictJson
from kit.db import Connection
from kit.errors import NotFound
from kit.paging import Current, Keyset, Page
from kit.parked import ParkedAsked, ParkedMessage, Replayed, listed
from services.notify import queries, queries_clues
from services.notify.answers import (
    ClueAnswer,
    DeliveryAnswer,
    DeliveryState,
    HandOver,
    Refuse,
    clue_answer,
    delivery_answer,
)
from services.notify.domain.clues import State
from services.notify.domain.deadlines import workdays_of
from services.notify.parts import OfApp, Parts
from services.notify.queries import Wanted
from services.notify.queries_clues import Asked, ClueRow, DeliveriesAsked
from services.notify.reading import ALERTS
from services.notify.streaming import EventStream
from services.notify.wire import AlertChange, read_change

router = APIRouter(prefix="/v1", route_class=StrictJson)
Watcher = Annotated[Principal, Depends(allow("operator", "discipline", "admin"))]
Operator = Annotated[Principal, Depends(allow("operator"))]
Custodian = Annotated[Principal, Depends(allow("operator", "admin"))]
Discipline = Annotated[Principal, Depends(allow("discipline"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=400)]
ClueId = Annotated[AlertId, Path()]
_CLUES: Final = Keyset(tuple[datetime, str])
_DELIVERIES: Final = Keyset(tuple[int])


@router.get("/stream", response_class=EventStream, status_code=200)
async def stream(  # noqa: PLR0913, PLR0917  each filter is a parameter of the query
    parts: OfApp,
    who: Watcher,
    jurisdiction: Jurisdiction | None = None,
    severity: Annotated[list[Severity] | None, Query()] = None,
    rule: Annotated[list[Key] | None, Query(max_length=50)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,18}$")] = None,
) -> Response:
    """Follow the changes of alerts within the caller's jurisdiction, as server-sent events.

    An event's id is its sequence in the stream of alerts. A client that sends ``Last-Event-ID`` (or ``after``) goes on
    behind it without gap or repetition; without either it gets what comes from now on. The stream ends with an event
    ``end`` that says why.
    """
    if jurisdiction is not None:
        who.require(jurisdiction)
    parts.clients.check()
    wanted = Wanted(jurisdiction or who.jurisdiction, tuple(severity or ()), tuple(rule or ()))

    async def history(begin: int, to: int, limit: int) -> Sequence[AlertChange]:
        async with parts.readers.acquire(who) as db:
            rows = await queries.changes(db, wanted, after=begin, to=to, limit=limit)
        return [read_change(row.seq, row.at, row.body) for row in rows]

    begin = int(last_event_id) if last_event_id is not None else after
    return EventStream(parts.hub.follow(wanted, after=begin, history=history), parts.clients)


@router.get("/deliveries")
async def list_deliveries(  # noqa: PLR0913, PLR0917  likewise
    parts: OfApp,
    who: Watcher,
    about: Annotated[AlertId | None, Query(description="The id of an alert or a clue")] = None,
    receiver: Key | None = None,
    channel: Key | None = None,
    state: DeliveryState | None = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> Page[DeliveryAnswer]:
    """List who was told of what and when, or why not, the newest decisions first."""
    begin = _DELIVERIES.decode(after)[0] if after else None
    asked = DeliveriesAsked(about, receiver, channel, state)
    async with parts.readers.acquire(who) as db:
        rows = await queries_clues.deliveries(db, who, asked, after=begin, limit=limit)
        current = await _current(db)
    following = _DELIVERIES.encode((rows[-1].number,)) if len(rows) == limit else None
    return Page(items=[delivery_answer(row) for row in rows], next=following, current=current)


@router.post("/clues", status_code=201)
async def hand_over(parts: OfApp, who: Operator, body: HandOver) -> ClueAnswer:
    """Hand an alert over to the discipline desk that is responsible and need not stand aside."""
    async with parts.pool.acquire() as db, db.transaction():
        clue_id = await parts.casework.hand_over(db, who, body.alert_id, body.note or None, clock.now())
    parts.clue_stated()
    return await _one(parts, who, clue_id)


@router.get("/clues")
async def list_clues(  # noqa: PLR0913, PLR0917  likewise
    parts: OfApp,
    who: Watcher,
    alert: AlertId | None = None,
    state: State | None = None,
    jurisdiction: Jurisdiction | None = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> Page[ClueAnswer]:
    """List clues, the newest first: a desk sees its own, others that their jurisdiction handed some over."""
    begin = _CLUES.decode(after) if after else None
    asked = Asked(alert=alert, state=state, jurisdiction=jurisdiction)
    async with parts.readers.acquire(who) as db:
        rows = await queries_clues.clues(db, who, asked, after=begin, limit=limit)
        items = await _answers(db, parts, rows)
        current = await _current(db)
    following = _CLUES.encode((rows[-1].handed_over_at, rows[-1].clue)) if len(rows) == limit else None
    return Page(items=items, next=following, current=current)


@router.get("/clues/{clue_id}")
async def one_clue(parts: OfApp, who: Watcher, clue_id: ClueId) -> ClueAnswer:
    """Show one clue with its steps."""
    return await _one(parts, who, clue_id)


@router.post("/clues/{clue_id}/receive")
async def receive(parts: OfApp, who: Discipline, clue_id: ClueId) -> ClueAnswer:
    """Sign for a clue (签收)."""
    async with parts.pool.acquire() as db, db.transaction():
        await parts.casework.receive(db, who, clue_id, clock.now())
    parts.clue_stated()
    return await _one(parts, who, clue_id)


@router.post("/clues/{clue_id}/refuse")
async def refuse(parts: OfApp, who: Discipline, clue_id: ClueId, body: Refuse) -> ClueAnswer:
    """Give a clue back with its reason (退回); the operator may hand the alert over again."""
    async with parts.pool.acquire() as db, db.transaction():
        await parts.casework.refuse(db, who, clue_id, body.reason, clock.now())
    parts.clue_stated()
    return await _one(parts, who, clue_id)


@router.get("/parked")
async def list_parked(parts: OfApp, who: Custodian, asked: Annotated[ParkedAsked, Query()]) -> Page[ParkedMessage]:
    """List messages of the streams that could not be read, each with its reason and without its content."""
    async with parts.readers.acquire(who) as db:
        items, following = await listed(db, who.jurisdiction, asked)
        return Page(items=items, next=following, current=await _current(db))


@router.post("/parked/replay")
async def replay_parked(parts: OfApp, who: Custodian) -> Replayed:
    """Apply, in the order of each stream, every parked message that this version can read."""
    now = clock.now()
    replayed = await parts.world.replay(now) + await parts.alerts.replay(now)
    async with parts.readers.acquire(who) as db:
        return Replayed(replayed=replayed, current=await _current(db))


async def _one(parts: Parts, who: Principal, clue_id: str) -> ClueAnswer:
    async with parts.readers.acquire(who) as db:
        row = await queries_clues.clue(db, who, clue_id)
        if row is None:
            raise NotFound("没有这条线索")
        [answer] = await _answers(db, parts, [row], steps=True)
        return answer


async def _answers(db: Connection, parts: Parts, rows: Sequence[ClueRow], *, steps: bool = False) -> list[ClueAnswer]:
    places = {place for row in rows for place in path_of(row.place)}
    published = await queries.calendars(db, places)
    names = await queries_clues.names(db, {row.desk for row in rows})
    today = await queries.today(db, clock.now())
    return [
        clue_answer(
            row,
            name=names.get(row.desk, row.desk),
            today=today,
            workdays=workdays_of(
                row.place, parts.casework.workdays, [one for one in published if one.place in path_of(row.place)]
            ),
            steps=tuple(await queries_clues.steps(db, row.clue)) if steps else (),
        )
        for row in rows
    ]


async def _current(db: Connection) -> Current:
    position, at = await queries.checkpoint(db, ALERTS)
    return Current(position=position, time=at)
