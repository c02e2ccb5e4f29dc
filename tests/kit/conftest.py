"""Fixtures for the kit: settings with keys, and a NATS server of a test's own that it may kill."""

import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from nats.aio.client import Client
from pydantic import SecretStr

from deploy.embedded.accounts import ADMIN
from deploy.embedded.home import held
from deploy.embedded.nats import Nats
from deploy.embedded.ports import Ports
from kit import nats as kit_nats
from kit.auth import new_key_pair
from kit.config import ServiceSettings
from kit.streams import ALERTS, FACTS, ensure_stream


class Killable:
    """A NATS server with durable sync on a fixed port."""

    def __init__(self, server: Nats) -> None:
        self._server = server
        self.url = server.url(ADMIN.name)

    def kill(self) -> None:
        """End it like a power cut would (kill -9) and wait until it is gone."""
        process = self._server._process
        assert process is not None
        process.kill()
        process.wait(20)

    def start(self) -> None:
        self._server.start()

    def freeze(self) -> None:
        """Keep its connections open and its mouth shut."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server._process is not None
        self._server._process.send_signal(number)


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    with held(tmp_path / "nats") as home:
        ports = Ports(home.ports)
        server = Nats(home, ports.choose("nats"), ports.choose("nats-monitoring"))
        server.start()
        frozen = Killable(server)
        try:
            yield frozen
        finally:
            with contextlib.suppress(ProcessLookupError):
                frozen.thaw()
            server.stop()


Connect = Callable[[str], Awaitable[Client]]


@pytest_asyncio.fixture(loop_scope="session")
async def connect() -> AsyncIterator[Connect]:
    """Give a function from a URL to a connection of the kit; all are closed after the test."""
    made: list[Client] = []

    async def make(url: str) -> Client:
        made.append(await kit_nats.connect(url, name="test", patience=10))
        return made[-1]

    yield make
    for nc in made:
        await kit_nats.close(nc)


@pytest_asyncio.fixture(loop_scope="session")
async def mortal(killable: Killable, connect: Connect) -> Client:
    """Give a connection to the killable server, with FACTS and ALERTS there and empty."""
    nc = await connect(killable.url)
    for stream in (FACTS, ALERTS):
        await ensure_stream(nc.jetstream(), stream)
    return nc


@pytest.fixture(scope="session")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """Give a private key and the file of its public half."""
    private, public = new_key_pair()
    path = tmp_path_factory.mktemp("keys") / "public.pem"
    path.write_bytes(public)
    return private, path


@pytest.fixture
def settings(private_key: tuple[bytes, Path]) -> ServiceSettings:
    return ServiceSettings(
        nats_url=SecretStr("nats://nobody@127.0.0.1:1"),
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        public_key_file=private_key[1],
        port=0,
    )
