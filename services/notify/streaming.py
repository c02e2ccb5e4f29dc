"""The HTTP side of an event stream: how many clients there may be, and how long one may keep us waiting."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from kit.errors import Overloaded
from kit.metrics import Gauge

PATIENCE: Final = 30.0
"""Seconds that a client may leave one frame untaken; its connection is cut then, it knows its last id."""

_log = structlog.stdlib.get_logger("notify.streaming")


class Clients:
    """Counts the open streams and refuses more than there may be."""

    def __init__(self, most: int, gauge: Gauge) -> None:
        """Begin with none."""
        self._most = most
        self._gauge = gauge
        self._count = 0

    def check(self) -> None:
        """Raise ``Overloaded`` when there are as many streams as there may be."""
        if self._count >= self._most:
            raise Overloaded("同时打开的实时连接过多，请稍后再试", retry_after=30)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one client while the block lasts."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        self._count += by
        self._gauge.set(self._count)


class EventStream(StreamingResponse):
    """Sends frames of server-sent events as they come."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes], clients: Clients, *, patience: float = PATIENCE) -> None:
        """Take the frames; a client that takes none for ``patience`` seconds is cut off."""
        super().__init__(frames, headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._frames = frames
        self._clients = clients
        self._patience = patience

    async def stream_response(self, send: Send) -> None:
        """Send until the frames or the client's patience, or ours, end."""

        async def send_soon(message: Message) -> None:
            async with asyncio.timeout(self._patience):
                await send(message)

        with self._clients.one():
            try:
                await super().stream_response(send_soon)
            except TimeoutError:
                _log.info("stream.cut", reason="slow")
            finally:
                await self._frames.aclose()
