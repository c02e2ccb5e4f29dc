"""A running notify on real servers and a real port, those who call it, and the streams beside it."""

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.eventually import eventually
from tests.factories import subject_of, wire
from tests.notify import samples

if TYPE_CHECKING:
    import httpx
    from nats.js import JetStreamContext

    from kit.db import Pool

COUNTY, CITY = "990101", "9901"


@dataclass
class Frame:
    """One server-sent event."""

    id: int
    name: str
    data: Any


@dataclass
class Notify:
    """One running notify and its callers."""

    client: "httpx.AsyncClient"
    js: "JetStreamContext"
    clues: "JetStreamContext"
    pool: "Pool"
    key: bytes
    stop: Callable[[], Awaitable[None]]

    def bearer(
        self, role: str = "operator", place: str = COUNTY, units: tuple[str, ...] = (), subject: str | None = None
    ) -> dict[str, str]:
        """Return the header of somebody's token."""
        from kit import clock
        from kit.tokens import Principal, Role, mint

        who = Principal(subject or f"{role}-1", Role(role), place, frozenset(units))
        return {"authorization": f"Bearer {mint(self.key, who, now=clock.now(), ttl=timedelta(hours=1))}"}

    async def get(self, path: str, *, params: dict[str, Any] | None = None, **who: Any) -> "httpx.Response":
        """Ask as somebody."""
        return await self.client.get(path, params=params, headers=self.bearer(**who))

    async def post(self, path: str, body: object = None, **who: Any) -> "httpx.Response":
        """Do something as somebody."""
        return await self.client.post(path, json=body, headers=self.bearer(**who))

    async def raise_(self, *events: dict[str, Any]) -> int:
        """Publish changes of alerts as the monitor does and wait until they are applied; return the last sequence."""
        last = 0
        for event in events:
            ack = await self.js.publish(samples.subject(event), samples.body(event))
            last = ack.seq
        await self.applied("ALERTS", last)
        return last

    async def tell(self, *facts: dict[str, Any]) -> None:
        """Publish facts and wait until those that notify reads are applied."""
        last = 0
        for fact in facts:
            last = (await self.js.publish(subject_of(fact), wire(fact))).seq
        await self.applied("FACTS", last)

    async def applied(self, stream: str, seq: int) -> None:
        """Wait until a stream is applied up to ``seq``."""

        async def reached() -> bool:
            found = await self.pool.fetchval("select seq from notify.checkpoint where stream = $1", stream)
            return (found or 0) >= seq

        await eventually(reached)

    async def facts(self, family: str = "delivery") -> list[dict[str, Any]]:
        """Return the facts of a family that are in the stream FACTS."""
        return await _all(self.js, "FACTS", f"facts.*.{family}.>")

    async def clue_facts(self) -> list[dict[str, Any]]:
        """Return what is in the stream CLUES."""
        return await _all(self.clues, "CLUES", "clues.>")

    @contextlib.asynccontextmanager
    async def stream(
        self, params: dict[str, Any] | None = None, last_event_id: int | None = None, **who: Any
    ) -> "AsyncIterator[AsyncGenerator[Frame]]":
        """Follow the event stream."""
        headers = self.bearer(**who)
        if last_event_id is not None:
            headers["last-event-id"] = str(last_event_id)
        async with self.client.stream("GET", "/v1/stream", params=params, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            yield _frames(response)


async def _frames(response: "httpx.Response") -> AsyncGenerator[Frame]:
    id_: int | None = None
    name, data = "", ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "id":
            id_ = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            data = value
        elif not line:
            if data:
                yield Frame(id_ or 0, name, json.loads(data))
            elif id_ is not None:
                yield Frame(id_, "position", None)
            name, data = "", ""


async def _all(js: "JetStreamContext", stream: str, subject: str) -> list[dict[str, Any]]:
    info = await js.stream_info(stream, subjects_filter=subject)
    count = sum((info.state.subjects or {}).values())
    if not count:
        return []
    found = await js.subscribe(subject, stream=stream, ordered_consumer=True)
    try:
        return [json.loads((await found.next_msg(timeout=30)).data) for _ in range(count)]
    finally:
        await found.unsubscribe()


async def row(pool: "Pool", statement: str) -> tuple[Any, ...]:
    """Return the one row of a query."""
    return tuple(await pool.fetchrow(statement) or ())


Start = Callable[..., Awaitable[Notify]]


@pytest_asyncio.fixture(loop_scope="session")
async def start(
    dsn: str, nats_url: str, clues_url: str, js: "JetStreamContext", tmp_path: Path
) -> "AsyncIterator[Start]":
    """Give a function that starts notify with settings by their environment names."""
    from kit.db import connect_pool
    from kit.nats import connect
    from kit.tokens import new_key_pair

    private, public = new_key_pair()
    (tmp_path / "public.pem").write_bytes(public)
    async with AsyncExitStack() as stack:
        pool = await connect_pool(dsn, size=4, schema="notify")
        stack.push_async_callback(pool.close)
        clues = await connect(clues_url, name="test")
        stack.push_async_callback(clues.close)

        async def run(**settings: Any) -> Notify:
            given = {
                "NATS_URL": nats_url,
                "CLUES_NATS_URL": clues_url,
                "DATABASE_URL": dsn,
                "JIANFU_PUBLIC_KEY_FILE": tmp_path / "public.pem",
                **settings,
            }
            own = await stack.enter_async_context(AsyncExitStack())
            client = await own.enter_async_context(running(given))
            return Notify(client, js, clues.jetstream(), pool, private, own.aclose)

        yield run


@contextlib.asynccontextmanager
async def running(settings: dict[str, Any]) -> "AsyncIterator[httpx.AsyncClient]":
    """Run notify under uvicorn on a free port while the block lasts."""
    import httpx

    from services.notify.app import create_app
    from services.notify.config import Settings
    from tests.serving import served

    app = create_app(Settings(**settings))
    # the client outlives the server, so that its end can be watched
    async with httpx.AsyncClient(timeout=60) as client, served(app) as url:
        client.base_url = url
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def notify(start: Start) -> Notify:
    """Give a running notify with what ships."""
    return await start()
