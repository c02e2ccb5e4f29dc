"""Senders push more than a frozen stream takes: memory stays, everybody is told when to come again, and nothing is lost."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from deploy.embedded.accounts import ADMIN
from deploy.embedded.servers import Servers, running
from kit.migrate import migrate
from kit.nats import close, connect
from kit.streams import FACTS, ensure_stream
from tests.eventually import eventually
from tests.intake.conftest import BATCH
from tests.intake.events import raw_issued

pytestmark = [pytest.mark.connected, pytest.mark.chaos]

MB = 1024 * 1024
SENDERS, ITEMS = 64, 200
ROOM = 8 * MB
"""Bytes that intake may hold of requests, and again of items that wait."""
MOST_GROWTH = 80 * MB
FROZEN = 8.0
"""Seconds; senders offer some hundred MB in this time."""
ROOT = Path(__file__).parents[2]


@dataclass
class Told:
    """What senders were told."""

    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: dict[str, int] = field(default_factory=dict)
    without_wait: int = 0
    offered: int = 0


@asynccontextmanager
async def intake(both: Servers, public_key: Path) -> AsyncIterator[tuple[str, int]]:
    """Run intake as a process with little room; give its address and process id."""
    await migrate(both.postgres.url, "intake", ROOT / "services" / "intake" / "sql")
    nc = await connect(both.nats.url(ADMIN.name), name="test")
    await ensure_stream(nc.jetstream(), FACTS)
    await close(nc)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PORT": str(port),
        "NATS_URL": both.nats.url("intake"),
        "DATABASE_URL": both.postgres.url,
        "JIANFU_PUBLIC_KEY_FILE": str(public_key),
        "INTAKE_TELLS_DAYS": "false",
        "MOST_BYTES": str(ROOM),
    }
    out = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.intake", env=environment, cwd=ROOT, stdout=out
    )
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient() as client:
            await eventually(lambda: _is_ready(client, url))
        yield url, process.pid
    finally:
        process.kill()
        await asyncio.wait_for(process.wait(), 20)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def memory(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(re.search(r"VmRSS:\s+(\d+)", (Path("/proc") / str(pid) / "status").read_text())[1]) * 1024  # type: ignore[index]


async def push(
    client: httpx.AsyncClient, sender: int, headers: dict[str, str], told: Told, over: asyncio.Event
) -> None:
    """Send batches again and again; what was not taken is sent once more when the trouble is over."""
    number = 0
    while not over.is_set() or not number:
        number += 1
        ids = [f"{sender}-{number}-{item}" for item in range(ITEMS)]
        body = b"[" + b",".join(raw_issued(id_, data={"attachment_note": "减负" * 900}) for id_ in ids) + b"]"
        while True:
            told.offered += len(body)
            try:
                answer = await client.post("/v1/events", content=body, headers=headers)
            except httpx.TransportError:  # a kept connection that ended as we used it: no answer, so once more
                continue
            told.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                results = answer.json()["results"]
                told.acknowledged |= {str(one["fact_id"]): one["position"] for one in results}
                break
            assert answer.status_code in {429, 503}, answer.text
            told.without_wait += "retry-after" not in answer.headers
            await asyncio.sleep(0.05 if not over.is_set() else 1)


async def test_a_frozen_stream_costs_neither_memory_nor_acts(
    tmp_path: Path, key_pair: tuple[bytes, Path], token: Callable[..., str]
) -> None:
    headers = {**BATCH, "authorization": f"Bearer {token()}"}
    told, over = Told(), asyncio.Event()
    with running(tmp_path, fast=True) as both:
        async with (
            intake(both, key_pair[1]) as (url, pid),
            httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=SENDERS)) as client,
        ):
            warm = Told()
            done = asyncio.Event()
            done.set()
            await push(client, -1, headers, warm, done)
            before, most = memory(pid), 0
            server = both.nats._process
            assert server is not None
            os.killpg(server.pid, signal.SIGSTOP)
            async with asyncio.TaskGroup() as group:
                for sender in range(SENDERS):
                    group.create_task(push(client, sender, headers, told, over))
                end = asyncio.get_running_loop().time() + FROZEN
                while asyncio.get_running_loop().time() < end:
                    await asyncio.sleep(0.1)
                    most = max(most, memory(pid))
                os.killpg(server.pid, signal.SIGCONT)
                over.set()
            most = max(most, memory(pid))
            nc = await connect(both.nats.url(ADMIN.name), name="test")
            js = nc.jetstream()
            last = (await js.stream_info("FACTS")).state.last_seq
            stored = [await js.get_msg("FACTS", seq, direct=True) for seq in range(1, last + 1)]
            await close(nc)
    ids = [str((message.headers or {})["Nats-Msg-Id"]) for message in stored]
    assert told.statuses[429] > 0
    assert told.offered > 3 * MOST_GROWTH
    assert told.without_wait == 0
    assert most - before < MOST_GROWTH, f"grew by {(most - before) / MB:.0f} of {told.offered / MB:.0f} MB offered"
    assert len(set(ids)) == len(ids)
    assert {**warm.acknowledged, **told.acknowledged} == dict(zip(ids, range(1, last + 1), strict=True))
