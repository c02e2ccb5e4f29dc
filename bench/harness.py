"""What every benchmark needs: real servers with durable settings, empty databases and streams, rounds, and statement counts.

A workload is a module with ``async def measure(rounds: Rounds) -> list[Figure]``; ``command`` makes a program of it, and
``python -m bench`` runs them all.
"""

import argparse
import contextlib
import gc
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import asyncpg
import uvloop
from nats.js.errors import NotFoundError

from bench.figures import Figure, table
from deploy.embedded.accounts import ADMIN
from deploy.embedded.servers import Servers, running
from kit.collector import YOUNG, calm
from kit.migrate import migrate
from kit.nats import close, connect
from kit.publish import Outgoing, publish_batch
from kit.reader import Delivery
from kit.streams import FACTS, ensure_stream

T = TypeVar("T")

_STATEMENTS = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "copy_records_to_table")


@dataclass(frozen=True)
class Rounds:
    """How much is measured."""

    number: int = 5
    """How often each variant runs; variants take turns, so that all see the same machine."""
    scale: float = 1.0
    """By what the usual number of acts is multiplied."""

    def acts(self, usual: int, *, of: int = 1) -> int:
        """Return how many acts to take, a multiple of ``of``."""
        return max(round(usual * self.scale / of), 1) * of

    def __iter__(self) -> Iterator[int]:
        """Yield the number of each round."""
        return iter(range(self.number))


Measure = Callable[[Rounds], Coroutine[None, None, list[Figure]]]


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Run both servers in a temporary folder, on disk as in service: everything is synchronous and fsync is on."""
    with tempfile.TemporaryDirectory(prefix="jianfu-bench-") as folder, running(Path(folder)) as both:
        yield both


async def fresh_database(url: str, schema: str) -> str:
    """Make an empty database ``bench`` with a service's tables in it, instead of the one before; return its address."""
    admin = await asyncpg.connect(url)
    await admin.execute("drop database if exists bench with (force)")
    await admin.execute("create database bench")
    await admin.execute("checkpoint")  # what the round before left to write is not this round's burden
    await admin.close()
    address = url.rsplit("/", 1)[0] + "/bench"
    await migrate(address, schema, Path(str(files(f"services.{schema}") / "sql")))
    return address


async def fresh_facts(both: Servers, facts: Sequence[Delivery] = ()) -> None:
    """Make FACTS anew, with these messages."""
    nc = await connect(both.nats.url(ADMIN.name), name="bench")
    js = nc.jetstream()
    with contextlib.suppress(NotFoundError):
        await js.delete_stream("FACTS")
    await ensure_stream(js, FACTS)
    await close(nc)
    await publish(both, facts)


async def publish(both: Servers, facts: Sequence[Delivery]) -> None:
    """Put messages at the end of FACTS."""
    nc = await connect(both.nats.url(ADMIN.name), name="bench")
    for some in portions(facts, 1000):
        await publish_batch(nc, [Outgoing(one.subject, one.body, f"{one.seq}") for one in some])
    await close(nc)


def portions(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield batches."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


@contextlib.contextmanager
def settled(young: int = YOUNG) -> Iterator[None]:
    """Keep what the benchmark itself prepared out of the garbage collector's sight."""
    calm(young)  # as a service does at its start
    try:
        yield
    finally:
        gc.unfreeze()


async def speed(work: Awaitable[object], acts: int) -> float:
    """Return acts per second by the clock."""
    begun = time.perf_counter()
    await work
    return acts / (time.perf_counter() - begun)


@contextlib.contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count the statements of every database connection of this process while the block lasts."""
    calls: Counter[str] = Counter()
    real = {name: getattr(asyncpg.Connection, name) for name in _STATEMENTS}
    for name, method in real.items():

        async def counted(
            *args: object, name: str = name, method: Callable[..., Awaitable[object]] = method, **kw: object
        ) -> object:
            calls[name] += 1
            return await method(*args, **kw)

        setattr(asyncpg.Connection, name, counted)
    try:
        yield calls
    finally:
        for name, method in real.items():
            setattr(asyncpg.Connection, name, method)


def options(text: str) -> argparse.ArgumentParser:
    """Return a parser of the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--rounds", type=int, default=5, help="rounds whose medians are shown")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of acts")
    return parser


def command(measure: Measure, text: str) -> None:
    """Run one workload as a program and print its table."""
    asked = options(text).parse_args()
    print(table(uvloop.run(measure(Rounds(asked.rounds, asked.scale)))))
