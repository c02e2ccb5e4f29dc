"""How fast the ledger takes acts in, beside a bare COPY of the same rows: ``python -m bench.ledger``.

Its whole work, from the stream: journal with hash chain, rows, counts and checkpoint, one transaction for each batch. The
ceiling writes the same rows, made beforehand, in the same batches and transactions, and computes nothing.
"""

import asyncio
from collections.abc import Sequence

from bench.feeds import deliveries, mixed, plain
from bench.figures import Figure, ratio
from bench.harness import Rounds, command, counting, fresh_database, fresh_facts, portions, servers, settled, speed
from bench.relay import relay
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
COPY, PLAIN, MIXED = "bare COPY of the same rows", "ledger, plain acts", "ledger, mixed acts"


async def measure(rounds: Rounds) -> list[Figure]:
    """Run every variant in every round."""
    acts = rounds.acts(ACTS, of=BATCH)
    plain_acts, mixed_acts = deliveries(plain(acts)), deliveries(mixed(acts))
    speeds: dict[str, list[float]] = {}
    with servers() as both:
        for _ in rounds:
            speeds.setdefault(COPY, []).append(await bare(both, plain_acts))
            speeds.setdefault(PLAIN, []).append(await from_the_stream(both, plain_acts))
            speeds.setdefault(MIXED, []).append(await from_the_stream(both, mixed_acts))
    copy = Figure(COPY, speeds.pop(COPY))
    figures = [Figure(name, found, target=8000) for name, found in speeds.items()]
    return [copy, *figures, ratio(figures[0], copy, 0.5), ratio(figures[1], copy)]


async def from_the_stream(both: Servers, found: Sequence[Delivery]) -> float:
    """Put acts into an empty FACTS and return at what speed an empty ledger takes them in."""
    await fresh_facts(both, found)
    address = await fresh_database(both.postgres.url, "ledger")
    async with await connect_pool(address, size=2, schema="ledger") as pool:
        with settled():
            return await speed(follow_until(both, Recorder.of(pool, load_ledgers()), len(found)), len(found))


async def bare(both: Servers, found: Sequence[Delivery]) -> float:
    """Return the speed of the ceiling."""
    address = await fresh_database(both.postgres.url, "ledger")
    async with await connect_pool(address, size=2, schema="ledger") as pool:
        copies = Copies(Recorder.of(pool, load_ledgers()))
        await copies.make(found)
        with settled():
            return await speed(copies.write(pool), len(found))


class Copies:
    """The rows that recording plain acts writes, made beforehand, and nothing else."""

    def __init__(self, recorder: Recorder) -> None:
        """Know the tables."""
        self._recorder = recorder
        self._targets = {target.ledger.name: target for target in recorder.projector.targets}
        self._batches: list[tuple[list[store.Entry], dict[str, list[Version]], dict[str, int]]] = []

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
            positions = {placed.reading.fact.fact_id: placed.position for placed in read.placed}
            self._batches.append((read.entries, versions, positions))

    async def write(self, pool: Pool) -> None:
        """Write them, one transaction for each batch."""
        for entries, versions, positions in self._batches:
            async with pool.acquire() as db, db.transaction():
                await store.append(db, entries)
                for name, rows in versions.items():
                    await store.write(db, self._targets[name], rows, positions)


async def follow_until(both: Servers, recorder: Recorder, position: int) -> None:
    """Read FACTS as the service does until everything up to a position is recorded."""
    nc = await connect(both.nats.url("ledger"), name="bench")
    done = asyncio.Event()

    async def handle(found: Sequence[Delivery]) -> None:
        await recorder.record(found)
        if found[-1].seq >= position:
            done.set()

    reading = asyncio.create_task(
        follow(
            nc.jetstream(),
            "FACTS",
            checkpoint=recorder.checkpoint,
            ahead=recorder.ahead,
            handle=handle,
            batch=BATCH,
            progress=Progress(),
        )
    )
    await asyncio.wait([reading, asyncio.ensure_future(done.wait())], return_when=asyncio.FIRST_COMPLETED)
    reading.cancel()
    await asyncio.wait([reading])
    await close(nc)
    if not done.is_set():
        reading.result()


async def counts(both: Servers) -> list[Figure]:
    """Return what a batch costs, once everything is warm."""
    figures = []
    for kind, acts in (("plain", plain), ("mixed", mixed)):
        found = deliveries(acts(3 * BATCH))
        address = await fresh_database(both.postgres.url, "ledger")
        async with relay(address) as (way, wire), await connect_pool(way, size=1, schema="ledger") as pool:
            recorder = Recorder.of(pool, load_ledgers())
            for part in portions(found[:-BATCH], BATCH):
                await recorder.record(part)
            wire.clear()
            with counting() as statements:
                await recorder.record(found[-BATCH:])
            name = f"ledger, {BATCH} {kind} acts"
            figures += [
                Figure(f"{name}: statements", [statements.total()], "a batch"),
                Figure(f"{name}: round trips to PostgreSQL", [wire.round_trips], "a batch"),
                Figure(f"{name}: sent to PostgreSQL", [wire.sent / BATCH], "bytes/act"),
                Figure(f"{name}: received from PostgreSQL", [wire.received / BATCH], "bytes/act"),
            ]
    return figures


if __name__ == "__main__":
    command(measure, __doc__ or "")
