"""How long it takes from the acceptance of an act to the alert in a browser: ``python -m bench.latency``.

``jianfu up`` with all its processes; 500 acts a second, each a request of its own; one follower of the alert stream (SSE). The
clock runs from the moment the sender has intake's answer to the moment the follower has the frame that names the act.
"""

import asyncio
import itertools
import re
import statistics
import time

import httpx
import msgspec

from bench.figures import Figure
from bench.harness import Rounds, command
from bench.sending import Connection, request
from bench.whole import system, years
from contracts.event import fact_id
from services.intake.modes import STRUCTURED
from tests.system.running import Running

RATE = 500
SECONDS = 20
CONNECTIONS = 32
YEAR = 20_000
REST = 10.0
"""Seconds to wait for the last frames."""
ACT = re.compile(rb'"acts":\["([a-z2-7]{26})"')
"""The act that decided an alert; what else a frame names had its own frame, or will have one when something comes to it."""


async def measure(rounds: Rounds) -> list[Figure]:
    """Send in every round, to one system."""
    middle: list[float] = []
    tail: list[float] = []
    acts = years(YEAR)
    async with system() as running:
        seen: dict[str, float] = {}
        following = asyncio.create_task(_follow(running, seen))
        await _send(running, list(itertools.islice(acts, 2 * RATE)))  # warm
        for _ in rounds:
            accepted = await _send(running, list(itertools.islice(acts, rounds.acts(RATE * SECONDS))))
            waits = sorted((seen[name] - at) * 1000 for name, at in accepted.items() if name in seen)
            middle.append(statistics.median(waits))
            tail.append(statistics.quantiles(waits, n=100)[-1])
        following.cancel()
        await asyncio.wait([following])
    return [
        Figure(f"acceptance to SSE frame at {RATE} acts/s, p50", middle, "ms", 40, at_most=True),
        Figure(f"acceptance to SSE frame at {RATE} acts/s, p99", tail, "ms", 150, at_most=True),
    ]


async def _follow(running: Running, seen: dict[str, float]) -> None:
    """Note when each act was first named by a frame."""
    async with (
        httpx.AsyncClient(base_url=running.url("notify"), headers=running.bearer("discipline"), timeout=None) as http,
        http.stream("GET", "/v1/stream") as answer,
    ):
        answer.raise_for_status()
        async for some in answer.aiter_bytes():
            now = time.perf_counter()
            for name in ACT.findall(some):
                seen.setdefault(name.decode(), now)


async def _send(running: Running, acts: list[bytes]) -> dict[str, float]:
    """Send acts at the rate; return when each was accepted."""
    port, token = running.port("intake"), running.bearer("adapter")["authorization"].removeprefix("Bearer ")
    idle = asyncio.Queue[Connection]()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await Connection.to(port))
    prepared = [(_name(act), request(act, STRUCTURED, token, port)) for act in acts]
    accepted: dict[str, float] = {}

    async def one(name: str, content: bytes) -> None:
        connection = await idle.get()
        if await connection.post(content):
            accepted[name] = time.perf_counter()
        idle.put_nowait(connection)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, (name, content) in enumerate(prepared):
            if (early := began + number / RATE - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(one(name, content))
    await asyncio.sleep(1)  # for the frames of the last acts
    while not idle.empty():
        idle.get_nowait().close()
    return accepted


def _name(act: bytes) -> str:
    fact = msgspec.json.decode(act)
    return fact_id(fact["source"], fact["id"])


if __name__ == "__main__":
    command(measure, __doc__ or "")
