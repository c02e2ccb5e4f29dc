"""The routes of the rule book's tools: comparisons of packs, data coverage."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kit.auth import Principal, allow
from kit.body import StrictJson
from kit.errors import NotFound
from kit.paging import Current, Keyset, Page
from services.monitor import coverage, queries, queries_policy
from services.monitor.http import Cursor, Database, Everything, Limit, Reader, Reading, own_units
from services.monitor.queries_policy import Backtest

router = APIRouter(prefix="/v1", route_class=StrictJson)
Watcher = Annotated[Principal, Depends(allow("operator", "discipline", "admin"))]
Number = Annotated[int, Path(ge=1, lt=2**63)]
_BY_NUMBER: Final = Keyset(tuple[int])


class BacktestRule(BaseModel):
    """What two packs find differently under one rule."""

    rule: str
    title: str
    same: int
    raised: int
    gone: int
    changed: int
    examples: dict[str, list[dict[str, Any]]] = {}


class BacktestReport(BaseModel):
    """A comparison of two packs over the facts of a place."""

    number: int
    at: datetime
    pack: dict[str, str]
    against: dict[str, str]
    jurisdiction: str
    since: str | None
    until: str | None
    acts: int
    position: int
    compared: list[str]
    rules: list[BacktestRule]


@router.get("/backtests")
async def list_backtests(db: Database, who: Watcher, after: Cursor = None, limit: Limit = 50) -> Page[BacktestReport]:
    """List the comparisons of packs in the caller's jurisdiction, the latest first, without examples."""
    before = _BY_NUMBER.decode(after)[0] if after else None
    async with db.acquire(who) as connection:
        found = await queries_policy.backtests(connection, before, limit + 1)
        items = [_report(one, examples=False) for one in found[:limit]]
        following = _BY_NUMBER.encode((found[limit - 1].number,)) if len(found) > limit else None
        return Page(items=items, next=following, current=await queries.current(connection))


@router.get("/backtests/{number}")
async def read_backtest(db: Database, who: Watcher, number: Number) -> BacktestReport:
    """Read one comparison of packs with its examples."""
    async with db.acquire(who) as connection:
        found = await queries_policy.backtest(connection, number)
    if found is None:
        raise NotFound("没有这次回测", field="number")
    return _report(found, examples=True)


class ShadowSheet(BaseModel):
    """The candidate that judges beside the live book, and how its findings differ from the live alerts."""

    number: int
    started_at: datetime
    pack: str
    against: str
    jurisdiction: str
    acts: int
    position: int
    behind: int
    """Entries of the log that the live book has judged and it has not."""
    trouble: str | None
    report: BacktestReport | None


class ShadowAnswer(BaseModel):
    """The candidate, if there is one that the caller may see."""

    shadow: ShadowSheet | None
    current: Current


@router.get("/shadow")
async def read_shadow(db: Database, who: Watcher) -> ShadowAnswer:
    """Read what the candidate beside the live book would do differently, with examples."""
    async with db.acquire(who) as connection:
        kept = await queries_policy.shadow(connection)
        current = await queries.current(connection)
    if kept is None:
        return ShadowAnswer(shadow=None, current=current)
    report = None
    if kept.report is not None and kept.reported_at is not None:
        report = _report(Backtest(kept.number, kept.reported_at, kept.report), examples=True)
    return ShadowAnswer(
        shadow=ShadowSheet(
            number=kept.number,
            started_at=kept.started_at,
            pack=kept.candidate["pack"],
            against=kept.candidate["against"],
            jurisdiction=kept.place,
            acts=kept.acts,
            position=kept.position,
            behind=max(0, current.position - kept.position),
            trouble=kept.trouble,
            report=report,
        ),
        current=current,
    )


class MissingField(BaseModel):
    """A field that was not there, and for how many subjects."""

    field: str
    n: int


class SampledSource(BaseModel):
    """A source: how many acts of it were seen, and how many were judged."""

    source: str
    acts: int
    judged: int


class CoverageLine(BaseModel):
    """How much of what a source sent one rule could decide."""

    source: str
    rule: str
    title: str
    judged: int
    decided: int
    share: float
    missing: list[MissingField]


class CoverageSheet(BaseModel):
    """Data coverage over a sample: lines by rule and source, the least decided first."""

    items: list[CoverageLine]
    sources: list[SampledSource]
    looked: int
    whole: bool
    current: Current


class CoverageAsked(BaseModel):
    """What a caller may ask of the coverage."""

    model_config = ConfigDict(extra="forbid")
    jurisdiction: Annotated[str | None, Field(max_length=12)] = None
    year: Annotated[int | None, Field(ge=2000, le=2100)] = None
    source: Annotated[str | None, Field(max_length=300)] = None


@router.get("/coverage")
async def read_coverage(
    request: Request,
    db: Database,
    everything: Everything,
    state: Reading,
    who: Reader,
    asked: Annotated[CoverageAsked, Query()],
) -> CoverageSheet:
    """Tell for each rule and source which share of a sample could be decided, and which fields were missing."""
    place = asked.jurisdiction or who.jurisdiction
    who.require(place)
    turn: asyncio.Lock = request.app.state.surveying
    async with turn:  # one at a time: this is the dearest of all questions
        async with db.acquire(who) as connection:
            sample = await coverage.draw(connection, place, own_units(who), year=asked.year, source=asked.source)
            current = await queries.current(connection)
        async with everything() as connection:
            found = await coverage.judged(connection, state, sample)
    return CoverageSheet.model_validate({**coverage.sheet(state, sample, found), "current": current})


def _report(one: Backtest, *, examples: bool) -> BacktestReport:
    report = BacktestReport(
        number=one.number, at=one.at, since=one.report["from"], until=one.report["to"], **one.report
    )
    if not examples:
        for rule in report.rules:
            rule.examples = {}
    return report
