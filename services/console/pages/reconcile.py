"""对账: the sources and their silence, and what intake refused."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.console.answers.intake import Quarantined, Source
from services.console.answers.shape import Answer, Page
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.domain import feed_of
from services.console.session import OPERATORS, User, posted, signed_in

router = APIRouter()

_PAGE: Final = 50


@router.get("/sources")
async def sources(request: Request, user: Annotated[User, Depends(signed_in(*OPERATORS))]) -> Response:
    """Show what every source sent and which ones are silent."""
    desk = desk_of(request, user)
    page = await attempt(desk.get(Service.INTAKE, "/v1/sources", Page[Source]))
    return await desk.page(
        "sources.html",
        current=page.value.current if page.value else None,
        page=page,
        feed=feed_of(page.value.items) if page.value else None,
    )


@router.get("/quarantine")
async def quarantine(
    request: Request,
    user: Annotated[User, Depends(signed_in(*OPERATORS))],
    state: Annotated[str, Query(pattern="^(waiting|replayed)$")] = "waiting",
    after: Annotated[str, Query(max_length=1024)] = "",
) -> Response:
    """Show what intake refused and why."""
    desk = desk_of(request, user)
    page = await attempt(
        desk.get(Service.INTAKE, "/v1/quarantine", Page[Quarantined], state=state, limit=_PAGE, after=after or None)
    )
    return await desk.page(
        "quarantine.html", current=page.value.current if page.value else None, page=page, state=state
    )


@router.post("/quarantine/{entry}/replay")
async def replay(
    request: Request,
    user: Annotated[User, Depends(posted(*OPERATORS))],
    entry: Annotated[str, Path(pattern=r"^[A-Za-z0-9_\-]{1,64}$")],
) -> Response:
    """Offer a refused event to intake again."""
    await desk_of(request, user).post(Service.INTAKE, f"/v1/quarantine/{entry}/replay", Answer)
    return RedirectResponse("/quarantine", status_code=303)
