"""规则 › 回测: what would change if another pack held, judged over the facts that are there."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.console.answers.policy import Backtest
from services.console.answers.shape import Page
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.session import WATCHERS, User, signed_in

router = APIRouter()

_PAGE: Final = 50


@router.get("/rules/backtests")
async def backtests(
    request: Request,
    user: Annotated[User, Depends(signed_in(*WATCHERS))],
    after: Annotated[str, Query(max_length=1024)] = "",
) -> Response:
    """List the comparisons of packs, the latest first."""
    desk = desk_of(request, user)
    page = await attempt(desk.get(Service.MONITOR, "/v1/backtests", Page[Backtest], limit=_PAGE, after=after or None))
    return await desk.page("backtests.html", current=page.value.current if page.value else None, page=page)


@router.get("/rules/backtests/{number}")
async def backtest(
    request: Request, user: Annotated[User, Depends(signed_in(*WATCHERS))], number: Annotated[int, Path(ge=1, lt=2**63)]
) -> Response:
    """Show one comparison with its examples."""
    desk = desk_of(request, user)
    report = await desk.get(Service.MONITOR, f"/v1/backtests/{number}", Backtest)
    return await desk.page("backtest.html", report=report)
