"""规则 › 影子运行: what a candidate that judges beside the live book would do differently."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.console.answers.policy import ShadowAnswer
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.session import WATCHERS, User, signed_in

router = APIRouter()


@router.get("/rules/shadow")
async def shadow(request: Request, user: Annotated[User, Depends(signed_in(*WATCHERS))]) -> Response:
    """Show the candidate, how far it is, and the difference to the live alerts."""
    desk = desk_of(request, user)
    page = await attempt(desk.get(Service.MONITOR, "/v1/shadow", ShadowAnswer))
    return await desk.page("shadow.html", page=page)
