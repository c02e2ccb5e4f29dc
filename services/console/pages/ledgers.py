"""台账: rows with filters, pages and export; an act with its history, its proof and its verdicts."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from services.console.answers.ledger import Act, Column, LedgerName, LedgerPage
from services.console.answers.monitor import Sheet, Verdict
from services.console.answers.shape import Page
from services.console.backend import Part, Service, attempt
from services.console.desk import Desk, desk_of
from services.console.domain import merged
from services.console.session import EVERYBODY, User, signed_in
from services.console.wording import LEDGERS, MAIN_COLUMNS, OUTCOMES

router = APIRouter()
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_PAGE: Final = 50
_FIRST_COLUMNS: Final = 7
_MOST_FACTS: Final = 10
ActId = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]
LedgerKey = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]


class Filters(BaseModel):
    """What a ledger can be narrowed to; texts as a form sends them, where empty means all."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    jurisdiction: str = Field("", max_length=12)
    unit: str = Field("", max_length=128)
    from_: str = Field("", alias="from", max_length=10)
    to: str = Field("", max_length=10)
    q: str = Field("", max_length=100)
    as_of: str = Field("", max_length=40)
    withdrawn: str = Field("", pattern="^(true)?$")
    after: str = Field("", max_length=1024)
    columns: str = Field("", pattern="^(all)?$")

    def params(self) -> dict[str, str | int | None]:
        """Return them as the ledger's query."""
        asked = self.model_dump(by_alias=True, exclude={"columns"})
        return {name: value or None for name, value in asked.items()}


@router.get("/ledgers", dependencies=[Depends(signed_in(*EVERYBODY))])
async def first_ledger() -> Response:
    """Go to the first ledger."""
    return RedirectResponse(f"/ledgers/{next(iter(LEDGERS))}", status_code=303)


@router.get("/ledgers/{ledger}")
async def rows(
    request: Request,
    user: Annotated[User, Depends(signed_in(*EVERYBODY))],
    ledger: LedgerKey,
    filters: Annotated[Filters, Query()],
) -> Response:
    """Show one page of a ledger."""
    desk = desk_of(request, user)
    asked = filters.params() | {"limit": _PAGE}
    names, page = await asyncio.gather(
        attempt(desk.get(Service.LEDGER, "/v1/ledgers", Page[LedgerName])),
        attempt(desk.get(Service.LEDGER, f"/v1/ledgers/{ledger}", LedgerPage, **asked)),
    )
    tabs = [(name.name, name.title) for name in names.value.items] if names.value else list(LEDGERS.items())
    known = page.value.columns if page.value else ()
    main = main_columns(ledger, known)
    shown = [*main, *(one for one in known if one not in main)] if filters.columns == "all" else main
    return await desk.page(
        "ledger.html",
        current=page.value.current if page.value else None,
        ledger=ledger,
        title=dict(tabs).get(ledger, ledger),
        tabs=tabs,
        filters=filters,
        page=page,
        columns=shown,
        more=len(known) - len(shown),
    )


@router.get(
    "/ledgers/{ledger}/export.xlsx", response_class=StreamingResponse, responses={200: {"content": {_WORKBOOK: {}}}}
)
async def export(
    request: Request,
    user: Annotated[User, Depends(signed_in(*EVERYBODY))],
    ledger: LedgerKey,
    filters: Annotated[Filters, Query()],
) -> Response:
    """Pass the ledger's workbook on, with the same filters."""
    desk = desk_of(request, user)
    params = filters.params() | {"format": "xlsx", "after": None}
    opened = desk.state.backend.stream(
        Service.LEDGER, f"/v1/ledgers/{ledger}", token=user.token, params=params, headers={}
    )
    stack = AsyncExitStack()
    response = await stack.enter_async_context(opened)
    return StreamingResponse(
        response.aiter_bytes(),
        media_type=response.headers.get("content-type", "application/octet-stream"),
        headers={"Content-Disposition": f'attachment; filename="{ledger}.xlsx"', "Cache-Control": "no-store"},
        background=BackgroundTask(stack.aclose),
    )


@router.get("/acts/{act_id}")
async def act(request: Request, user: Annotated[User, Depends(signed_in(*EVERYBODY))], act_id: ActId) -> Response:
    """Show an act as it stands, what made it so, and what every rule says of it."""
    desk = desk_of(request, user)
    found = await desk.get(Service.LEDGER, f"/v1/acts/{act_id}", Act)
    verdicts = await _verdicts(desk, found)
    return await desk.page(
        "act.html",
        current=found.current,
        act=found,
        heading=found.heading,
        columns=[column for column in found.columns if found.row and found.row.get(column.name) not in (None, "")],
        verdicts=verdicts,
        judged=in_order(verdicts.value.verdicts) if verdicts.value else [],
    )


async def _verdicts(desk: Desk, act: Act) -> Part[Sheet]:
    """Ask what the rules say of every fact that the act is made of: a loan is a start, extensions and an end."""
    judged = [fact.fact_id for fact in act.history if not fact.is_amendment][:_MOST_FACTS]
    parts = await asyncio.gather(
        *(attempt(desk.get(Service.MONITOR, f"/v1/acts/{fact}/verdicts", Sheet)) for fact in judged)
    )
    sheets = [part.value for part in parts if part.value]
    return Part(value=merged(sheets)) if sheets or not parts else parts[0]


def main_columns(ledger: str, columns: Sequence[Column]) -> Sequence[Column]:
    """Return the columns that fit a screen: those that we know to matter, else the first ones."""
    by_name = {column.name: column for column in columns}
    chosen = [by_name[name] for name in MAIN_COLUMNS.get(ledger, ()) if name in by_name]
    return chosen or columns[:_FIRST_COLUMNS]


def in_order(verdicts: tuple[Verdict, ...]) -> list[Verdict]:
    """Return verdicts as a reader needs them: violated, undetermined, excused, complied; hints last."""
    order = list(OUTCOMES)
    return sorted(verdicts, key=lambda verdict: (verdict.mode == "hint", order.index(verdict.outcome), verdict.rule))
