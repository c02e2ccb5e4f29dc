"""Faults as pages that a person can act on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import Rejected, code_of, title_of
from services.console.backend import Trouble, Unavailable, trouble_of
from services.console.desk import desk_of
from services.console.rendering import home_of
from services.console.session import read_session
from services.console.state import state_of
from services.console.wording import FIELDS

log = structlog.get_logger()

UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in words."""

    status: int
    title: str
    detail: str
    hint: str = ""


_HINTS: Final[Mapping[int, str]] = {
    403: "如需此权限，请联系本级专项机制办公室。",
    404: "可能是地址有误，或者该内容不在您的管辖范围内。",
    409: "内容可能已被其他人处理，请返回并刷新页面。",
    422: "请返回检查填写的内容。",
    429: "请稍等片刻再试。",
}


def answer_faults(app: FastAPI) -> None:
    """Turn refusals and failures into pages instead of problem documents."""

    async def rejected(request: Request, error: Exception) -> Response:
        fault = error if isinstance(error, Rejected) else Rejected("")
        if fault.status == UNAUTHORIZED:
            return _ask_to_log_in(request, fault)
        shown = Fault(fault.status, title_of(fault.code, fault.status), fault.detail, _HINTS.get(fault.status, ""))
        return await _show(request, shown)

    async def invalid(request: Request, error: Exception) -> Response:
        fields = (
            {FIELDS.get(name := str(item["loc"][-1]), name) for item in error.errors()}
            if isinstance(error, RequestValidationError)
            else set()
        )
        detail = f"这些内容不符合要求：{'、'.join(sorted(fields))}。"
        return await _show(request, Fault(422, title_of("invalid", 422), detail, _HINTS[422]))

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return await _show(request, Fault(status, title_of(code_of(status), status), "", _HINTS.get(status, "")))

    async def unavailable(request: Request, error: Exception) -> Response:
        trouble = trouble_of(error) if isinstance(error, Unavailable) else None
        detail = trouble.detail if trouble else ""
        hint = "其他页面仍可使用。服务恢复后刷新本页即可，数据不会丢失。"
        return await _show(request, Fault(503, "服务暂时无法访问", detail, hint), trouble=trouble)

    handlers: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        Rejected: rejected,
        RequestValidationError: invalid,
        HTTPException: http,
        Unavailable: unavailable,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.user_middleware.append(Middleware(Mishaps))  # the innermost: what leaves it becomes a problem document


class Mishaps:
    """An ASGI middleware that turns what should not have happened into a page that tells nothing of it, and logs it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the routes."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what happens after the answer began is left to the outer layers."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            log.exception("console.broken", path=scope["path"], kind=type(error).__name__)
            shown = Fault(500, title_of("internal", 500), "页面无法生成。", "请将时间和页面地址告知系统管理员。")
            response = await _show(Request(scope, receive), shown)
            await response(scope, receive, send)


def _ask_to_log_in(request: Request, fault: Rejected) -> Response:
    """Say how to get in; a part of a page that htmx asks for makes the whole page ask again."""
    response = state_of(request).renderer.page("login.html", {"user": None, "fault": fault}, status=UNAUTHORIZED)
    if request.headers.get("hx-request"):
        response.headers["HX-Refresh"] = "true"
    return response


async def _show(request: Request, fault: Fault, trouble: Trouble | None = None) -> Response:
    """Show a fault inside the user's own frame, or bare for somebody who is not signed in."""
    try:
        user = read_session(request)
    except Rejected:
        return state_of(request).renderer.page(
            "fault.html", {"user": None, "home": "/", "fault": fault, "trouble": trouble}, status=fault.status
        )
    return await desk_of(request, user).page(
        "fault.html", status=fault.status, home=home_of(user.role), fault=fault, trouble=trouble
    )
