"""The monitor's HTTP routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.checks import CLASSIFIED
from contracts.secrecy import is_secret
from kit import clock
from kit.auth import Principal, Role, allow, public
from kit.body import StrictJson
from kit.db import Connection, Pool
from kit.errors import Forbidden, NotFound, Rejected
from kit.outbox import enqueue
from kit.paging import Current, Page
from kit.parked import ParkedAsked, ParkedMessage, Replayed, listed
from kit.scoped import Readers
from services.monitor import answers, facts, queries
from services.monitor.forecasting import forecasts
from services.monitor.queries import AlertFilter
from services.monitor.state import State
from services.monitor.writing import Writer

router = APIRouter(prefix="/v1", route_class=StrictJson)
Reader = Annotated[Principal, Depends(allow("office", "operator", "discipline", "admin"))]
Operator = Annotated[Principal, Depends(allow("operator", "admin"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=200)]


class AlertPage(Page[dict[str, Any]]):
    """Alerts as they stand, the latest acts first."""


class RuleList(BaseModel):
    """The rule book: its rules and packs, and the release by which it judges."""

    items: list[dict[str, Any]]
    packs: list[dict[str, Any]]
    release: dict[str, Any]


class Answer(BaseModel):
    """One computed answer and up to where it is current."""

    model_config = {"extra": "allow"}
    current: Current


def _readers(request: Request) -> Readers:
    readers: Readers = request.app.state.readers
    return readers


def _everything(request: Request) -> Callable[[], AbstractAsyncContextManager[Connection]]:
    """Return what gives a connection to the rules, which judge an act beside acts that the caller may not see."""
    pool: Pool = request.app.state.pool

    @asynccontextmanager
    async def connection() -> AsyncIterator[Connection]:
        async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            yield db

    return connection


def _state(request: Request) -> State:
    """Return a state of the request's own: the writer's cache is never touched, its (immutable) world is borrowed."""
    own: State = request.app.state.reading
    return State(own.book, own.base, own.world)


@dataclass(frozen=True, slots=True)
class _Recorder:
    """States that the caller reads a dossier, durably, before it is answered: a read that cannot be stated is none."""

    who: Principal
    pool: Pool
    said: Callable[[], None]
    """Called after the commit."""

    async def __call__(self, alert_id: str, revision: int, manner: str) -> None:
        async with self.pool.acquire() as db, db.transaction():
            await enqueue(db, facts.STREAM, [facts.dossier_read(self.who, alert_id, revision, manner, clock.now())])
        self.said()


def _recorder(request: Request, who: Reader) -> _Recorder:
    return _Recorder(who, request.app.state.pool, request.app.state.said)


def _writer(request: Request) -> Writer:
    writer: Writer = request.app.state.writer
    return writer


Database = Annotated[Readers, Depends(_readers)]
Everything = Annotated[Callable[[], AbstractAsyncContextManager[Connection]], Depends(_everything)]
Reading = Annotated[State, Depends(_state)]
Record = Annotated[_Recorder, Depends(_recorder)]
Writing = Annotated[Writer, Depends(_writer)]


class AlertQuery(BaseModel):
    """What a caller may ask of the list of alerts."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    state: Literal["standing", "retracted", "all"] = "standing"
    rule: Annotated[str | None, Field(max_length=20)] = None
    severity: Literal["info", "warning", "serious"] | None = None
    jurisdiction: Annotated[str | None, Field(max_length=12)] = None
    unit: Annotated[str | None, Field(max_length=128)] = None
    act: Annotated[str | None, Field(max_length=26)] = None
    since: Annotated[date | None, Field(alias="from", description="行为发生日起")] = None
    until: Annotated[date | None, Field(alias="to", description="行为发生日止")] = None
    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@router.get("/alerts")
async def list_alerts(db: Database, who: Reader, asked: Annotated[AlertQuery, Query()]) -> AlertPage:
    """List alerts within the caller's jurisdiction."""
    wanted = AlertFilter(
        state=None if asked.state == "all" else asked.state,
        rule=asked.rule,
        severity=asked.severity,
        place=asked.jurisdiction,
        unit=_asked_unit(who, asked.unit),
        units=own_units(who),
        act=asked.act,
        since=asked.since,
        until=asked.until,
    )
    async with db.acquire(who) as connection:
        items, following = await queries.page(connection, who.jurisdiction, wanted, asked.after, asked.limit)
        return AlertPage(items=items, next=following, current=await queries.current(connection))


@router.get("/alerts/counts")
async def count_alerts(
    db: Database, who: Reader, jurisdiction: Annotated[str | None, Query(max_length=12)] = None
) -> AlertPage:
    """Count the standing alerts by rule and severity."""
    async with db.acquire(who) as connection:
        items = await queries.counts(connection, who.jurisdiction, jurisdiction, own_units(who))
        return AlertPage(items=items, next=None, current=await queries.current(connection))


@router.get("/alerts/{alert_id}")
async def read_alert(
    db: Database, who: Reader, record: Record, alert_id: str, revision: Annotated[int | None, Query(ge=1)] = None
) -> Answer:
    """Read an alert with its dossier and every revision."""
    async with db.acquire(who) as connection:
        shown = await _alert(connection, who, alert_id)
        found = await queries.dossier(connection, alert_id, revision)
        steps = await queries.revisions(connection, alert_id)
        current = await queries.current(connection)
    if found is not None:
        await record(alert_id, found[0], "page")
    content = answers.read_json(found[1]) if found is not None else None
    return Answer(**shown, dossier=content, revisions=steps, current=current)


