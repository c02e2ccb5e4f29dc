"""Servers away or frozen, disks full or read-only: nothing acknowledged is lost, and all goes on by itself.

Each outage lasts ``JIANFU_OUTAGE_SECONDS``, by default a few seconds; ``make chaos`` makes it a minute.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from tests.system.outage import OUTAGES, Outage, disk
from tests.system.sending import counties
from tests.system.stage import Stage, stage

pytestmark = [pytest.mark.system, pytest.mark.chaos]

SECONDS = float(os.environ.get("JIANFU_OUTAGE_SECONDS", "4"))
EVENTS = 150


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everybody(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Give a running system on a disk of its own."""
    folder = tmp_path_factory.mktemp("outage")
    try:
        small = disk(folder)
        place = small.__enter__()
    except OSError as error:
        pytest.skip(f"不能挂载测试用的小磁盘（{error.strerror}），没有试验停服务器和写满磁盘")
    try:
        async with stage(place) as everybody:
            yield everybody
    finally:
        small.__exit__(None, None, None)


@pytest.mark.parametrize("name", OUTAGES)
async def test_an_outage_loses_nothing_and_ends_by_itself(everybody: Stage, name: str) -> None:
    seed = 100 + list(OUTAGES).index(name)
    client = everybody.client(counties(seed, EVENTS), Random(seed), spread=SECONDS + 4)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run())
        await _suffer(everybody, OUTAGES[name])
    await everybody.rest(within=60 + 2 * SECONDS)
    await everybody.prove()
    print(  # noqa: T201  shown with -s
        f"{name} {SECONDS:g} s: longest refusal {client.longest_refusal:.1f} s, "
        f"slowest answer {client.longest_wait:.1f} s, retried after {dict(client.troubles)}"
    )
    assert client.longest_wait > SECONDS / 2, "the outage was felt by nobody"


async def _suffer(everybody: Stage, outage: Outage) -> None:
    async with outage(everybody.system):
        await asyncio.sleep(SECONDS)
