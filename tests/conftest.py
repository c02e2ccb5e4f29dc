"""Fixtures that every test may ask for. Servers start once per session, and only when a test needs them.

A test that asks for ``dsn`` gets a database of its own with all services' migrations; one that asks for ``nats_url``
gets an account whose streams are ours and empty. Tests and fixtures share one event loop per session.
"""

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings

from tests import bounds

if TYPE_CHECKING:  # loading these takes a second that tests of pure code need not wait for
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    import asyncpg
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamConfig

    from tests.databases import Databases
    from tests.servers import Addresses

# The same examples in every run, and none is wrong because the machine is slow: a hang is what bounds.py is for.
# Other examples: --hypothesis-profile=default
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

# Left to itself a log outside of a service draws each traceback with every local value, which takes longer than a request may.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
def addresses() -> "Iterator[Addresses]":
    """Where this session's servers are."""
    from tests.servers import servers

    with servers() as addresses:
        yield addresses


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(addresses: "Addresses") -> "AsyncIterator[asyncpg.Connection]":
    """Give a connection that may create databases; for the fixtures here."""
    import asyncpg

    connection = await asyncpg.connect(addresses.postgres)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases(admin: "asyncpg.Connection", addresses: "Addresses") -> "Databases":
    """Give the databases of this session; its migrations are run once."""
    from tests.databases import Databases

    made = Databases(admin, addresses.postgres)
    await made.make_template()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def new_dsn(databases: "Databases") -> "AsyncIterator[Callable[[], Awaitable[str]]]":
    """Give a function to the address of one more migrated database without rows, for tests that need several.

    All of them are taken back after the test.
    """
    lent: list[str] = []

    async def lend() -> str:
        lent.append(await databases.lend())
        return databases.url(lent[-1])

    yield lend
    for name in lent:
        await databases.take_back(name)


@pytest_asyncio.fixture(loop_scope="session")
async def dsn(new_dsn: "Callable[[], Awaitable[str]]") -> str:
    """Give the address of a database of this test's own, with the migrations of all services."""
    return await new_dsn()


@pytest_asyncio.fixture(loop_scope="session")
async def pool_for(dsn: str) -> "AsyncIterator[Callable[[str], Awaitable[asyncpg.Pool]]]":
    """Give a function from a schema's name to a pool on this test's database; pools are closed after the test."""
    from kit.db import connect_pool

    async with contextlib.AsyncExitStack() as stack:

        async def connect(schema: str) -> "asyncpg.Pool":
            pool = await connect_pool(dsn, size=4, schema=schema)
            stack.push_async_callback(pool.close)
            return pool

        yield connect


@pytest_asyncio.fixture(loop_scope="session")
async def nats_url(addresses: "Addresses") -> str:
    """Give the address of the application's account, with FACTS and ALERTS there and empty."""
    from kit.streams import ALERTS, FACTS

    await _renew_streams(addresses.nats, [FACTS, ALERTS])
    return addresses.nats


@pytest_asyncio.fixture(loop_scope="session")
async def clues_url(addresses: "Addresses", nats_url: str) -> str:
    """Give the address of the account for clues, with CLUES there and empty."""
    from kit.streams import CLUES

    await _renew_streams(addresses.clues, [CLUES], keep=addresses.clues == nats_url)
    return addresses.clues


@pytest_asyncio.fixture(loop_scope="session")
async def nc(nats_url: str) -> "AsyncIterator[Client]":
    """Give a connection to the application's account."""
    from kit.nats import close, connect

    connection = await connect(nats_url, name="test")
    yield connection
    await close(connection)


@pytest_asyncio.fixture(loop_scope="session")
async def js(nc: "Client") -> "JetStreamContext":
    """Give JetStream of the application's account, with FACTS and ALERTS there and empty."""
    return nc.jetstream()


async def _renew_streams(url: str, wanted: "list[StreamConfig]", *, keep: bool = False) -> None:
    from kit.nats import connect
    from kit.streams import ensure_stream

    connection = await connect(url, name="test")
    jetstream = connection.jetstream()
    for old in [] if keep else await jetstream.streams_info():
        await jetstream.delete_stream(str(old.config.name))
    for config in wanted:
        await ensure_stream(jetstream, config)
    await connection.close()


@pytest.hookimpl(trylast=True)  # when every test has its markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run whole systems and browsers: at the end one of them would keep one worker busy alone."""
    count = Counter(item.path for item in items)
    long = {item.path for item in items if item.get_closest_marker("system") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: (item.path not in long, -count[item.path], item.path))


@pytest.hookimpl(trylast=True)  # behind the terminal's, on which failures are shown
def pytest_configure(config: pytest.Config) -> None:
    """Bound every test, and show failures when they happen."""
    config.pluginmanager.register(bounds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what was left out, and why."""
    reasons = Counter(
        str(report.longrepr[2])
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("没有运行的测试")
    for reason, count in reasons.items():
        terminalreporter.line(f"{count} 项:{reason.removeprefix('Skipped: ')}")