@router.get("/alerts/{alert_id}/dossier")
async def read_dossier(
    db: Database, who: Reader, record: Record, alert_id: str, revision: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Return the dossier's own bytes, whose SHA-256 the alert carries."""
    number, content = await _dossier(db, who, alert_id, revision)
    await record(alert_id, number, "bytes")
    return Response(content, media_type="application/json")


@router.get("/alerts/{alert_id}/replay")
async def replay_alert(  # noqa: PLR0913, PLR0917  each is a dependency or a parameter of the query
    db: Database,
    everything: Everything,
    state: Reading,
    who: Reader,
    record: Record,
    alert_id: str,
    revision: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Compute the dossier again from the facts that it names; ``X-Same-Bytes`` tells whether it is the stored one."""
    number, stored = await _dossier(db, who, alert_id, revision)
    async with everything() as connection:
        again = await answers.replay(connection, state, stored)
    if again is None:
        raise NotFound("所列事实已推导不出这条预警", field="alert_id")
    await record(alert_id, number, "replay")
    return Response(
        again, media_type="application/json", headers={"X-Same-Bytes": "true" if again == stored else "false"}
    )


@router.get("/acts/{act_id}/verdicts")
async def read_verdicts(db: Database, everything: Everything, state: Reading, who: Reader, act_id: str) -> Answer:
    """Tell what every rule says of an act: why, and why not."""
    async with db.acquire(who) as connection:
        found, own = await queries.whose(connection, act_id), own_units(who)
        if found is None or not who.may_see(found[0]) or (own is not None and found[1] not in own):
            raise NotFound("没有这条行为记录", field="id")
    async with everything() as connection:
        sheet = await answers.verdicts_of(connection, state, act_id)
        return Answer(**sheet, current=await queries.current(connection))


@router.post("/precheck")
async def precheck(
    everything: Everything, state: Reading, who: Reader, draft: Annotated[dict[str, Any], Body()]
) -> Answer:
    """Tell what the rules would say of a draft; nothing is stored (发前核查)."""
    if is_secret(draft, msgspec.json.encode(draft)):
        raise Rejected(CLASSIFIED, code="secret")
    if "jurisdiction" in draft:
        who.require(str(draft["jurisdiction"]))
    _asked_unit(who, str(draft.get("unitid")))
    async with everything() as connection:
        sheet = await answers.precheck(connection, state, draft, clock.now(), who.may_see)
        return Answer(**sheet, current=await queries.current(connection))


@router.get("/forecasts")
async def list_forecasts(
    everything: Everything,
    state: Reading,
    who: Reader,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    unit: Annotated[str | None, Query(max_length=128)] = None,
) -> AlertPage:
    """Tell, for every quota rule, when each unit will exceed its cap at this year's rate."""
    async with everything() as connection:
        wanted = year or clock.now().astimezone(clock.BEIJING).year
        asked = _asked_unit(who, unit)
        units = own_units(who) if asked is None else (asked,)
        items = await forecasts(connection, state, who.jurisdiction, units, wanted)
        return AlertPage(items=items, next=None, current=await queries.current(connection))


@router.get("/rules", dependencies=[Depends(public)])
async def list_rules(request: Request, state: Reading) -> RuleList:
    """Show the rule book: every rule with its clauses, parameters and cases, the packs, and who signed them."""
    return RuleList(
        items=[answers.rule_sheet(state, rule) for rule in sorted(state.book.rules)],
        packs=answers.pack_sheets(state),
        release=request.app.state.release,
    )


@router.get("/rules/{rule}", dependencies=[Depends(public)])
async def read_rule(state: Reading, rule: str) -> dict[str, Any]:
    """Show one rule."""
    return answers.rule_sheet(state, rule)


@router.get("/parked")
async def list_parked(db: Database, who: Operator, asked: Annotated[ParkedAsked, Query()]) -> Page[ParkedMessage]:
    """List messages of FACTS that could not be read, each with its reason and without its content."""
    async with db.acquire(who) as connection:
        items, following = await listed(connection, who.jurisdiction, asked)
        return Page(items=items, next=following, current=await queries.current(connection))


@router.post("/parked/replay")
async def replay_parked(db: Database, writer: Writing, who: Operator) -> Replayed:
    """Apply, in the order of the stream, every parked fact that this version can read."""
    replayed = await writer.replay(clock.now())
    async with db.acquire(who) as connection:
        return Replayed(replayed=replayed, current=await queries.current(connection))


async def _dossier(db: Readers, who: Principal, alert_id: str, revision: int | None) -> tuple[int, bytes]:
    """Return the number and the dossier of a revision, or of the newest that has one."""
    async with db.acquire(who) as connection:
        await _alert(connection, who, alert_id)
        found = await queries.dossier(connection, alert_id, revision)
    if found is None:
        raise NotFound("没有这一版的预警档案", field="revision")
    return found


async def _alert(connection: Any, who: Principal, alert_id: str) -> dict[str, Any]:
    shown = await queries.alert(connection, who.jurisdiction, alert_id)
    own = own_units(who)
    if shown is None or (own is not None and shown["unit_id"] not in own):
        raise NotFound("没有这条预警", field="alert_id")
    return dict(shown)


def own_units(who: Principal) -> tuple[str, ...] | None:
    """Return the only units that the caller sees: an office's that acts for units; ``None`` is all."""
    return tuple(sorted(who.units)) if who.role is Role.OFFICE and who.units else None


def _asked_unit(who: Principal, unit: str | None) -> str | None:
    """Return the unit that is asked for; raise ``Forbidden`` when it is none of the caller's."""
    own = own_units(who)
    if unit is not None and own is not None and unit not in own:
        raise Forbidden("只能查询和核查本单位的事项", field="unit")
    return unit
