"""A ledger without a broker for each test."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest_asyncio

from tests.ledger.world import World


@pytest_asyncio.fixture(loop_scope="session")
async def world(pool_for: Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]) -> World:
    """Give an empty ledger."""
    return World(await pool_for("ledger"))
