"""What requests hold in memory is bounded: who finds no room is told to wait, and room comes back with every answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from kit.auth import public
from kit.config import ServiceSettings
from kit.http import Readiness, create_http
from kit.load import Load
from kit.metrics import Metrics
from tests.eventually import eventually

MB = 1024 * 1024


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), max_size=60))
def test_no_more_is_held_than_may_be_unless_one_is_alone(steps: list[tuple[str, int]]) -> None:
    load, held = Load(Metrics(), most_bytes=100), dict.fromkeys("abc", 0)
    for who, size in steps:
        if size == 0:
            load.drop(held[who])
            held[who] = 0
        elif load.hold(size, held[who]):
            held[who] += size
        assert sum(held.values()) <= 100 or [size > 0 for size in held.values()].count(True) == 1
        assert load._bytes == sum(held.values())


@pytest.fixture
def gate() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def client(settings: ServiceSettings, gate: asyncio.Event) -> AsyncIterator[httpx.AsyncClient]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    small = settings.model_copy(update={"most_bytes": MB})
    app = create_http("test", settings=small, lifespan=lifespan, readiness=Readiness(), metrics=Metrics())

    @app.post("/hold", dependencies=[Depends(public)])
    async def hold(request: Request) -> int:
        size = len(await request.body())
        await gate.wait()
        return size

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kit") as given_client:
        yield given_client


async def held(client: httpx.AsyncClient) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("jianfu_http_body_bytes "))


async def test_a_body_without_room_is_told_to_wait_and_taken_afterwards(
    client: httpx.AsyncClient, gate: asyncio.Event
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * (MB // 8)

    first = asyncio.create_task(client.post("/hold", content=b"x" * (MB - 10)))
    await eventually(lambda: held(client), float(MB - 10))
    for content in (b"y" * 11, pieces()):
        refused = await client.post("/hold", content=content)
        assert (refused.status_code, refused.json()["code"]) == (429, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        assert "connection" not in refused.headers  # it was read to its end: the sender may go on
    assert await held(client) == MB - 10
    gate.set()
    assert (await first).json() == MB - 10
    assert (await client.post("/hold", content=pieces())).json() == MB
    assert await held(client) == 0


async def test_too_many_requests_are_told_to_wait_and_whoever_watches_us_is_answered(
    client: httpx.AsyncClient, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.load.Load.enter", lambda _self: False)
    gate.set()
    refused = await client.post("/hold", content=b"x")
    assert (refused.status_code, int(refused.headers["retry-after"])) == (429, 1)
    assert (await client.get("/livez")).status_code == 200
