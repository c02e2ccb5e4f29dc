"""How cost grows with what is stored: ``python -m bench.history [--scale S]``; S = 1 is 200,000 and 2,000,000 facts.

Every part gets its history through its own code (the ids that intake remembers are inserted), then takes in some more acts in
every round, at a tenth of the history and at all of it. Shown is what of the speed is left: it may fall by 15 %.
"""

import itertools
import time
from collections.abc import AsyncIterator

import asyncpg

from bench import intake, monitor
from bench.feeds import deliveries, plain
from bench.figures import Figure
from bench.harness import Rounds, command, fresh_database, fresh_facts, publish, servers, settled, speed
from bench.ledger import BATCH, follow_until
from deploy.embedded.servers import Servers
from kit.db import connect_pool
from services.ledger.projections import load_ledgers
from services.ledger.recording import Recorder
from services.monitor.state import YOUNG

FACTS = 2_000_000
STEPS = (0.1, 1.0)
LEDGER_ACTS, INTAKE_ACTS = 20_000, 15_000
"""Acts of one round."""
CHUNK = 20_000
CITY = 20_000
"""Events of a city's year, with its plans. More history is more cities: how many acts an office has in a year does not depend on it."""
LEFT = 0.85
REMEMBERED = """
    insert into accepted (fact_id, source, id, hash, after_position, position, at)
    select substr(translate(encode(sha256(n::text::bytea), 'hex'), '0189', 'wxyz'), 1, 26), '/99/oa', 'past-' || n,
           sha256(n::text::bytea), n - 1, n, now()
    from generate_series($1::bigint, $2::bigint) n
"""
Speeds = AsyncIterator[list[float]]


async def measure(rounds: Rounds) -> list[Figure]:
    """Measure every part at each step of its history."""
    history = [rounds.acts(FACTS * step, of=CHUNK) for step in STEPS]  # type: ignore[arg-type]  # rounded there
    figures: list[Figure] = []
    for name, part in (("ledger", ledger), ("monitor", judging), ("batch intake", taking)):
        began = time.perf_counter()
        speeds = [found async for found in part(history, rounds)]
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
        figures += [Figure(f"{name} behind {n:,} facts", found) for n, found in zip(history, speeds, strict=True)]
        shares = [after / before for before, after in zip(*speeds, strict=True)]
        figures.append(Figure(f"  {name}: what is left of the speed", shares, "", LEFT))
    return figures


async def ledger(history: list[int], rounds: Rounds) -> Speeds:
    """Yield the ledger's speeds from the stream at each step."""
    with servers() as both:
        await fresh_facts(both)
        address = await fresh_database(both.postgres.url, "ledger")
        async with await connect_pool(address, size=2, schema="ledger") as pool:
            at = 0

            async def more(count: int) -> float:
                nonlocal at
                await publish(both, deliveries(plain(count, start=at), after=at))
                at += count
                with settled():
                    return await speed(follow_until(both, Recorder.of(pool, load_ledgers()), at), count)

            for size in history:
                while at < size:
                    await more(CHUNK)
                await _settle(address)
                yield [await more(rounds.acts(LEDGER_ACTS, of=BATCH)) for _ in rounds]


async def judging(history: list[int], rounds: Rounds) -> Speeds:
    """Yield the monitor's speeds at each step: behind the years of so many cities; each round is the year of a further city."""
    with servers() as both:
        address = await fresh_database(both.postgres.url, "monitor")
        cities = itertools.count(1)
        at = 0
        async with monitor.monitor(address) as writer:

            async def year() -> float:
                nonlocal at
                found = deliveries(monitor.feed(CITY - monitor.PLANS, next(cities)), after=at)
                at += len(found)
                with settled(YOUNG):
                    return await speed(monitor.judge(writer, found), len(found))

            for size in history:
                while at < size:
                    await year()
                await _settle(address)
                yield [await year() for _ in rounds]


async def taking(history: list[int], rounds: Rounds) -> Speeds:
    """Yield the speeds of batch intake that remembers so many ids."""
    count = rounds.acts(INTAKE_ACTS, of=intake.ITEMS)
    with servers() as both:
        async with intake.intake(both) as service:
            at = 0
            names = map("h{}".format, itertools.count())
            await service.batches(intake.acts(2 * intake.ITEMS, "warm"))
            for size in history:
                await _remember(both, at + 1, size)
                at = size
                yield [await _sent(service, count, name) for name in itertools.islice(names, rounds.number)]


async def _sent(service: intake.Intake, count: int, name: str) -> float:
    sent = await service.batches(intake.acts(count, name))
    return count / sent.seconds


async def _remember(both: Servers, first: int, last: int) -> None:
    address = both.postgres.url.rsplit("/", 1)[0] + "/bench"
    db = await asyncpg.connect(address, server_settings={"search_path": "intake"})
    await db.execute(REMEMBERED, first, last)
    await db.close()
    await _settle(address)


async def _settle(address: str) -> None:
    """Do what the server does by itself in quiet hours, so that it does not fall into one step and not the other."""
    db = await asyncpg.connect(address)
    await db.execute("vacuum analyze")
    await db.execute("checkpoint")
    await db.close()


if __name__ == "__main__":
    command(measure, __doc__ or "")
