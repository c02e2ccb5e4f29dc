"""How fast the ledger takes acts in, beside a bare COPY of the same rows: ``python -m bench.ledger [--acts N]``.

Real servers with durable settings, all on this machine. Variants are interleaved in rounds and the medians are printed: acts
per second, their ratio to the bare COPY, and how many statements a batch costs (which does not depend on the machine).
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

import services.ledger
from deploy.embedded.accounts import ADMIN
from deploy.embedded.servers import Servers, running
from kit.db import Pool, connect_pool
from kit.migrate import migrate
from kit.nats import close, connect
from kit.progress import Progress
from kit.publish import Outgoing, publish_batch
from kit.reader import Delivery, follow
from kit.streams import FACTS, ensure_stream
from services.ledger import store
from services.ledger.domain import FOREVER, Version
from services.ledger.projections import load_ledgers
from services.ledger.rebuild import rebuild
from services.ledger.recording import Recorder
from services.ledger.slices import Slice
from tests import factories as f

SQL = Path(services.ledger.__file__).parent / "sql"
STORED = datetime(2026, 1, 1, tzinfo=UTC)
STATEMENTS = ("execute", "fetch", "fetchrow", "fetchval", "copy_records_to_table")


DETAILS = {
    "issuer_name": "中共青禾县委办公室",
    "letterhead": "中共青禾县委办公室文件",
    "issuer_rank": "办公厅室",
    "direction": "下行",
    "matter": "森林草原防火",
    "signer_title": "县委办公室主任",
    "printed_by": "中共青禾县委办公室",
    "attachment_note": "1. 重点防火区一览表;2. 值班安排表",
    "implements": [{"title": "关于加强秋冬季森林草原防火工作的意见"}],
}
"""What brings a document to about 900 bytes."""


def plain(count: int) -> Iterator[f.Event]:
    """Yield acts that concern nothing but themselves: of five two documents, a meeting, a certificate, an inspection."""
    kinds = (f.issued, f.convened, f.issued, f.certificate, f.launched)
    for number in range(count):
        unit, town = f"990101.u{number % 200}", f"990101{number % 20:03}"
        day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
        make = kinds[number % len(kinds)]
        more = {"dated": day, "plan_item": f"p-{number % 50}", **DETAILS} if make is f.issued else {}
        yield make(id=f"act-{number}", unit=unit, place=town, time=f"{day}T09:00:00+08:00", **more)


def mixed(count: int) -> Iterator[f.Event]:
    """Yield a county's mix: of 100 acts 80 plain, 6 steps of loans, 10 demands and answers, 3 corrections, 1 withdrawal."""
    shares = {_same: 80, _step: 6, _demand: 1, _answer: 9, _correction: 3, _withdrawal: 1}
    turns = [make for make, share in shares.items() for _ in range(share)]
    before: list[f.Event] = []
    for number, act in enumerate(plain(count)):
        made = turns[number % len(turns)](act, number, before)
        if made is act:
            before.append(act)
        yield made


def _same(act: f.Event, _number: int, _before: list[f.Event]) -> f.Event:
    return act


