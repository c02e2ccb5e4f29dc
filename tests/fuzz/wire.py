"""Requests that no HTTP client would send: raw bytes on the connection, whole or in pieces, with or without an end."""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random
from typing import Final

from tests.fuzz.facts import fresh, raw

HEAD: Final = b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/cloudevents+json\r\n"
_LINES: Final = (
    b"x: a\0b\r\n", b"x y: a\r\n", b": a\r\n", b"x\r\n", b"x: a\n\r\n", b"\xff: a\r\n", b"x: \xff\xfe\r\n", b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 1\r\nContent-Length: 2\r\n", b"Content-Length: 0x10\r\n",
    b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n",
    b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", b"Host: b\r\n", b"X-Forwarded-For: 1\r\n",
    b"Cookie: " + b"a=b; " * 2000 + b"\r\n",
    b"traceparent: 00-" + b"f" * 32 + b"-zz-01\r\n", b"Content-Type: text/plain\r\n", b"x: " + b"a" * 70_000 + b"\r\n",
    b"".join(b"x%d: a\r\n" % number for number in range(150)), b" folded\r\n", b"Range: bytes=0-1\r\n", b"Content-Encoding: br\r\n",
)  # fmt: skip
_STARTS: Final = (
    b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"GET http://other/livez HTTP/1.1\r\nHost: a\r\n\r\n", b"GET //livez HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n" * 3000, b"\0" * 99,
    b"GET /\xe5\xaf\x86 HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"GET /%zz%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n\r\n", b"get /livez HTTP/1.1\r\n\r\n", b"FROB /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
)  # fmt: skip


def pieces(random: Random) -> Iterator[bytes]:
    """Yield what is written, one write each."""
    choice = random.randrange(6)
    body = raw(fresh(random))
    if choice == 0:
        yield random.choice(_STARTS)
    elif choice == 1:
        yield HEAD + b"".join(random.sample(_LINES, random.randrange(1, 4))) + b"\r\n" + body
    elif choice == 2:
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for _ in range(random.randrange(1, 30)):
            yield random.choice(
                (
                    b"5\r\nabcde\r\n",
                    b"zz\r\n",
                    b"ffffffffffffffff\r\n",
                    b"-1\r\n",
                    b"1;" + b"a" * 5000 + b"\r\nx\r\n",
                    b"0\r\n\r\n",
                )
            )
    elif choice == 3:
        whole = HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) + random.choice((-1, 0, 1, 10**9))) + body
        step = random.choice((1, 7, 100, 10**6))
        for at in range(0, min(len(whole), 300 * step), step):
            yield whole[at : at + step]
    elif choice == 4:
        mixed = bytearray(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        for _ in range(random.randrange(1, 6)):
            mixed[random.randrange(len(mixed))] = random.randrange(256)
        yield bytes(mixed)
    else:
        yield (b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * random.choice((2, 50))) + random.choice(_STARTS)


async def exchange(port: int, random: Random) -> bytes:
    """Write one hostile request, say no more, and return what comes back before the connection ends or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        with contextlib.suppress(ConnectionError):
            for piece in pieces(random):
                writer.write(piece)
                await writer.drain()
            if random.random() < 0.7:
                writer.write_eof()
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(0.5):
                while chunk := await reader.read(65536):
                    got += chunk
        return got
    finally:
        writer.close()
