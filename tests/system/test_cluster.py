"""Three NATS servers of which the leader is killed: what was confirmed is in the stream once, and readers miss nothing."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js import JetStreamContext

from deploy.embedded.child import spawn, tethered
from deploy.embedded.ports import LOOPBACK, Ports
from kit import nats as kit_nats
from kit.publish import Outgoing, publish_batch
from kit.reader import Delivery, Progress, read
from kit.streams import FACTS, ensure_stream
from tests.ending import ended
from tests.eventually import eventually
from tests.system.conftest import Tell

pytestmark = [pytest.mark.system, pytest.mark.chaos]

CONFIG = """
server_name: "{name}"
listen: "{host}:{port}"
jetstream {{ store_dir: "{store}", sync_interval: always }}
cluster {{ name: "test", listen: "{host}:{inner}", routes: [{routes}] }}
"""
BATCH = 25
KILLS = 2
AWAY = float(os.environ.get("JIANFU_OUTAGE_SECONDS", "0"))
"""Seconds that a killed server stays away after another one leads."""


@dataclass
class Cluster:
    """Three servers by name, each with its configuration file."""

    folder: Path
    configs: dict[str, Path]
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start one server."""
        binary = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
        assert binary
        argv = tethered([binary, "-c", self.configs[name]], signal_number=signal.SIGTERM)
        self.processes[name] = spawn(argv, log=self.folder / f"{name}.log")

    def kill(self, name: str) -> None:
        """Kill one server with -9."""
        self.processes[name].kill()
        self.processes[name].wait(20)

    @property
    def url(self) -> str:
        """The address of one server, which tells of the others."""
        return f"nats://{LOOPBACK}:{next(iter(self.ports.values()))}"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Give three running servers."""
    ports = Ports(tmp_path / "ports.json")
    names = ("one", "two", "three")
    outer, inner = {name: ports.choose(name) for name in names}, {name: ports.choose(f"{name}-in") for name in names}
    configs = {}
    for name in names:
        routes = ", ".join(f'"nats://{LOOPBACK}:{inner[other]}"' for other in names if other != name)
        configs[name] = tmp_path / f"{name}.conf"
        text = CONFIG.format(
            name=name, host=LOOPBACK, port=outer[name], store=tmp_path / name, inner=inner[name], routes=routes
        )
        configs[name].write_text(text, "utf-8")
    made = Cluster(tmp_path, configs, outer)
    for name in names:
        made.start(name)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait(20)


@pytest_asyncio.fixture(loop_scope="session")
async def nc(cluster: Cluster) -> AsyncIterator[Client]:
    """Give a connection to a cluster whose stream FACTS has three copies."""
    connection = await kit_nats.connect(cluster.url, name="test")
    js = connection.jetstream()
    await eventually(lambda: _ensured(js))
    yield connection
    await kit_nats.close(connection)


async def _ensured(js: JetStreamContext) -> bool:
    try:
        await ensure_stream(js, FACTS, replicas=3)
    except nats.errors.Error:
        return False  # the servers have not found one another yet
    return True


async def test_the_death_of_the_leader_loses_and_doubles_nothing(cluster: Cluster, nc: Client, tell: Tell) -> None:
    js = nc.jetstream()
    confirmed: dict[str, int] = {}
    answers: list[float] = [time.monotonic()]
    got: list[Delivery] = []
    going_on = True

    async def handle(deliveries: Sequence[Delivery]) -> None:
        got.extend(deliveries)

    async def send() -> None:
        for number in count():
            if not going_on:
                return
            ids = [f"m{number}-{item}" for item in range(BATCH)]
            positions = await publish_batch(nc, [Outgoing("facts.99.a.b", id_.encode(), id_) for id_ in ids])
            confirmed.update(zip(ids, positions, strict=True))
            answers.append(time.monotonic())

    reading = asyncio.create_task(read(js, "FACTS", start_after=0, handle=handle, progress=Progress()))
    sending = asyncio.create_task(send())
    for _ in range(KILLS):
        before = len(confirmed)
        await eventually(lambda: len(confirmed) > before + 10 * BATCH)  # noqa: B023  asked at once
        leader = await eventually(lambda: _leader_of_all(js))
        cluster.kill(leader)
        await eventually(lambda: _another_leader(js, leader))  # noqa: B023  asked at once
        await asyncio.sleep(AWAY)  # how long the outage is to last
        cluster.start(leader)
    going_on = False
    await sending
    last = max(confirmed.values())
    await eventually(lambda: bool(got) and got[-1].seq >= last)
    await ended(reading)
    assert [one.seq for one in got] == list(range(1, len(got) + 1))
    assert {one.body.decode(): one.seq for one in got} == confirmed
    assert len(got) == len(confirmed)
    longest = max(later - earlier for earlier, later in pairwise(answers))
    tell(
        f"3-node NATS cluster, leader killed {KILLS} times and away {AWAY:g} s: "
        f"lost 0 of {len(confirmed)} confirmed, longest refusal {longest:.1f} s"
    )


async def _leader(js: JetStreamContext) -> str:
    """Return the name of the stream's leader, "" while there is none."""
    try:
        info = await js.stream_info("FACTS")
    except (nats.errors.Error, OSError):
        return ""
    return str(info.cluster.leader or "") if info.cluster else ""


async def _leader_of_all(js: JetStreamContext) -> str:
    """Return the leader once the others have everything: one server may be lost at a time, not two."""
    with contextlib.suppress(nats.errors.Error, OSError):
        info = await js.stream_info("FACTS")
        others = (info.cluster.replicas or []) if info.cluster else []
        if len(others) == 2 and all(one.current and not one.offline for one in others):
            return await _leader(js)
    return ""


async def _another_leader(js: JetStreamContext, dead: str) -> bool:
    return await _leader(js) not in {"", dead}
