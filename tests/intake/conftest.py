"""A running intake on real servers, and whoever may call it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.intake.events import SOURCE

if TYPE_CHECKING:
    import asyncpg
    import httpx
    from fastapi import FastAPI
    from nats.js import JetStreamContext

    from services.intake.parts import Parts

BATCH = {"content-type": "application/cloudevents-batch+json"}
STRUCTURED = {"content-type": "application/cloudevents+json"}


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """Give a private key and the file with its public key."""
    from kit.tokens import new_key_pair

    private, public = new_key_pair()
    path = tmp_path_factory.mktemp("keys") / "public.pem"
    path.write_bytes(public)
    return private, path


@pytest.fixture(scope="session")
def token(key_pair: tuple[bytes, Path]) -> Callable[..., str]:
    """Give a function that signs tokens: by default an adapter of the county's OA."""
    from kit import clock
    from kit.tokens import Principal, Role, mint

    def sign(
        role: str = "adapter",
        *,
        subject: str | None = None,
        jurisdiction: str = "990101",
        sources: tuple[str, ...] | None = None,
        units: tuple[str, ...] = (),
    ) -> str:
        own = (SOURCE,) if sources is None and role == "adapter" else sources or ()
        who = Principal(subject or f"{role}@test", Role(role), jurisdiction, frozenset(units), frozenset(own))
        return mint(key_pair[0], who, now=clock.now(), ttl=timedelta(hours=1))

    return sign


@dataclass(frozen=True)
class Intake:
    """One running intake."""

    app: "FastAPI"
    client: "httpx.AsyncClient"
    js: "JetStreamContext"
    token: Callable[..., str]

    @property
    def parts(self) -> "Parts":
        parts: Parts = self.app.state.parts
        return parts

    def bearer(self, *args: str, **kwargs: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(*args, **kwargs)}"}

    async def post(self, body: bytes, kind: dict[str, str] = STRUCTURED, **who: Any) -> "httpx.Response":
        return await self.client.post("/v1/events", content=body, headers={**kind, **self.bearer(**who)})

    async def batch(self, *items: bytes, **who: Any) -> list[dict[str, Any]]:
        answer = await self.post(b"[" + b",".join(items) + b"]", BATCH, **who)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def stored(self) -> list[tuple[str, str, bytes]]:
        """Return (subject, id, body) of every message of FACTS, in order."""
        last = (await self.js.stream_info("FACTS")).state.last_seq
        messages = [await self.js.get_msg("FACTS", seq) for seq in range(1, last + 1)]
        return [(str(m.subject), str((m.headers or {}).get("Nats-Msg-Id")), m.data or b"") for m in messages]

    async def fetch(self, sql: str, *args: object) -> "list[asyncpg.Record]":
        return await self.parts.pool.fetch(sql, *args)


Start = Callable[..., Awaitable[Intake]]


@pytest_asyncio.fixture(loop_scope="session")
async def start(
    dsn: str, nats_url: str, js: "JetStreamContext", key_pair: tuple[bytes, Path], token: Callable[..., str]
) -> AsyncIterator[Start]:
    """Give a function that starts one more intake on this test's servers; all end with the test."""
    import httpx
    from pydantic import SecretStr

    from services.intake.app import create_app
    from services.intake.config import Settings

    async with AsyncExitStack() as stack:

        async def begin(**more: Any) -> Intake:
            settings = Settings(
                nats_url=SecretStr(nats_url),
                database_url=SecretStr(dsn),
                public_key_file=key_pair[1],
                **{"tells_days": False, **more},
            )
            app = create_app(settings)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://intake"))
            return Intake(app, client, js, token)

        yield begin


@pytest_asyncio.fixture(loop_scope="session")
async def intake(start: Start) -> Intake:
    """Give one running intake."""
    return await start()
