"""A ledger without a broker for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest_asyncio
from nats.aio.client import Client

from tests.ledger.log import Log, make
from tests.ledger.world import World


@pytest_asyncio.fixture(loop_scope="session")
async def world(pool_for: Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]) -> World:
    """Give an empty ledger."""
    return World(await pool_for("ledger"))


@pytest_asyncio.fixture(loop_scope="session")
async def log(dsn: str, nc: Client) -> AsyncIterator[Log]:
    """Give a log of 14 entries and two checkpoints in both copies; its connections do not look like a running ledger's."""
    from kit.db import connect_pool

    async with await connect_pool(dsn, size=4, schema="ledger", name="ledger-test") as pool:
        yield await make(World(pool), nc)
