"""RFC 9457 problem documents in Chinese for every fault that can leave a service."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from contracts.faults import Fault, faults
from kit.errors import TITLES, Overloaded, Rejected, Unauthorized, code_of, title_of
from kit.failures import describe, is_outage
from kit.telemetry import traceparent

_RETRY: Final = "2"
"""Seconds after which a caller may try again when a server of ours is away."""
_DETAILS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "请求的内容无法解析，应为编码正确、首尾完整的表单或 JSON",
    HTTPStatus.UNAUTHORIZED: "请求缺少有效的访问凭证",
    HTTPStatus.FORBIDDEN: "没有执行此操作的权限",
    HTTPStatus.NOT_FOUND: "没有这个地址，请检查路径",
    HTTPStatus.METHOD_NOT_ALLOWED: "此地址不支持该操作方式",
    HTTPStatus.NOT_ACCEPTABLE: "无法按所要求的格式回答",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "不支持所发送内容的格式（Content-Type）",
    HTTPStatus.SERVICE_UNAVAILABLE: "所依赖的服务暂时不可用，请稍后再试",
}

_log = structlog.stdlib.get_logger("kit.http")


_TEXT: Final = {"type": "string"}
_SHAPE: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "field": _TEXT,
        "trace_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": dict.fromkeys(("field", "code", "detail"), _TEXT)},
        },
        "checks": {"type": "object", "additionalProperties": _TEXT},
    },
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": title, "content": {"application/problem+json": {"schema": _SHAPE}}}
    for status, title in (("4XX", "The request is at fault (RFC 9457)"), ("503", "A server of ours is away (RFC 9457)"))
}
"""What every route may answer beside its own, for the OpenAPI document."""


class Problem(JSONResponse):
    """The answer to a request that failed."""

    media_type = "application/problem+json"


class BodyRefused(HTTPException):
    """The body is too large, came too slowly, or finds no room."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Give the status and the Chinese detail; the connection ends unless ``headers`` say otherwise."""
        super().__init__(status, detail, {"Connection": "close"} if headers is None else headers)


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Problem:
    """Build a problem document; ``more`` are extension members, left out where they are None."""
    code = code or code_of(status)
    here = traceparent()
    members = {
        "type": f"urn:jianfu:problem:{code}",
        "title": title_of(code, status),
        "status": status,
        "detail": detail,
        "code": code,
        **{key: value for key, value in more.items() if value is not None},
        **({"trace_id": here.split("-")[1]} if here else {}),
    }
    return Problem(members, status_code=status, headers=dict(headers or {}))


def answer_faults(app: FastAPI) -> None:
    """Register the handlers that turn what routes raise into problem documents."""
    app.add_exception_handler(Rejected, _rejected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def of_rejected(error: Rejected) -> Problem:
    """Turn bad input that our own code found into its problem document."""
    headers: dict[str, str] = {}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.status, error.detail, code=error.code, headers=headers, field=error.field)


def of_failure(error: BaseException) -> Problem:
    """Turn what should not have happened into a problem document that tells nothing of it, and log it."""
    if is_outage(error):
        _log.warning("http.unavailable", error=describe(error))
        return problem(503, _DETAILS[503], headers={"Retry-After": _RETRY})
    _log.error("http.failed", exc_info=error)
    return problem(500, "处理请求时发生内部错误，已记录；请将 trace_id 告知管理员")


async def _rejected(_request: Request, error: Exception) -> Problem:
    return of_rejected(error) if isinstance(error, Rejected) else of_failure(error)


async def _http(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, HTTPException):
        return of_failure(error)
    detail = error.detail if isinstance(error, BodyRefused) else _DETAILS.get(error.status_code, "请求未能处理")
    return problem(error.status_code, detail, headers=error.headers)


async def _invalid(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        return of_failure(error)
    return of_faults(faults(error.errors()))


def of_faults(found: Sequence[Fault]) -> Problem:
    """Turn the faults of fields into one problem document that lists them all."""
    first = found[0]
    if first.code == "json_invalid":
        return problem(422, f"请求内容{first.detail}", code="malformed")
    listed: list[dict[str, Any]] = [asdict(fault) for fault in found]
    code = first.code if first.code in TITLES else "invalid"
    return problem(422, f"{first.field}：{first.detail}", code=code, field=first.field, errors=listed)
