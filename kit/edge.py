"""The outermost layer of every service: limits, a span, metrics, and an answer whatever happens inside."""

import asyncio
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Final

from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.load import RETRY_AFTER, Load
from kit.metrics import OTHER, Metrics
from kit.problems import BodyRefused, of_failure, problem
from kit.telemetry import TRACEPARENT, span

SLOWEST_BODY: Final = 60.0
"""Seconds in which the whole body must arrive."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_CLASSES: Final = ("2xx", "3xx", "4xx", "5xx")
_DIGITS: Final = 18
"""Of a declared length; more are more than any limit."""
_EVENTS: Final = b"text/event-stream"
_ALWAYS: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""What is answered however much there is to do: whoever watches us must see it."""


class Edge:
    """ASGI middleware around everything else of an app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        routes: Iterable[str],
        max_body: Mapping[str, int],
        load: Load,
        stopping: asyncio.Event,
    ) -> None:
        """Limit bodies to the bytes that ``max_body`` has for the longest prefix of the path; "" is for all others.

        Beyond what ``load`` lets in, requests are read, forgotten and told to come again.
        """
        self._app = app
        self._load = load
        self._max_body = sorted(max_body.items(), key=lambda item: -len(item[0]))
        self._stopping = stopping
        self._seconds = metrics.histogram(
            "http_request_seconds",
            "Time from a request's first byte to the end of its answer; event streams are not counted.",
            {"method": _METHODS, "route": sorted(routes), "status": _CLASSES},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, method = Headers(scope=scope), scope["method"]
        exchange = _Exchange(
            receive, send, self._limit(scope["path"]), headers.get("content-length"), self._load, self._stopping
        )
        begun = perf_counter()
        app = self._app if scope["path"] in _ALWAYS or exchange.enter() else _refuse
        with span(method, carrier={TRACEPARENT: headers.get(TRACEPARENT, "")}, kind=SpanKind.SERVER) as current:
            try:
                refusal = None if app is _refuse else _refusal(scope, headers)
                await (refusal or app)(scope, exchange.receive, exchange.send)
            except Exception as error:  # noqa: BLE001  the one place where a request's failure ends
                failure = of_failure(error)
                if not exchange.status:
                    await failure(scope, exchange.receive, exchange.send)
            finally:
                exchange.leave()
            await exchange.end()
            route = getattr(scope.get("route"), "path", OTHER)
            current.update_name(f"{method} {route}")
            current.set_attribute("http.response.status_code", exchange.status)
        if not exchange.is_event_stream:
            self._seconds.observe(
                perf_counter() - begun, method=method, route=route, status=f"{exchange.status // 100}xx"
            )

    def _limit(self, path: str) -> int:
        return next(limit for prefix, limit in self._max_body if path.startswith(prefix))


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a request to its end and answer that there are too many."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass
    headers = {"Retry-After": str(RETRY_AFTER)}
    await problem(429, "正在处理的请求过多，请稍后重试", headers=headers)(scope, receive, send)


def _refusal(scope: Scope, headers: Headers) -> Response | None:
    """Return the answer to a request that no route can mean: an address with U+0000, a body in a compressed form."""
    if b"%00" in scope["query_string"] or "\0" in scope["path"]:
        return problem(422, "地址中不得有空字符(U+0000)", code="malformed")
    if headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
        return problem(415, "不接受压缩的请求内容（Content-Encoding），请直接发送", field="content-encoding")
    return None


class _Exchange:
    """One request's body on its way in and answer on its way out."""

    def __init__(
        self, receive: Receive, send: Send, limit: int, declared: str | None, load: Load, stopping: asyncio.Event
    ) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._declared = int(declared[:_DIGITS]) if declared and declared.isdecimal() else 0
        self._load = load
        self._held = 0
        self._entered = False
        self._stopping = stopping
        self._deadline = asyncio.get_running_loop().time() + SLOWEST_BODY
        self._got = 0
        self._body_ended = self._answer_ended = False
        self.status = 0
        """Status of the answer; 0 before it began."""
        self.is_event_stream = False

    def enter(self) -> bool:
        """Take part in the load; tell whether there is room for one request more."""
        self._entered = self._load.enter()
        return self._entered

    def leave(self) -> None:
        """Hold nothing any more."""
        self._load.drop(self._held)
        self._held = 0
        if self._entered:
            self._load.leave()
            self._entered = False

    async def receive(self) -> Message:
        """Give the next piece of the body, which must be neither too large nor too slow; then the disconnection."""
        if self._body_ended:
            return await self._disconnection()
        if self._declared > self._limit:
            raise BodyRefused(413, self._too_large())
        message = await self._next_piece()
        size = len(message.get("body", b""))
        if self._load.hold(size, self._held):
            self._held += size
            return message
        self._load.drop(self._held)
        self._held = 0
        while (
            not self._body_ended
        ):  # what finds no room is read and forgotten: cut off, the sender might miss the answer
            await self._next_piece()
        raise BodyRefused(429, "正在处理的内容过多，请稍后重试", {"Retry-After": str(RETRY_AFTER)})

    async def _next_piece(self) -> Message:
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(408, f"请求内容没有在 {SLOWEST_BODY:g} 秒内送达") from None
        self._body_ended = not message.get("more_body", False)
        self._got += len(message.get("body", b""))
        if self._got > self._limit:
            raise BodyRefused(413, self._too_large())
        return message

    async def send(self, message: Message) -> None:
        """Pass on a piece of the answer and remember what it was."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.is_event_stream = any(
                name == b"content-type" and value.startswith(_EVENTS) for name, value in message["headers"]
            )
            if self.is_event_stream:  # it may last for days and holds nothing
                self.leave()
        elif message["type"] == "http.response.body":
            self._answer_ended = not message.get("more_body", False)
        await self._send(message)

    async def end(self) -> None:
        """Complete an event stream that the end of the service cut short."""
        if self.is_event_stream and not self._answer_ended and self._stopping.is_set():
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _disconnection(self) -> Message:
        """Wait until the client leaves; for an event stream our own end counts as that, or it would hold us up."""
        leaving = asyncio.ensure_future(self._receive())
        ending = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait([leaving, ending], return_when=asyncio.FIRST_COMPLETED)
            if not leaving.done() and self.is_event_stream:
                return {"type": "http.disconnect"}
            return await leaving
        finally:
            ending.cancel()
            leaving.cancel()

    def _too_large(self) -> str:
        return f"请求内容超过上限 {self._limit} 字节"
