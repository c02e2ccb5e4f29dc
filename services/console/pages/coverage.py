"""规则 › 数据覆盖: how much of what each source sends lets the rules decide, and which fields it lacks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.console.answers.policy import Coverage
from services.console.backend import Service, attempt
from services.console.covered import covered
from services.console.desk import desk_of
from services.console.session import WATCHERS, User, signed_in

router = APIRouter()


@router.get("/rules/coverage")
async def coverage(
    request: Request,
    user: Annotated[User, Depends(signed_in(*WATCHERS))],
    source: Annotated[str, Query(max_length=300)] = "",
    year: Annotated[str, Query(pattern=r"^(20[0-9]{2})?$")] = "",
) -> Response:
    """Show the share of subjects that could be decided: by source, and by rule within them."""
    desk = desk_of(request, user)
    part = await attempt(desk.get(Service.MONITOR, "/v1/coverage", Coverage, source=source or None, year=year or None))
    return await desk.page(
        "coverage.html",
        current=part.value.current if part.value else None,
        part=part,
        covered=covered(part.value) if part.value else None,
        source=source,
        year=year,
    )
