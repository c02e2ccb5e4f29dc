"""The ledger's HTTP routes."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from kit import clock
from kit.auth import Principal, allow
from kit.db import Pool
from kit.errors import NotFound, Overloaded
from kit.paging import Page
from kit.parked import Replayed
from kit.scoped import Readers
from services.ledger import queries, queries_counts
from services.ledger.answers import ActAnswer, CountItem, LedgerName, Rows, item_of, told_of
from services.ledger.asking import (
    COUNTS,
    PARKED,
    PLANS,
    ROWS,
    CountsAsked,
    ParkedAsked,
    PlansAsked,
    RowsAsked,
    UnitsAsked,
)
from services.ledger.domain import Ledger
from services.ledger.export import MEDIA_TYPE, write_workbook
from services.ledger.history import history_of, meant_by
from services.ledger.queries import Filter, Scope, Waiting
from services.ledger.queries_counts import Plan
from services.ledger.recording import Recorder

router = APIRouter(prefix="/v1")

_SPOOL: Final = 8 * 1024 * 1024
"""Bytes of a workbook that stay in memory; a larger one goes to a temporary file."""
_CHUNK: Final = 64 * 1024
_UNITS: Final = "units"


@dataclass(frozen=True)
class Parts:
    """What the routes work with; in ``app.state.parts`` while the service runs."""

    pool: Pool
    readers: Readers
    recorder: Recorder
    ledgers: dict[str, Ledger]
    exports: asyncio.Semaphore
    export_rows: int


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Use = Annotated[Parts, Depends(_parts)]
Reader = Annotated[Principal, Depends(allow("office", "operator", "discipline", "admin"))]
Operator = Annotated[Principal, Depends(allow("operator", "admin"))]


@router.get("/ledgers")
async def list_ledgers(parts: Use, who: Reader) -> Page[LedgerName]:
    """List the ledgers with their columns."""
    listed = [one for one in parts.ledgers.values() if one.rank is not None]
    items = [LedgerName.of(one) for one in sorted(listed, key=lambda one: (one.rank, one.name))]
    async with parts.readers.acquire(who) as db:
        return Page(items=items, next=None, current=await queries.current(db))


@router.get("/ledgers/{ledger}", response_model=None, responses={200: {"model": Rows, "content": {MEDIA_TYPE: {}}}})
async def read_ledger(
    parts: Use, who: Reader, ledger: Annotated[str, Path(max_length=60)], asked: Annotated[RowsAsked, Query()]
) -> Rows | Response:
    """Read a page of a ledger, the latest acts first, or export it as a workbook."""
    found = parts.ledgers.get(ledger)
    if found is None:
        raise NotFound("没有这个台账", field="ledger")
    if asked.format == "xlsx":
        return await _export(parts, found, who, asked.filter())
    return await _page(parts, found, who, asked.filter(), asked.after, asked.limit)


async def _page(parts: Parts, ledger: Ledger, who: Principal, wanted: Filter, after: str | None, limit: int) -> Rows:
    key = ROWS.decode(after) if after else None
    async with parts.readers.acquire(who) as db:
        found, last = await queries.page(db, ledger, Scope.of(who), wanted, key, limit)
        current = await queries.current(db)
    return Rows(
        ledger=ledger.name,
        title=ledger.title,
        columns=ledger.columns,
        items=[item_of(ledger, one) for one in found],
        next=ROWS.encode(last) if last else None,
        current=current,
    )


async def _export(parts: Parts, ledger: Ledger, who: Principal, wanted: Filter) -> Response:
    if parts.exports.locked():
        raise Overloaded("正在生成的导出文件较多，请稍后再试", retry_after=10)
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by the response that sends it
    try:
        async with parts.exports, parts.readers.acquire(who) as db:
            current = await queries.current(db)
            portions = queries.every(db, ledger, Scope.of(who), wanted, parts.export_rows + 1)
            await write_workbook(file, ledger, portions, current, parts.export_rows)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{ledger.name}.xlsx"', "Content-Length": str(size)}
    return StreamingResponse(_chunks(file), media_type=MEDIA_TYPE, headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


@router.get("/acts/{act_id}")
async def read_act(parts: Use, who: Reader, act_id: Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]) -> ActAnswer:
    """Read an act by its own id or that of any fact about it: its row, its history, and where the journal proves it."""
    async with parts.pool.acquire() as all_, all_.transaction(isolation="repeatable_read", readonly=True):
        meant = await meant_by(all_, parts.recorder.projector, act_id)  # may depend on facts that the caller cannot see
        async with parts.readers.acquire(who, snapshot_of=all_) as db:
            found = await history_of(db, meant, Scope.of(who))
            current = await queries.current(db)
    if found is None:
        raise NotFound("没有这条行为记录", field="act_id")
    return told_of(found, current)


@router.get("/counts")
async def read_counts(parts: Use, who: Reader, asked: Annotated[CountsAsked, Query()]) -> Page[CountItem]:
    """Count acts by family, unit and month, beside the same month of the year before (同比)."""
    key = COUNTS.decode(asked.after) if asked.after else None
    async with parts.readers.acquire(who) as db:
        found = await queries_counts.counts(
            db, list(parts.ledgers.values()), Scope.of(who), asked.filter(), key, asked.limit + 1
        )
        current = await queries.current(db)
    last = found[asked.limit - 1] if len(found) > asked.limit else None
    items = [CountItem.of(one) for one in found[: asked.limit]]
    cursor = COUNTS.encode((last.family, last.unit_id or "", last.month.isoformat())) if last else None
    return Page(items=items, next=cursor, current=current)


@router.get("/plans")
async def read_plans(parts: Use, who: Reader, asked: Annotated[PlansAsked, Query()]) -> Page[Plan]:
    """Read yearly plans with what is used of each line."""
    key = PLANS.decode(asked.after)[0] if asked.after else None
    async with parts.readers.acquire(who) as db:
        found = await queries_counts.plans(db, Scope.of(who), asked.filter(), key, asked.limit + 1)
        current = await queries.current(db)
    more = len(found) > asked.limit
    cursor = PLANS.encode((found[asked.limit - 1].act_id,)) if more else None
    return Page(items=found[: asked.limit], next=cursor, current=current)


@router.get("/units")
async def read_units(parts: Use, who: Reader, asked: Annotated[UnitsAsked, Query()]) -> Rows:
    """Read the directory of units as they are now."""
    wanted = Filter(jurisdiction=asked.jurisdiction, q=asked.q)
    return await _page(parts, parts.ledgers[_UNITS], who, wanted, asked.after, asked.limit)


@router.get("/parked")
async def list_parked(parts: Use, who: Operator, asked: Annotated[ParkedAsked, Query()]) -> Page[Waiting]:
    """List facts that are journalled and could not be projected, each with its reason and without its content."""
    key = PARKED.decode(asked.after)[0] if asked.after else 0
    async with parts.readers.acquire(who) as db:
        found = await queries.parked(db, Scope.of(who), replayed=asked.replayed, after=key, limit=asked.limit + 1)
        current = await queries.current(db)
    more = len(found) > asked.limit
    cursor = PARKED.encode((found[asked.limit - 1].position,)) if more else None
    return Page(items=found[: asked.limit], next=cursor, current=current)


@router.post("/parked/replay")
async def replay_parked(parts: Use, who: Operator) -> Replayed:
    """Project, in the order of the log, every parked fact that this version can read."""
    replayed = await parts.recorder.replay(clock.now())
    async with parts.readers.acquire(who) as db:
        return Replayed(replayed=replayed, current=await queries.current(db))
