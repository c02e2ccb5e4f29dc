"""规则: the live rules with their clauses, parameters and cases."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from services.console.answers.monitor import Rule
from services.console.answers.shape import Page
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.session import EVERYBODY, User, signed_in

router = APIRouter()


@router.get("/rules")
async def rule_book(request: Request, user: Annotated[User, Depends(signed_in(*EVERYBODY))]) -> Response:
    """Show every live rule."""
    desk = desk_of(request, user)
    page = await attempt(desk.get(Service.MONITOR, "/v1/rules", Page[Rule]))
    return await desk.page("rules.html", current=page.value.current if page.value else None, page=page)


@router.get("/rules/{rule_id}")
async def rule(
    request: Request,
    user: Annotated[User, Depends(signed_in(*EVERYBODY))],
    rule_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_\-.]{1,40}$")],
) -> Response:
    """Show one rule with its cases."""
    desk = desk_of(request, user)
    return await desk.page("rule.html", rule=await desk.get(Service.MONITOR, f"/v1/rules/{rule_id}", Rule))
