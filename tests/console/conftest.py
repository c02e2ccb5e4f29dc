"""Fixtures for the pages: a console over a fake backend, and browsers of each role."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from kit.auth import Role
from services.console.app import create_app
from services.console.backend import Service
from services.console.config import Settings
from tests.console.fake_backend import FakeBackend
from tests.console.stage import ORIGIN, KeyPair, make_keys, ticket_of

Browser = Callable[[Role | None], Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def built_backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def backend(built_backend: FakeBackend) -> FakeBackend:
    """Give the services as they are at the beginning of a test; to build their routes is most of what they cost."""
    built_backend.begin()
    return built_backend


@pytest.fixture(scope="session")
def built_console(built_backend: FakeBackend, key_pair: KeyPair) -> FastAPI:
    settings = Settings(
        public_key_file=key_pair.public,
        intake_url="http://intake.test",
        ledger_url="http://ledger.test",
        monitor_url="http://monitor.test",
        notify_url="http://notify.test",
    )
    transport = httpx.ASGITransport(app=built_backend.app)
    return create_app(settings, transports=dict.fromkeys(Service, transport))


@pytest.fixture
async def console(built_console: FastAPI, backend: FakeBackend) -> AsyncIterator[FastAPI]:
    """Give a console that has just started: what it knows and holds begins with each start."""
    del backend  # it has begun anew too
    async with built_console.router.lifespan_context(built_console):
        yield built_console


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
