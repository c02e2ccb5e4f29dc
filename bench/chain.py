"""The whole system under a steady load for minutes: ``python -m bench.chain [--scale S]``; S = 1 is five minutes.

``jianfu up`` with all its processes, and a sender of 3,000 acts a second on the same machine. Everything that an act sets off
happens: journal, rows, counts, findings, alerts, their stream and notify's tables. Shown are the acts accepted per second, how
far each consumer was behind at most and at the end, how long it took to come to rest, and what memory each process held.
"""

import asyncio
import itertools
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence

import httpx

from bench.figures import Figure
from bench.harness import Rounds, command, portions
from bench.whole import Lags, held, post, system, years
from kit.nats import close, connect
from tests.system.running import Running

RATE = 3000
SECONDS = 300
BATCH = 500
AT_ONCE = 8
"""Requests that may wait for their answers; a sender that is held up catches up with them."""
LOOK = 5.0
PARTS = 4
"""Parts of the time. Between the last two memory should be at rest: NATS knows ids for 120 s, so it grows at least so long."""
CALM = 2 * RATE
"""Acts that may wait at the end: two seconds of them."""
YEAR = 20_000
PATIENCE = 600
"""Seconds for what waits at the end."""


async def measure(rounds: Rounds) -> list[Figure]:
    """Send for as long as asked, once."""
    seconds = max(SECONDS * rounds.scale, 4 * LOOK)
    acts = years(YEAR)
    bodies = [list(itertools.islice(acts, BATCH)) for _ in range(math.ceil(seconds * RATE / BATCH))]
    async with system() as running:
        nc = await connect(running.nats, name="bench")
        seen = _Seen(running, Lags(running, nc.jetstream()))
        looking = asyncio.create_task(seen.watch())
        accepted, took = await _send(running, bodies)
        looking.cancel()
        await asyncio.wait([looking])
        end = await seen.look()
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            for _ in itertools.count():
                if not any((await seen.lags.now()).values()):
                    break
                await asyncio.sleep(0.2)
        rest = time.perf_counter() - began
        await close(nc)
    figures = [
        Figure(f"whole chain, {took:.0f} s: accepted", [accepted / took], target=RATE * 0.99),
        *(Figure(f"  {name} behind at the end", [lag], "messages", CALM, at_most=True) for name, lag in end.items()),
        *(Figure(f"  {name} behind at most", [max(lags)], "messages") for name, lags in seen.behind.items()),
        Figure("  at rest after", [rest], "s"),
    ]
    for name, sizes in sorted(seen.sizes.items()):
        *_, before, last = (statistics.median(part) for part in portions(sizes, math.ceil(len(sizes) / PARTS)))
        figures.append(Figure(f"  memory of {name}", sizes, "MB"))
        figures.append(Figure(f"  memory of {name}, last quarter / third", [last / before], "", 1.1, at_most=True))
    return figures


class _Seen:
    """What was seen of lags and memory, every few seconds."""

    def __init__(self, running: Running, lags: Lags) -> None:
        self._running = running
        self.lags = lags
        self.behind = defaultdict[str, list[int]](list)
        self.sizes = defaultdict[str, list[float]](list)

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> dict[str, int]:
        now = await self.lags.now()
        for name, lag in now.items():
            self.behind[name].append(lag)
        for name, size in held(self._running).items():
            self.sizes[name].append(size)
        return now


async def _send(running: Running, bodies: Sequence[Sequence[bytes]]) -> tuple[int, float]:
    """Send acts at the rate; return how many were accepted and in what time."""
    turns = asyncio.Semaphore(AT_ONCE)
    headers = {**running.bearer("adapter"), "content-type": "application/cloudevents-batch+json"}
    accepted = 0
    async with (
        httpx.AsyncClient(base_url=running.url("intake"), headers=headers, timeout=60) as http,
        asyncio.TaskGroup() as group,
    ):

        async def one(some: Sequence[bytes]) -> None:
            nonlocal accepted
            try:
                got = await post(http, some)
                accepted += got  # not in one line: others add to it meanwhile
            finally:
                turns.release()

        began = time.perf_counter()
        for number, some in enumerate(bodies):
            await asyncio.sleep(max(began + number * BATCH / RATE - time.perf_counter(), 0))
            await turns.acquire()
            group.create_task(one(some))
    return accepted, time.perf_counter() - began


if __name__ == "__main__":
    command(measure, __doc__ or "")