def _step(act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    make = (f.started, f.extended, f.ended)[number % 3]
    return make(id=f"step-{number}", loan=f"loan-{number // 3}", recorded=act["time"])


def _demand(_act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    return f.demanded(id=f"demand-{number // 100}")


def _answer(act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    demand = {"id": f"demand-{number // 100}", "source": f.SOURCE}
    return f.submitted(id=f"answer-{number}", demand=demand, unit=f"unit-{number}", recorded=act["time"])


def _correction(act: f.Event, number: int, before: list[f.Event]) -> f.Event:
    return f.corrected(before[number // 2], id=f"correction-{number}", changes={}, recorded=act["time"])


def _withdrawal(act: f.Event, number: int, before: list[f.Event]) -> f.Event:
    return f.withdrawn(before[number // 3], id=f"withdrawal-{number}", recorded=act["time"])


def deliveries(acts: Sequence[f.Event]) -> list[Delivery]:
    """Return acts as the reader hands them over."""
    return [Delivery(n, f.subject_of(act), f.wire(act), {}, STORED) for n, act in enumerate(acts, 1)]


def portions(found: Sequence[Delivery], batch: int) -> Iterator[Sequence[Delivery]]:
    """Yield batches."""
    for start in range(0, len(found), batch):
        yield found[start : start + batch]


async def record(recorder: Recorder, found: Sequence[Delivery], batch: int) -> None:
    """Take everything in: journal with chain, rows, counts and checkpoint."""
    for part in portions(found, batch):
        await recorder.record(part)


class Copies:
    """The rows that recording plain acts writes, made beforehand, and nothing else."""

    def __init__(self, recorder: Recorder) -> None:
        """Know the tables."""
        self._recorder = recorder
        self._targets = {target.ledger.name: target for target in recorder.projector.targets}
        self._batches: list[tuple[list[store.Entry], dict[str, list[Version]]]] = []

    async def make(self, found: Sequence[Delivery], batch: int) -> None:
        """Make the rows of every batch."""
        for part in portions(found, batch):
            read = Slice(self._recorder.algorithm, bytes(32))
            await read.read(part, self._recorder.projector.ledgers)
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


def counting(calls: Counter[str]) -> Callable[[], None]:
    """Count the statements of every connection; the answer undoes it."""
    real = {name: getattr(asyncpg.Connection, name) for name in STATEMENTS}
    for name, method in real.items():

        async def counted(
            *args: object, name: str = name, method: Callable[..., Awaitable[object]] = method, **kw: object
        ) -> object:
            calls[name] += 1
            return await method(*args, **kw)

        setattr(asyncpg.Connection, name, counted)

    def undo() -> None:
        for name, method in real.items():
            setattr(asyncpg.Connection, name, method)

    return undo


async def fresh(url: str, name: str) -> str:
    """Make an empty database and return its address."""
    admin = await asyncpg.connect(url)
    await admin.execute(f"drop database if exists {name} with (force)")
    await admin.execute(f"create database {name}")
    await admin.close()
    address = url.rsplit("/", 1)[0] + f"/{name}"
    await migrate(address, "ledger", SQL)
    return address


async def timed(work: Awaitable[object], acts: int) -> float:
    """Return acts per second."""
    begun = time.perf_counter()
    await work
    return acts / (time.perf_counter() - begun)


async def bench(both: Servers, acts: int, batch: int, rounds: int) -> None:
    """Run everything and print it."""
    url, nats_url = both.postgres.url, both.nats.url("ledger")
    speeds: dict[str, list[float]] = {}
    work = {"plain": deliveries(list(plain(acts))), "mixed": deliveries(list(mixed(acts)))}
    size = statistics.mean(len(one.body) for one in work["plain"])
    print(f"{acts} acts of {size:.0f} bytes, batches of {batch}, medians of {rounds} rounds")
    for number in range(rounds):
        for name in ("bare COPY", "record plain", "record mixed", "stream plain"):
            address = await fresh(url, "bench")
            pool = await connect_pool(address, size=2, schema="ledger")
            recorder = Recorder.of(pool, load_ledgers())
            found = work["mixed" if name.endswith("mixed") else "plain"]
            copies = Copies(recorder)
            if name == "bare COPY":
                await copies.make(found, batch)
            if name == "stream plain":
                await publish(both.nats.url(ADMIN.name), found)
            gc.collect()
            gc.freeze()
            if name == "bare COPY":
                speed = await timed(copies.write(pool), acts)
            elif name == "stream plain":
                speed = await timed(stream(nats_url, recorder, acts, batch), acts)
            else:
                speed = await timed(record(recorder, found, batch), acts)
            gc.unfreeze()
            speeds.setdefault(name, []).append(speed)
            if name == "stream plain" and number == rounds - 1:
                speeds["rebuild documents"] = [acts / (await rebuild(address, "documents")).ledgers[0].seconds]
            await pool.close()
    bare = statistics.median(speeds["bare COPY"])
    for name, found_speeds in speeds.items():
        speed = statistics.median(found_speeds)
        print(f"{name:20} {speed:8,.0f} acts/s   {speed / bare:4.2f} of bare COPY")
    await count_statements(url, work, batch)


async def count_statements(url: str, work: dict[str, list[Delivery]], batch: int) -> None:
    """Print what a batch costs in statements."""
    for name, found in work.items():
        pool = await connect_pool(await fresh(url, "bench"), size=2, schema="ledger")
        recorder = Recorder.of(pool, load_ledgers())
        await recorder.record(found[:batch])
        calls: Counter[str] = Counter()
        undo = counting(calls)
        await recorder.record(found[batch : 2 * batch])
        undo()
        await pool.close()
        print(f"statements of a {name} batch: {sum(calls.values())} ({dict(sorted(calls.items()))})")


async def publish(nats_url: str, found: Sequence[Delivery]) -> None:
    """Put the acts into an empty FACTS."""
    nc = await connect(nats_url, name="bench")
    js = nc.jetstream()
    for old in await js.streams_info():
        await js.delete_stream(str(old.config.name))
    await ensure_stream(js, FACTS)
    for part in portions(found, 1000):
        await publish_batch(nc, [Outgoing(one.subject, one.body, f"{one.seq}") for one in part])
    await close(nc)


async def stream(nats_url: str, recorder: Recorder, acts: int, batch: int) -> None:
    """Read FACTS until everything is recorded."""
    nc = await connect(nats_url, name="bench")
    progress = Progress()
    done = asyncio.Event()

    async def handle(found: Sequence[Delivery]) -> None:
        await recorder.record(found)
        if found[-1].seq >= acts:
            done.set()

    reading = asyncio.create_task(
        follow(nc.jetstream(), "FACTS", checkpoint=recorder.checkpoint, handle=handle, batch=batch, progress=progress)
    )
    await done.wait()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await close(nc)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=30_000)
    parser.add_argument("--batch", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jianfu-bench-") as folder, running(Path(folder)) as both:
        uvloop.run(bench(both, given.acts, given.batch, given.rounds))


if __name__ == "__main__":
    main()
