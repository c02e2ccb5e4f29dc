"""文本对照: what a document took over from another, passage beside passage. Neither text is kept, sent on or logged."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from contracts.passages import COPIED, OWN, SHORTEST_TEXT, Comparison, compare
from kit.errors import Rejected
from services.console.desk import Desk, desk_of
from services.console.drafts import DRAFTS
from services.console.pages.precheck import ALLOWED, refuse_secrets
from services.console.session import User, posted, signed_in

router = APIRouter()

_MOST_CHARACTERS: Final = 60_000
"""Of one text; two of them are aligned in a few seconds and some 100 MB, whatever they repeat."""
_MOST_SHOWN: Final = 200
"""Passages on the page, the longest ones."""


@router.get("/precheck/compare")
async def form(request: Request, user: Annotated[User, Depends(signed_in(*ALLOWED))]) -> Response:
    """Show two empty fields."""
    return await _page(desk_of(request, user))


@router.post("/precheck/compare")
async def aligned(request: Request, user: Annotated[User, Depends(posted(*ALLOWED))]) -> Response:
    """Show the passages of one text that stand in the other."""
    sent = await request.form()
    child, parent = (text if isinstance(text := sent.get(name), str) else "" for name in ("child", "parent"))
    refuse_secrets((child, parent), _MOST_CHARACTERS)
    if not child.strip() or not parent.strip():
        raise Rejected("请同时粘贴本件和上位文件的正文。", code="invalid")
    desk = desk_of(request, user)
    return await _page(desk, await desk.state.worker.run(compare, child, parent))


async def _page(desk: Desk, found: Comparison | None = None) -> Response:
    passages = found.passages if found else ()
    least = sorted((one.same for one in passages), reverse=True)[:_MOST_SHOWN]
    shown = [one for one in passages if one.same >= least[-1]][:_MOST_SHOWN]
    return await desk.page(
        "compare.html",
        drafts=DRAFTS,
        found=found,
        shown=shown,
        copied_from=COPIED,
        own_below=OWN,
        shortest=SHORTEST_TEXT,
    )
