"""The whole system as its own processes, for benchmarks: what it is sent, and what can be seen of it from outside."""

import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import asyncpg
import httpx
from nats.js import JetStreamContext

from bench.monitor import feed
from bench.process import memory
from tests import factories as f
from tests.system.running import Running, up

SETTINGS = {"INTAKE_MOST_A_MINUTE": str(10**9), "INTAKE_TELLS_DAYS": "false"}


@contextlib.asynccontextmanager
async def system() -> AsyncIterator[Running]:
    """Run everything on a new data folder."""
    with tempfile.TemporaryDirectory(prefix="jianfu-bench-") as folder:
        async with up(Path(folder) / "home", SETTINGS) as running:
            await running.ready(within=60)
            yield running


def years(acts: int) -> Iterator[bytes]:
    """Yield acts as an adapter sends them, for ever: the year of a city, then that of the next; no two have anything in common."""
    for city in itertools.count(1):
        for act in feed(acts, city):
            yield f.wire({name: value for name, value in act.items() if name != "recordedtime"})


class Lags:
    """How far each consumer is behind what it reads."""

    def __init__(self, running: Running, js: JetStreamContext) -> None:
        """Look at a running system."""
        self._running = running
        self._js = js

    async def now(self) -> dict[str, int]:
        """Return the acts (ledger, monitor) and alerts (monitor's outbox, notify) that wait."""
        ends = {name: (await self._js.stream_info(name)).state.last_seq for name in ("FACTS", "ALERTS")}
        at = {name: await self._ask(name, "select position from checkpoint") for name in ("ledger", "monitor")}
        told = await self._ask("notify", "select seq from checkpoint where stream = 'ALERTS'")
        return {
            "ledger": ends["FACTS"] - at["ledger"],
            "monitor": ends["FACTS"] - at["monitor"],
            "outbox of the monitor": await self._ask("monitor", "select count(*) from outbox"),
            "notify": ends["ALERTS"] - told,
        }

    async def _ask(self, schema: str, question: str) -> int:
        db = await asyncpg.connect(self._running.database(schema), server_settings={"search_path": schema})
        try:
            return int(await db.fetchval(question) or 0)
        finally:
            await db.close()


def held(running: Running) -> dict[str, float]:
    """Return the MB that each service and server holds."""
    return {name: memory(*running.family(name)) for name in running.children()}


async def post(http: httpx.AsyncClient, acts: Sequence[bytes]) -> int:
    """Send a batch and return how many of it were accepted."""
    answer = await http.post("/v1/events", content=b"[" + b",".join(acts) + b"]")
    answer.raise_for_status()
    return answer.content.count(b'"accepted"')
