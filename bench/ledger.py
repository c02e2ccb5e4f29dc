"""How fast the ledger takes acts in, beside a bare COPY of the same rows: ``python -m bench.ledger``.

Its whole work: journal with hash chain, rows, counts and checkpoint, one transaction for each batch; from memory
(``recorded``) and from the stream (``from the stream``). The ceiling writes the same rows, made beforehand, in the same
batches and transactions, and computes nothing.
"""

import asyncio
from collections.abc import Awaitable, Sequence

from bench.feeds import deliveries, mixed, plain
from bench.figures import Figure, ratio
from bench.harness import Rounds, command, fresh_database, fresh_facts, portions, servers, settled, speed
from deploy.embedded.servers import Servers
from kit.db import Pool, connect_pool
from kit.nats import close, connect
from kit.progress import Progress
from kit.reader import Delivery, follow
from services.ledger import store
from services.ledger.batch import Batch
from services.ledger.chain import GENESIS
from services.ledger.domain import FOREVER, Version
from services.ledger.projections import load_ledgers
from services.ledger.recording import Recorder

ACTS = 30_000
BATCH = 2000
COPY = "bare COPY of the same rows"


async def measure(rounds: Rounds) -> list[Figure]:
    """Run every variant in every round."""
    acts = rounds.acts(ACTS, of=BATCH)
    work = {"plain acts": deliveries(list(plain(acts))), "mixed acts": deliveries(list(mixed(acts)))}
    speeds: dict[str, list[float]] = {}
    with servers() as both:
        for _ in rounds:
            for kind, found in work.items():
                await fresh_facts(both, found)
                for name in (COPY, "ledger, recorded", "ledger, from the stream"):
                    if name != COPY or kind == "plain acts":
                        label = name if name == COPY else f"{name}: {kind}"
                        speeds.setdefault(label, []).append(await _once(both, name, found))
    figures = {name: Figure(name, found, target=None if name == COPY else 8000) for name, found in speeds.items()}
    shares = [ratio(one, figures[COPY], 0.5) for name, one in figures.items() if name != COPY]
    return [*figures.values(), *shares]


async def _once(both: Servers, name: str, found: Sequence[Delivery]) -> float:
    address = await fresh_database(both.postgres.url, "ledger")
    async with await connect_pool(address, size=2, schema="ledger") as pool:
        recorder = Recorder.of(pool, load_ledgers())
        work: Awaitable[None]
        if name == COPY:
            copies = Copies(recorder)
            await copies.make(found)
            work = copies.write(pool)
        elif name == "ledger, recorded":
            work = record(recorder, found)
        else:
            work = stream(both, recorder, len(found))
        with settled():
            return await speed(work, len(found))


async def record(recorder: Recorder, found: Sequence[Delivery]) -> None:
    """Take everything in: journal with chain, rows, counts and checkpoint."""
    for part in portions(found, BATCH):
        await recorder.record(part)


class Copies:
    """The rows that recording plain acts writes, made beforehand, and nothing else."""

    def __init__(self, recorder: Recorder) -> None:
        """Know the tables."""
        self._recorder = recorder
        self._targets = {target.ledger.name: target for target in recorder.projector.targets}
        self._batches: list[tuple[list[store.Entry], dict[str, list[Version]]]] = []

    async def make(self, found: Sequence[Delivery]) -> None:
        """Make the rows of every batch."""
        for part in portions(found, BATCH):
            read = Batch("sha256", part, GENESIS)
            await read.read(self._recorder.projector.ledgers)
            versions: dict[str, list[Version]] = {}
            for placed in read.placed:
                for alone in placed.reading.rows:
                    if alone.row is not None:
                        since = placed.reading.fact.recorded
                        version = Version(alone.entity, since, FOREVER, withdrawn=False, row=alone.row)
                        versions.setdefault(alone.ledger, []).append(version)
            self._batches.append((read.entries, versions))

    async def write(self, pool: Pool) -> None:
        """Write them, one transaction for each batch."""
        for entries, versions in self._batches:
            async with pool.acquire() as db, db.transaction():
                await store.append(db, entries)
                for name, rows in versions.items():
                    await store.write(db, self._targets[name], rows)


async def stream(both: Servers, recorder: Recorder, acts: int) -> None:
    """Read FACTS until everything is recorded."""
    nc = await connect(both.nats.url("ledger"), name="bench")
    done = asyncio.Event()

    async def handle(found: Sequence[Delivery]) -> None:
        await recorder.record(found)
        if found[-1].seq >= acts:
            done.set()

    reading = asyncio.create_task(
        follow(nc.jetstream(), "FACTS", checkpoint=recorder.checkpoint, handle=handle, batch=BATCH, progress=Progress())
    )
    await done.wait()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await close(nc)


if __name__ == "__main__":
    command(measure, __doc__)
