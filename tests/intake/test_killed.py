"""The real process, killed in the middle of its work: senders that insist lose nothing and double nothing."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from nats.js import JetStreamContext

from contracts.event import fact_id
from tests.eventually import eventually
from tests.intake.conftest import BATCH
from tests.intake.events import SOURCE, raw_issued

pytestmark = pytest.mark.connected

SENDERS, BATCHES, ITEMS, KILLS = 4, 12, 50, 3


class Process:
    """One intake process that is started again at the same port."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.url = f"http://127.0.0.1:{environment['PORT']}"
        self.child: asyncio.subprocess.Process | None = None

    async def start(self, client: httpx.AsyncClient) -> None:
        self.child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.intake",
            env=self.environment,
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.DEVNULL,
        )
        await eventually(lambda: self.answers(client))

    async def answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def kill(self) -> None:
        assert self.child is not None
        if self.child.returncode is None:
            self.child.kill()
        await asyncio.wait_for(self.child.wait(), 20)


async def test_kill_9_loses_nothing_acknowledged_and_stores_nothing_twice(
    dsn: str, nats_url: str, js: JetStreamContext, key_pair: tuple[bytes, Path], token: Callable[..., str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    own = {"NATS_URL": nats_url, "DATABASE_URL": dsn, "JIANFU_PUBLIC_KEY_FILE": str(key_pair[1]), "PORT": port}
    process = Process({**os.environ, **own, "INTAKE_TELLS_DAYS": "false", "LOG_LEVEL": "error"})
    headers = {**BATCH, "authorization": f"Bearer {token()}"}
    acknowledged: dict[str, int] = {}
    sent = 0

    async def send(client: httpx.AsyncClient, sender: int) -> None:
        nonlocal sent
        for batch in range(BATCHES):
            names = [f"s{sender}-b{batch}-{number}" for number in range(ITEMS)] + [f"shared-{batch}"]
            body = b"[" + b",".join(raw_issued(name) for name in names) + b"]"

            async def once(body: bytes = body) -> list[dict[str, object]]:
                try:
                    answer = await client.post(f"{process.url}/v1/events", content=body, headers=headers)
                except httpx.TransportError:
                    return []
                results: list[dict[str, object]] = answer.json()["results"] if answer.status_code == 200 else []
                return results

            for result in await eventually(once):
                assert result["result"] in {"accepted", "duplicate"}, result
                assert isinstance(result["position"], int)
                assert acknowledged.setdefault(str(result["fact_id"]), result["position"]) == result["position"]
            sent += 1

    async def kill_again(client: httpx.AsyncClient) -> None:
        for kill in range(1, KILLS + 1):
            await eventually(partial(enough, SENDERS * BATCHES * kill // (KILLS + 1)))
            await process.kill()
            await process.start(client)

    def enough(due: int) -> bool:
        return sent >= due

    async with httpx.AsyncClient(timeout=30) as client:
        await process.start(client)
        try:
            async with asyncio.TaskGroup() as group:
                for sender in range(SENDERS):
                    group.create_task(send(client, sender))
                group.create_task(kill_again(client))
        finally:
            await process.kill()

    last = (await js.stream_info("FACTS")).state.last_seq
    messages = [await js.get_msg("FACTS", seq) for seq in range(1, last + 1)]
    stored = {str((message.headers or {})["Nats-Msg-Id"]): message.seq for message in messages}
    assert len(stored) == len(messages)
    assert stored == acknowledged
    assert all(fact_id(SOURCE, f"shared-{batch}") in stored for batch in range(BATCHES))
    assert len(stored) == SENDERS * BATCHES * ITEMS + BATCHES
