"""Senders that cost next to nothing: prepared requests over plain sockets, the next one when the last is answered."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from deploy.embedded.ports import LOOPBACK


@dataclass(frozen=True)
class Sent:
    """What came of many requests."""

    accepted: int
    seconds: float
    """From the first to the last."""
    waits: list[float]
    """Seconds of each request, the shortest first."""


def request(body: bytes, kind: str, token: str, port: int) -> bytes:
    """Return one request to ``POST /v1/events`` as bytes."""
    return (
        f"POST /v1/events HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def send(requests: Sequence[bytes], port: int, *, connections: int) -> Sent:
    """Send all requests over so many connections; raise ``RuntimeError`` where an answer is not 200."""
    loop = asyncio.get_running_loop()
    left = iter(requests)
    senders = [_Sender(left, loop.create_future()) for _ in range(connections)]
    begun = time.perf_counter()
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, LOOPBACK, port)  # type: ignore[misc]
    await asyncio.gather(*(sender.done for sender in senders))
    return Sent(
        accepted=sum(sender.accepted for sender in senders),
        seconds=time.perf_counter() - begun,
        waits=sorted(wait for sender in senders for wait in sender.waits),
    )


class Connection:
    """One connection on which requests are sent when their time has come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take an open connection."""
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Connection":
        """Connect to a service of this machine."""
        return cls(*await asyncio.open_connection(LOOPBACK, port))

    async def post(self, content: bytes) -> int:
        """Send one request and return how many acts were accepted; ``RuntimeError`` where the answer is not 200."""
        self._writer.write(content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(body.decode())
        return body.count(b'"accepted"')

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class _Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[None]") -> None:
        self._requests, self.done = requests, done
        self._begun = 0.0
        self._got = bytearray()
        self.accepted = 0
        self.waits: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one without saying so
        self._next()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        head = head.lower()
        if not found or len(body) < int(head.split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        if not head.startswith(b"http/1.1 200"):
            self._end(RuntimeError(body.decode()))
            return
        self.waits.append(time.perf_counter() - self._begun)
        self.accepted += body.count(b'"accepted"')
        self._got.clear()
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the service closed the connection"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._end(None)
            return
        self._begun = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        self._transport.close()
