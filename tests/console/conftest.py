"""Fixtures for the pages: a console over a fake backend, and browsers of each role."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from kit.auth import Principal, Role, mint, new_key_pair
from kit.clock import now
from services.console.app import create_app
from services.console.backend import Service
from services.console.config import Settings
from services.console.ticket import mint_ticket
from tests.console.fake_backend import FakeBackend

ORIGIN = "http://console.test"


class KeyPair(NamedTuple):
    """A private key in PEM and the file of its public key."""

    private: bytes
    public: Path


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    private, public = new_key_pair()
    path = tmp_path_factory.mktemp("keys") / "token.pub"
    path.write_bytes(public)
    return KeyPair(private, path)


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
async def console(backend: FakeBackend, key_pair: KeyPair) -> AsyncIterator[FastAPI]:
    settings = Settings(
        public_key_file=key_pair.public,
        intake_url="http://intake.test",
        ledger_url="http://ledger.test",
        monitor_url="http://monitor.test",
        notify_url="http://notify.test",
    )
    transport = httpx.ASGITransport(app=backend.app)
    app = create_app(settings, transports=dict.fromkeys(Service, transport))
    async with app.router.lifespan_context(app):
        yield app


def principal_of(role: Role) -> Principal:
    units = frozenset({"qh.zfb"}) if role is Role.OFFICE else frozenset[str]()
    return Principal(f"{role.value}@qinghe", role, "990101", units)


def token_of(key_pair: KeyPair, role: Role, *, ttl: timedelta = timedelta(hours=8)) -> str:
    return mint(key_pair.private, principal_of(role), now=now(), ttl=ttl)


def ticket_of(key_pair: KeyPair, role: Role) -> str:
    return mint_ticket(key_pair.private, token_of(key_pair, role), now=now())


Browser = Callable[[Role | None], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def browse(console: FastAPI, key_pair: KeyPair) -> AsyncIterator[Browser]:
    """Give a function that opens a client, signed in with a role or not at all."""
    clients: list[httpx.AsyncClient] = []

    async def open_client(role: Role | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=console), base_url=ORIGIN)
        clients.append(client)
        if role is not None:
            entered = await client.get("/login", params={"ticket": ticket_of(key_pair, role)})
            assert entered.status_code == 200, entered.text
        return client

    yield open_client
    for client in clients:
        await client.aclose()


@asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve an app on a free port of this machine and give its base URL."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="on"))
    import asyncio

    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
