"""A running monitor and its callers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from nats.js import JetStreamContext

from kit import clock
from kit.tokens import Principal, Role, mint, new_key_pair
from services.monitor.app import create_app
from services.monitor.config import Settings
from tests.eventually import eventually
from tests.factories import Event, subject_of, wire

LONG = {"mode": "网络视频", "starts_at": "2025-03-04T09:00:00+08:00", "ended_at": "2025-03-04T11:00:00+08:00"}


class Monitor:
    """A running monitor and its callers."""

    def __init__(self, client: httpx.AsyncClient, js: JetStreamContext, key: bytes) -> None:
        self.client = client
        self.js = js
        self._key = key

    def bearer(self, role: str = "operator", place: str = "99", units: tuple[str, ...] = ()) -> dict[str, str]:
        who = Principal(f"{role}@test", Role(role), place, frozenset(units))
        return {"authorization": f"Bearer {mint(self._key, who, now=clock.now(), ttl=timedelta(hours=1))}"}

    async def get(self, path: str, **who: Any) -> httpx.Response:
        return await self.client.get(path, headers=self.bearer(**who))

    async def tell(self, *facts: Event) -> int:
        last = 0
        for fact in facts:
            last = (await self.js.publish(subject_of(fact), wire(fact))).seq

        async def applied() -> bool:
            answer = await self.get("/v1/alerts")
            return bool(answer.json()["current"]["position"] >= last)  # behind them the monitor states its own

        await eventually(applied)
        return last


@pytest_asyncio.fixture(loop_scope="session")
async def monitor(dsn: str, nats_url: str, js: JetStreamContext, tmp_path: Path) -> AsyncIterator[Monitor]:
    """Give a running monitor on this test's servers."""
    private, public = new_key_pair()
    path = tmp_path / "public.pem"
    path.write_bytes(public)
    app = create_app(Settings(NATS_URL=nats_url, DATABASE_URL=dsn, JIANFU_PUBLIC_KEY_FILE=path))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://monitor")
    async with app.router.lifespan_context(app), client:
        yield Monitor(client, js, private)
