"""Servers away or frozen, disks full or read-only, clocks that jump: nothing acknowledged is lost, and all goes on by itself.

Each outage lasts ``JIANFU_OUTAGE_SECONDS``, by default a few seconds; ``make outages`` makes it a minute.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from tests.system import clock
from tests.system.conftest import Tell
from tests.system.outage import OUTAGES, NotHere, disk
from tests.system.sending import Client, counties
from tests.system.stage import Stage, stage

pytestmark = [pytest.mark.system, pytest.mark.chaos]

SECONDS = float(os.environ.get("JIANFU_OUTAGE_SECONDS", "4"))
EVENTS = 120
PATIENCE = 90.0
"""Seconds that the system may take to come to rest after an outage."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everybody(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Give a running system on a disk and under a clock of its own."""
    with disk(tmp_path_factory.mktemp("outage")) as place:
        async with stage(place, clock.prepare(place)) as everybody:
            yield everybody


@pytest.mark.parametrize("name", OUTAGES)
async def test_an_outage_loses_nothing_and_ends_by_itself(everybody: Stage, name: str, tell: Tell) -> None:
    seed = 100 + list(OUTAGES).index(name)
    client = everybody.client(counties(seed, EVENTS), Random(seed), spread=SECONDS + 2)
    try:
        ended = await _suffer(everybody, client, name)
    except NotHere as why:
        pytest.skip(str(why))
    await everybody.rest(within=PATIENCE)
    recovery = time.monotonic() - ended
    proved = await everybody.prove()
    tell(
        f"{name} {SECONDS:g} s: lost 0 of {len(everybody.acknowledged)} acknowledged, "
        f"longest refusal {client.longest_refusal:.1f} s, slowest answer {client.longest_wait:.1f} s, "
        f"at rest after {recovery:.1f} s, retried after {dict(client.troubles)}; {proved}"
    )
    if name.startswith("clock"):
        assert client.longest_wait < PATIENCE, "somebody waited for the clock"
    else:
        assert client.longest_wait > SECONDS / 2, "the outage was felt by nobody"


async def _suffer(everybody: Stage, client: Client, name: str) -> float:
    """Send through the outage until all is answered; return when the outage ended (monotonic seconds)."""
    sending = asyncio.create_task(client.run())
    try:
        async with OUTAGES[name](everybody.system):
            await asyncio.sleep(SECONDS)  # how long the outage is to last
    finally:
        ended = time.monotonic()
        client.hurry.set()
        await asyncio.wait_for(sending, PATIENCE)
    return ended
