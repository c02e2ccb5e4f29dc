"""HTTP on the wire with bounds: the head of a request may be neither too large nor too slow, and every refusal is a problem."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from kit.problems import problem

MOST_HEAD: Final = 64 * 1024
"""Bytes of a request before its body: the first line and all headers."""
MOST_HEADERS: Final = 100
SLOWEST_HEAD: Final = 20.0
"""Seconds in which the head must arrive; for the first request of a connection they begin with the connection."""

_MALFORMED: Final = (400, "请求不是有效的 HTTP/1.1")
_TOO_LARGE: Final = (431, f"请求的地址和标头最多 {MOST_HEAD // 1024} KB、{MOST_HEADERS} 项")
_TOO_SLOW: Final = (408, f"请求的地址和标头没有在 {SLOWEST_HEAD:g} 秒内送达")


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which takes heads of any size for any time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*args, **kwargs)
        self._head = 0
        self._in_head = True
        self._refusal = _MALFORMED
        self._slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is still the head and too much of it."""
        self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > MOST_HEAD and not self.transport.is_closing():
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        if self._slow is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Hand a request on if its head is not too large; the body has its own bounds."""
        self._in_head = False
        self._stop_waiting()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refusal = _TOO_LARGE
            raise ValueError("the head is too large")  # the parser stops, and what it raises is answered below
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  what is wrong is told in Chinese
        """Answer what the parser could not read."""
        if not self.transport.is_closing():
            self._refuse(self._refusal)

    def _wait_for_head(self) -> None:
        self._slow = self.loop.call_later(SLOWEST_HEAD, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _too_slow(self) -> None:
        self._slow = None
        if not self.transport.is_closing():
            self._refuse(_TOO_SLOW)

    def _refuse(self, why: tuple[int, str]) -> None:
        status, detail = why
        answer = problem(status, detail, headers={"Connection": "close"})
        head = b"".join(b"%s: %s\r\n" % pair for pair in answer.raw_headers)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + bytes(answer.body))
        self.transport.close()
