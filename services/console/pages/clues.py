"""线索: what waits for 签收, and one clue with its dossier."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from kit.auth import Role
from services.console.answers.dossier import AlertFile
from services.console.answers.notify import Clue
from services.console.answers.shape import Page
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.session import WATCHERS, User, posted, signed_in
from services.console.wording import CLUE_STATES

router = APIRouter()

_PAGE: Final = 200
ClueKey = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]


@router.get("/clues")
async def board(
    request: Request,
    user: Annotated[User, Depends(signed_in(*WATCHERS))],
    after: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Show clues by state: the discipline desk its own, an operator those handed over."""
    desk = desk_of(request, user)
    page = await attempt(desk.get(Service.NOTIFY, "/v1/clues", Page[Clue], limit=_PAGE, after=after or None))
    clues = sorted(page.value.items, key=lambda clue: (clue.due_on or date.max, clue.clue_id)) if page.value else []
    return await desk.page(
        "clues.html",
        current=page.value.current if page.value else None,
        page=page,
        lanes={state: [clue for clue in clues if clue.state == state] for state in CLUE_STATES},
    )


@router.get("/clues/{clue_id}")
async def clue(request: Request, user: Annotated[User, Depends(signed_in(*WATCHERS))], clue_id: ClueKey) -> Response:
    """Show one clue with the dossier that was handed over."""
    desk = desk_of(request, user)
    found = await desk.get(Service.NOTIFY, f"/v1/clues/{clue_id}", Clue)
    shown = await attempt(
        desk.get(Service.MONITOR, f"/v1/alerts/{found.alert_id}", AlertFile, revision=found.alert_revision)
    )
    return await desk.page(
        "clue.html",
        current=shown.value.current if shown.value else None,
        clue=found,
        dossier=shown,
        may_sign=user.role is Role.DISCIPLINE and "receive" in found.may,
    )


@router.post("/clues/{clue_id}/receive")
async def receive(
    request: Request, user: Annotated[User, Depends(posted(Role.DISCIPLINE))], clue_id: ClueKey
) -> Response:
    """Sign for a clue (签收)."""
    await desk_of(request, user).post(Service.NOTIFY, f"/v1/clues/{clue_id}/receive", Clue)
    return RedirectResponse(f"/clues/{clue_id}", status_code=303)


@router.post("/clues/{clue_id}/refuse")
async def refuse(
    request: Request,
    user: Annotated[User, Depends(posted(Role.DISCIPLINE))],
    clue_id: ClueKey,
    reason: Annotated[str, Form(min_length=2, max_length=2000)],
) -> Response:
    """Refuse a clue with its reason (退回)."""
    body = {"reason": reason.strip()}
    await desk_of(request, user).post(Service.NOTIFY, f"/v1/clues/{clue_id}/refuse", Clue, body)
    return RedirectResponse(f"/clues/{clue_id}", status_code=303)
