"""Intake's HTTP routes."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Path, Query, Request, Response, UploadFile

from contracts.secrecy import is_marked
from kit import clock
from kit.auth import Principal, allow
from kit.errors import Conflict, Forbidden, Rejected, TooLarge
from kit.paging import Current, Keyset, Page
from services.intake import queries
from services.intake.authority import may_speak, scope_of
from services.intake.domain import Reason
from services.intake.form import ImportFormOf
from services.intake.imports import drafts, files
from services.intake.imports.drafts import Origin
from services.intake.imports.importing import Report
from services.intake.modes import BATCH, STRUCTURED, UnknownMode, Unparsed, take_apart
from services.intake.numbering import HEADERS, numbers_of
from services.intake.parts import Parts, PartsOf, parts_of
from services.intake.queries import Quarantined, Source
from services.intake.replaying import replay
from services.intake.results import ItemResult, Results

router: Final = APIRouter()

_ENTRIES: Final = Keyset(tuple[str])
_SOURCES: Final = Keyset(tuple[str])
_EVENTS_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": {"type": "object"}},
            BATCH: {"schema": {"type": "array", "maxItems": 1000, "items": {"type": "object"}}},
            "application/json": {
                "schema": {"type": "object", "description": "Binary mode: the data; attributes in ce- headers"}
            },
        },
    },
    "parameters": [
        {"in": "header", "name": name, "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in HEADERS.items()
    ],
}
_NO_EVENT: Final = (b"", b"{}")
_MENDED_BODY: Final = {"requestBody": {"required": False, "content": {STRUCTURED: {"schema": {"type": "object"}}}}}


@router.post("/v1/events", response_model=Results, openapi_extra=_EVENTS_BODY)
async def post_events(
    request: Request, who: Annotated[Principal, Depends(allow("adapter", "operator", "admin"))]
) -> Response:
    """Take one CloudEvent (structured or binary mode) or a batch of them, and tell what became of each."""
    body = await request.body()
    try:
        post = take_apart(request.headers, body)
    except Unparsed as error:
        await parts_of(request).taker.refuse(body, Reason(error.code, error.detail, error.field), who)
        raise
    numbers = numbers_of(request.headers, len(post.items), who)
    answers = await parts_of(request).taker.take(post.items, who)
    if numbers is not None:
        await parts_of(request).taker.note(numbers, answers)
    if not post.batch:
        _raise_for(answers[0])
    return Response(Results(answers).to_json(), media_type="application/json")


@router.post("/v1/imports")
async def post_import(
    parts: PartsOf,
    who: Annotated[Principal, Depends(allow("adapter", "office", "operator", "admin"))],
    file: Annotated[UploadFile, File()],
    form: ImportFormOf,
) -> Report:
    """Take in a ledger file row by row; the report lists what could not be read. Safe to repeat."""
    who.require(form.jurisdiction)
    source = drafts.source_of(form.template, form.jurisdiction, form.unit)
    if not may_speak(who, source) or (who.units and form.unit not in who.units):
        raise Forbidden("此凭证无权导入该单位的台账", field="unit")
    if is_marked(file.filename or ""):
        raise Rejected("文件名带有密级标志，整份文件已拒收，内容未保存", code="secret", field="file")
    content = await file.read(files.MOST_BYTES + 1)
    origin = Origin(form.jurisdiction, form.unit, files.digest(content))
    return await parts.importer.run(content, form.template, origin, who, year=form.year, dry_run=form.dry_run)


def _raise_for(answer: ItemResult) -> None:
    """Turn the refusal of a single event into a problem."""
    if answer.reason is None:
        return
    kinds: dict[str, type[Rejected]] = {"conflict": Conflict, "forbidden": Forbidden, "too_large": TooLarge}
    kind = kinds.get(answer.reason.code, Rejected)
    raise kind(answer.reason.detail, code=answer.reason.code, field=answer.reason.field)


@router.get("/v1/quarantine")
async def list_quarantine(
    parts: PartsOf,
    who: Annotated[Principal, Depends(allow("adapter", "office", "operator", "admin"))],
    *,
    state: Annotated[str, Query(pattern="^(waiting|replayed)$")] = "waiting",
    source: Annotated[str | None, Query(max_length=256)] = None,
    after: Annotated[str | None, Query(max_length=1024)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Quarantined]:
    """List what was refused or conflicts, oldest first; an office sees reasons, not contents."""
    begin = _ENTRIES.decode(after)[0] if after else ""
    async with parts.readers.acquire(who, scope_of(who)) as db:
        items = await queries.quarantine(db, who, after=begin, limit=limit, replayed=state == "replayed", source=source)
    following = _ENTRIES.encode((items[-1].id,)) if len(items) == limit else None
    return Page[Quarantined](items=items, next=following, current=_current(parts))


@router.post("/v1/quarantine/{entry_id}/replay", openapi_extra=_MENDED_BODY)
async def post_replay(
    request: Request,
    parts: PartsOf,
    who: Annotated[Principal, Depends(allow("adapter", "operator", "admin"))],
    entry_id: Annotated[str, Path(pattern="^[0-9a-v]{26}$")],
) -> ItemResult:
    """Take a refused item in again: as it was, or as the mended event in the body says (in structured mode)."""
    body = await request.body()
    mended = body if body.strip() not in _NO_EVENT else None
    if mended is not None and not request.headers.get("content-type", "").startswith(STRUCTURED):
        raise UnknownMode(f"修改后的事件应为 {STRUCTURED}", field="content-type")
    return await replay(parts.pool, parts.readers, parts.taker, entry_id, mended, who)


@router.get("/v1/sources")
async def list_sources(
    parts: PartsOf,
    who: Annotated[Principal, Depends(allow("adapter", "office", "operator", "discipline", "admin"))],
    *,
    after: Annotated[str | None, Query(max_length=1024)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[Source]:
    """List what each source sent, how late, and for how long it has been silent."""
    begin = _SOURCES.decode(after)[0] if after else ""
    async with parts.readers.acquire(who, scope_of(who)) as db:
        items = await queries.sources(db, who, after=begin, limit=limit, now=clock.now())
    following = _SOURCES.encode((items[-1].source,)) if len(items) == limit else None
    return Page[Source](items=items, next=following, current=_current(parts))


def _current(parts: Parts) -> Current:
    return Current(position=parts.facts.last, time=clock.now())
