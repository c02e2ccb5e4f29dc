"""What goes over the wire to PostgreSQL: a relay that counts round trips and bytes, the same on every machine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from deploy.embedded.ports import LOOPBACK

_CHUNK = 1 << 16
_HEAD = 5
"""Bytes of a message's type and length."""
_TURN = b"ZG"
"""ReadyForQuery and CopyInResponse."""


@dataclass
class Wire:
    """What went over it since ``clear``."""

    round_trips: int = 0
    """How often the server told a client that it may go on."""
    sent: int = 0
    """Bytes from the clients."""
    received: int = 0
    """Bytes to the clients."""

    def clear(self) -> None:
        """Count from here."""
        self.round_trips = self.sent = self.received = 0


class Answers:
    """What a server says over one connection, message by message."""

    def __init__(self) -> None:
        """Begin with the answer to the question for TLS."""
        self._buffer = bytearray()
        self._begun = False

    def turns(self, data: bytes) -> int:
        """Take bytes as they come; return how often the server handed the turn over in them."""
        buffer = self._buffer
        buffer += data
        if not self._begun:  # the answer to the question for TLS is one letter and no message
            self._begun = True
            del buffer[: buffer.startswith(b"N")]
        turns = at = 0
        while len(buffer) - at >= _HEAD:
            end = at + 1 + int.from_bytes(buffer[at + 1 : at + _HEAD], "big")
            if end > len(buffer):
                break
            turns += buffer[at] in _TURN
            at = end
        del buffer[:at]
        return turns


@contextlib.asynccontextmanager
async def relay(address: str) -> AsyncIterator[tuple[str, Wire]]:
    """Give another address of a database, and what goes there while the block lasts."""
    url, wire = urlsplit(address), Wire()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(url.hostname, url.port)
        answers = Answers()

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, *, client: bool) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(_CHUNK):
                    if client:
                        wire.sent += len(data)
                    else:
                        wire.received += len(data)
                        wire.round_trips += answers.turns(data)
                    target.write(data)
                    await target.drain()
            target.close()

        await asyncio.gather(pump(reader, server_writer, client=True), pump(server_reader, writer, client=False))

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield url._replace(netloc=f"{url.username}:{url.password}@{LOOPBACK}:{port}").geturl(), wire
