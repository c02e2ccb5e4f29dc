"""The only way from the console to the other services: HTTP with the token of whoever looks at the page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

import httpx
import structlog
from pydantic import BaseModel, JsonValue, ValidationError

from kit.errors import Conflict, Forbidden, NotFound, Overloaded, Rejected, TooLarge, Unauthorized
from kit.telemetry import inject
from services.console.wording import FIELDS

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=BaseModel)
Params = Mapping[str, str | int | None]
log = structlog.get_logger()

_SERVER_FAULT: Final = 500
_CLIENT_FAULT: Final = 400
_KINDS: Final[Mapping[int, type[Rejected]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: Overloaded,
}


class Service(StrEnum):
    """A service that the console asks."""

    INTAKE = "intake"
    LEDGER = "ledger"
    MONITOR = "monitor"
    NOTIFY = "notify"


TITLES: Final[Mapping[Service, str]] = {
    Service.INTAKE: "接入服务",
    Service.LEDGER: "台账服务",
    Service.MONITOR: "监测服务",
    Service.NOTIFY: "通知服务",
}
"""What users call the services."""


class Unavailable(Exception):
    """A service does not answer, or not in a way that we understand."""

    def __init__(self, service: Service, since: datetime) -> None:
        """Name the service and when it was first found so."""
        super().__init__(service.value)
        self.service = service
        self.since = since


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a part of a page is not there."""

    service: Service | None
    since: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a page: what was asked for, or why it is missing."""

    value: T | None = None
    trouble: Trouble | None = None


async def attempt(asked: Awaitable[T]) -> Part[T]:
    """Return the answer, or the trouble that a page can show in its place; a lost session is raised."""
    try:
        return Part(value=await asked)
    except Unavailable as down:
        return Part(trouble=trouble_of(down))
    except Unauthorized:
        raise
    except Rejected as refused:
        return Part(trouble=Trouble(service=None, since=None, detail=_in_our_words(refused)))


def _in_our_words(refused: Rejected) -> str:
    """Return why a service refused, with the field by the name that its label has on our pages."""
    field = refused.field or ""
    detail = refused.detail.removeprefix(f"{field}：")
    return f"{FIELDS[field]}：{detail}" if field in FIELDS and detail != refused.detail else refused.detail


def trouble_of(down: Unavailable) -> Trouble:
    """Say that a service is away."""
    return Trouble(service=down.service, since=down.since, detail=f"{TITLES[down.service]}暂时无法访问")


class Backend:
    """The four services and what is known of their health."""

    def __init__(self, clients: Mapping[Service, httpx.AsyncClient], *, now: Callable[[], datetime]) -> None:
        """Take one client per service, with its base URL and time limits."""
        self._clients = clients
        self._now = now
        self._down: dict[Service, datetime] = {}

    @property
    def down(self) -> Mapping[Service, datetime]:
        """The services that did not answer last time, and since when."""
        return dict(self._down)

    async def get(
        self, service: Service, path: str, shape: type[ModelT], *, token: str, params: Params | None = None
    ) -> ModelT:
        """Ask for something; raise ``Rejected`` (or a child) when refused, ``Unavailable`` without a usable answer."""
        return self._read(service, shape, await self._send(service, "GET", path, token=token, params=params))

    async def post(
        self,
        service: Service,
        path: str,
        shape: type[ModelT],
        *,
        token: str,
        body: Mapping[str, JsonValue] | None = None,
    ) -> ModelT:
        """Send something; same errors as ``get``."""
        return self._read(service, shape, await self._send(service, "POST", path, token=token, body=body or {}))

    @asynccontextmanager
    async def stream(
        self, service: Service, path: str, *, token: str, params: Params, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Open a streamed answer; same errors as ``get`` when it does not open, ``httpx.HTTPError`` when it breaks."""
        request = self._clients[service].build_request(
            "GET",
            path,
            params=_given(params),
            headers={**_headers(token), **headers},
            timeout=httpx.Timeout(10.0, read=60.0),
        )
        try:
            response = await self._clients[service].send(request, stream=True)
        except httpx.HTTPError as error:
            raise self._away(service, type(error).__name__) from error
        try:
            if response.status_code >= _CLIENT_FAULT:
                await response.aread()
                self._refuse(service, response)
            self._down.pop(service, None)
            yield response
        finally:
            await response.aclose()

    async def _send(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        token: str,
        params: Params | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> httpx.Response:
        try:
            response = await self._clients[service].request(
                method, path, params=_given(params or {}), json=body, headers=_headers(token)
            )
        except httpx.HTTPError as error:
            raise self._away(service, type(error).__name__) from error
        self._refuse(service, response)
        return response

    def _refuse(self, service: Service, response: httpx.Response) -> None:
        """Raise what a refusing answer means."""
        status = response.status_code
        if status >= _SERVER_FAULT:
            raise self._away(service, f"status_{status}")
        if status >= _CLIENT_FAULT:
            problem = _Problem.read(response)
            kind = _KINDS.get(status, Rejected)
            raise kind(problem.detail or problem.title or "请求未被接受", code=problem.code, field=problem.field)

    def _read(self, service: Service, shape: type[ModelT], response: httpx.Response) -> ModelT:
        try:
            answer = shape.model_validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise self._away(service, f"shape {shape.__name__} {where}: {first['type']}") from None
        self._down.pop(service, None)
        return answer

    def _away(self, service: Service, why: str) -> Unavailable:
        since = self._down.setdefault(service, self._now())
        log.warning("backend.unavailable", service=service.value, why=why)
        return Unavailable(service, since)


class _Problem(BaseModel):
    """An RFC 9457 problem as our services send it."""

    title: str = ""
    detail: str = ""
    code: str | None = None
    field: str | None = None

    @classmethod
    def read(cls, response: httpx.Response) -> "_Problem":
        """Read the problem of an answer; an empty one when there is none."""
        try:
            return cls.model_validate_json(response.content)
        except ValidationError:
            return cls()


def _headers(token: str) -> dict[str, str]:
    return inject({"Authorization": f"Bearer {token}"})


def _given(params: Params) -> dict[str, str | int]:
    """Leave out what was not asked for."""
    return {name: value for name, value in params.items() if value is not None and value != ""}
