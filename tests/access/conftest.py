"""All five services on real servers and real ports, with two counties' data in them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.database import prepare
from deploy.embedded.servers import running as servers_running
from tests.access.running import World, running, seeded
from tests.conftest import _renew_streams
from tests.databases import Databases
from tests.intake.conftest import intake, key_pair, start, token
from tests.servers import Addresses

__all__ = ["intake", "key_pair", "start", "token", "urls", "world"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(
    databases: Databases, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Give the running system; the tests of one module share it, because none of them changes what another one reads."""
    from kit.streams import ALERTS, CLUES, FACTS

    name = await databases.lend()
    await _renew_streams(addresses.nats, [FACTS, ALERTS])
    await _renew_streams(addresses.clues, [CLUES], keep=addresses.clues == addresses.nats)
    async with running(databases.url(name), addresses, tmp_path_factory.mktemp("access")) as system:
        yield await seeded(system)
    await databases.take_back(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def urls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Give every role's address, also the superuser's, of a database that was prepared twice, as after an upgrade."""
    with servers_running(tmp_path_factory.mktemp("database"), fast=True) as servers:
        await prepare(servers.postgres.url, servers.home)
        yield {**await prepare(servers.postgres.url, servers.home), "postgres": servers.postgres.url}
