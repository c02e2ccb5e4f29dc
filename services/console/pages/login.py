"""Coming and going: the one-time link, leaving, and the page on keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kit.auth import Role, public, verify
from kit.clock import now
from kit.errors import Forbidden
from kit.ids import token as new_secret
from services.console.desk import desk_of
from services.console.rendering import home_of
from services.console.session import EVERYBODY, User, close_session, open_session, posted, signed_in
from services.console.state import state_of

router = APIRouter()


@router.get("/login", dependencies=[Depends(public)])
async def login(request: Request, ticket: Annotated[str, Query(max_length=4000)] = "") -> Response:
    """Open a session with a one-time ticket.

    It answers a page that moves on by itself: a redirect would be part of a navigation that began elsewhere, and
    browsers do not send the new (strict) cookies with it.
    """
    state = state_of(request)
    token = state.tickets.redeem(ticket)
    who = verify(token, state.keys, now=now())
    if who.role is Role.ADAPTER:
        raise Forbidden("接入程序的凭证不能登录控制台。")
    response = state.renderer.page("entered.html", {"home": home_of(who.role), "user": None})
    open_session(response, token=token, form_token=new_secret(), secure=request.url.scheme == "https")
    return response


@router.post("/logout", dependencies=[Depends(posted(*EVERYBODY))])
async def logout(request: Request) -> Response:
    """Close the session."""
    response = state_of(request).renderer.page("left.html", {"user": None})
    close_session(response)
    return response


@router.get("/keys")
async def keys(request: Request, user: Annotated[User, Depends(signed_in(*EVERYBODY))]) -> Response:
    """Explain the keyboard."""
    return await desk_of(request, user).page("keys.html")
