"""Who looks at a page: the session cookie, roles of each route, and the guard on everything that changes something."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import jwt
from fastapi import Request, Response

from kit.auth import Allow, Principal, Role, verify
from kit.clock import now
from kit.errors import Forbidden, Unauthorized
from kit.http import MAX_BODY
from services.console.state import state_of

SESSION_COOKIE: Final = "jianfu_session"
FORM_COOKIE: Final = "jianfu_form"
FORM_FIELD: Final = "form_token"
"""The hidden field that repeats the form cookie (double submit)."""

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
EVERYBODY: Final = (Role.OFFICE, Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN)
WATCHERS: Final = (Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN)
OPERATORS: Final = (Role.OPERATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class User(Principal):
    """A principal with the token that its requests to the services carry."""

    token: str = field(default="", repr=False)
    form_token: str = field(default="", repr=False)
    expires: datetime = field(default=FOR_EVER)


class SignedIn(Allow):
    """Like ``kit.auth.allow``, but the token comes from the session cookie and not from a header."""

    async def __call__(self, request: Request) -> User:  # type: ignore[override]
        """Return the user; raise ``Unauthorized`` without a valid session and ``Forbidden`` for another role."""
        user = read_session(request)
        if user.role not in self.roles:
            raise Forbidden("您的角色不能使用此功能。")
        return user


class Posted(SignedIn):
    """``SignedIn`` for requests that change something: they must come from a form of ours."""

    async def __call__(self, request: Request) -> User:  # type: ignore[override]
        """Return the user; raise ``Forbidden`` when the request does not come from one of our own pages."""
        user = await super().__call__(request)
        _require_own_origin(request.headers)
        sent = (await request.form(max_part_size=MAX_BODY)).get(FORM_FIELD)  # pages say how long a text may be
        if (
            not user.form_token
            or not isinstance(sent, str)
            or not hmac.compare_digest(sent.encode(), user.form_token.encode())
        ):
            raise Forbidden("表单已失效，请返回页面刷新后重新提交。", code="form_token")
        return user


def signed_in(*roles: Role) -> SignedIn:
    """Return the dependency of a page that the named roles may see."""
    return SignedIn(frozenset(roles))


def posted(*roles: Role) -> Posted:
    """Return the dependency of a form that the named roles may send."""
    return Posted(frozenset(roles))


def read_session(request: Request) -> User:
    """Return whom the session cookie proves; raise ``Unauthorized``."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise Unauthorized("您还没有登录。", code="no_session")
    try:
        who = verify(token, state_of(request).keys, now=now())
    except Unauthorized as error:
        raise Unauthorized("登录已过期。", code="session_expired") from error
    return User(
        subject=who.subject,
        role=who.role,
        jurisdiction=who.jurisdiction,
        units=who.units,
        sources=who.sources,
        token=token,
        form_token=request.cookies.get(FORM_COOKIE, ""),
        expires=expiry_of(token),
    )


def expiry_of(token: str) -> datetime:
    """Return when a token that was already verified ends."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return datetime.fromtimestamp(int(claims["exp"]), UTC)


def open_session(response: Response, *, token: str, form_token: str, secure: bool) -> None:
    """Put the session into the browser; both cookies end with the token."""
    seconds = max(0, int((expiry_of(token) - now()).total_seconds()))
    for name, value in ((SESSION_COOKIE, token), (FORM_COOKIE, form_token)):
        response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def close_session(response: Response) -> None:
    """Take the session out of the browser."""
    for name in (SESSION_COOKIE, FORM_COOKIE):
        response.delete_cookie(name, path="/", httponly=True, samesite="strict")


def _require_own_origin(headers: Mapping[str, str]) -> None:
    """Raise ``Forbidden`` unless ``Origin``, which browsers send with every POST, names the host of the request."""
    origin = headers.get("origin", "")
    if not origin or urlsplit(origin).netloc != headers.get("host"):
        raise Forbidden("请求不是从本系统页面发出的。", code="foreign_origin")
