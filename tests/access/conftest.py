"""All five services on real servers and real ports, with two counties' data in them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from deploy.database import prepare
from deploy.embedded.servers import running as servers_running
from tests.access.running import World, running, seeded
from tests.conftest import _database, _renew_streams
from tests.intake.conftest import intake, key_pair, start, token
from tests.servers import Addresses

__all__ = ["intake", "key_pair", "start", "token", "urls", "world"]

DATABASE = "jianfu_access"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(
    admin: asyncpg.Connection, template: str, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Give the running system; the tests of one module share it, because none of them changes what another one reads."""
    from kit.streams import ALERTS, CLUES, FACTS

    await admin.execute(f"drop database if exists {DATABASE} with (force)")
    await admin.execute(f"create database {DATABASE} template {template} strategy file_copy")
    await _renew_streams(addresses.nats, [FACTS, ALERTS])
    await _renew_streams(addresses.clues, [CLUES], keep=addresses.clues == addresses.nats)
    dsn = _database(addresses.postgres, DATABASE)
    async with running(dsn, addresses, tmp_path_factory.mktemp("access")) as system:
        yield await seeded(system)
    await admin.execute(f"drop database {DATABASE} with (force)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def urls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Give every role's address, also the superuser's, of a database that was prepared twice, as after an upgrade."""
    with servers_running(tmp_path_factory.mktemp("database"), fast=True) as servers:
        await prepare(servers.postgres.url, servers.home)
        yield {**await prepare(servers.postgres.url, servers.home), "postgres": servers.postgres.url}
