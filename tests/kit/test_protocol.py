"""What comes before and around the body of a request: every form of it is answered with a problem, or served."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from kit import protocol
from kit.auth import public
from kit.body import StrictJson
from kit.config import ServiceSettings
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.protocol import MOST_HEAD, BoundedProtocol
from tests.eventually import PATIENCE
from tests.serving import served


class Note(BaseModel):
    """What the test's route takes."""

    text: str
    more: Any = None


@pytest.fixture
async def port(settings: ServiceSettings) -> AsyncIterator[int]:
    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_http("sample", settings=settings, lifespan=lifespan, readiness=Readiness(), metrics=Metrics())
    router = APIRouter(route_class=StrictJson, dependencies=[Depends(public)])

    @router.post("/note")
    async def note(body: Note) -> dict[str, str]:
        return {"text": body.text}

    app.include_router(router)
    async with served(app, BoundedProtocol) as url:
        yield int(url.rpartition(":")[2])


async def answered(port: int, *pieces: bytes) -> tuple[int, dict[str, Any]]:
    """Send pieces and return the status and the document of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head.split()[1]), json.loads(await reader.readexactly(length))
    finally:
        writer.close()


LIVE = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
HEADS = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "no path": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a letter in the address": ("GET /密 HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "a line break in a header": (LIVE + b"x: a\nb: c d\r\n e\r\n\r\n", 400),
    "U+0000 in a header": (LIVE + b"x: a\0b\r\n\r\n", 400),
    "two lengths": (b"POST /note HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a length and chunks": (
        b"POST /note HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400
    ),
    "a long header": (LIVE + b"x: " + b"a" * MOST_HEAD + b"\r\n\r\n", 431),
    "a long header without end": (LIVE + b"x: " + b"a" * 3 * MOST_HEAD, 431),
    "a long address": (b"GET /" + b"a" * MOST_HEAD + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    "many headers": (LIVE + b"".join(b"x%d: a\r\n" % number for number in range(200)) + b"\r\n", 431),
    "U+0000 in the path": (b"GET /livez%00 HTTP/1.1\r\nHost: a\r\n\r\n", 422),
    "U+0000 in the query": (b"GET /livez?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 422),
    "a compressed body": (LIVE + b"Content-Encoding: gzip\r\n\r\n", 415),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
async def test_a_head_that_cannot_be_served_is_a_problem(port: int, name: str) -> None:
    head, expected = HEADS[name]
    status, document = await answered(port, head)
    assert (status, document["status"]) == (expected, expected)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in document["detail"])
    assert await answered(port, LIVE + b"\r\n") == (200, {"live": True})


async def test_a_head_that_does_not_end_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SLOWEST_HEAD", 0.05)
    for begun in (b"", b"G", LIVE, LIVE + b"\r\n" + LIVE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        async with asyncio.timeout(PATIENCE):
            assert b'"code":"timeout"' in await reader.read()
        writer.close()


async def test_requests_of_one_connection_are_each_measured(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(LIVE + b"x: " + b"a" * (MOST_HEAD // 2) + b"\r\n\r\n")
        assert b" 200 OK" in await reader.readuntil(b'{"live":true}')
    writer.close()


BODIES = {
    "deep": b'{"text": "a", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a lone surrogate": b'{"text": "\\ud800"}',
    "a lone surrogate in a name": b'{"text": "a", "\\ud800": 1}',
    "NaN": b'{"text": "a", "more": NaN}',
    "a huge number": b'{"text": "a", "more": 1e999}',
    "no UTF-8": b'{"text": "\xff"}',
    "half": b'{"text": "a"',
    "U+0000": b'{"text": "a", "more": [{"x": "\\u0000"}]}',
    "U+0000 in a name": b'{"text": "a", "more": {"\\u0000": 1}}',
    "another shape": b"[]",
    "a missing field": b"{}",
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_json_body_that_nothing_can_hold_is_a_problem(port: int, name: str) -> None:
    body = BODIES[name]
    head = b"POST /note HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    status, document = await answered(port, head + body)
    assert status == 422
    assert document["code"] in {"malformed", "invalid"}
    assert ("more.0.x" in document["detail"]) == (name == "U+0000")
    good = msgspec.json.encode({"text": "甲"})
    head = b"POST /note HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(good)
    assert await answered(port, head + good) == (200, {"text": "甲"})
