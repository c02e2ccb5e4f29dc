"""How fast the monitor judges acts with the whole rule book: ``python -m bench.monitor [--grown | --acts N [--profile]]``.

A live feed of a province: 300 units issue documents with running numbers, hold meetings, demand reports, inspect and borrow, in the
order of the year. Facts are stored, findings diffed and alerts committed in batches, from memory. By its own CPU time means that
of this process alone, as if PostgreSQL had a core of its own.
"""

import asyncio
import contextlib
import cProfile
import pstats
import statistics
import string
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random

import uvloop

from bench.feeds import deliveries
from bench.figures import Figure, ratio, table
from bench.harness import Rounds, counting, fresh_database, options, portions, servers, settled
from bench.relay import relay
from contracts.text import SKETCH_METHOD
from contracts.workdays import builtin
from deploy.embedded.servers import Servers
from kit.db import connect_pool
from kit.reader import Delivery
from services.monitor.book import Book, Pack, bind, evaluator_kinds, read_pack, shipped
from services.monitor.rulebook import Rule, read_rule
from services.monitor.state import YOUNG, State
from services.monitor.writing import Writer
from tests import factories as f

ACTS = 20_000
BATCH = 1000
UNITS = 300
UPPER = 10
"""So many of the units are of the level above the others."""
FED = frozenset({"plan.filed", "doc.issued", "mtg.convened", "rpt.demanded", "ins.visit", "sec.started"})
"""The events of the feed."""
PLANS = 3 * UNITS
"""Events of the feed that file a plan, before the acts."""
START = date(2025, 1, 2)
_SIGNS = string.digits + string.ascii_uppercase
"""Of a city's code below 99, where every rule holds."""


def feed(count: int, city: int = 1) -> Iterator[f.Event]:
    """Yield the plans of every unit of a city and then acts in the order of a year; one act in a hundred breaks a rule.

    A fifth of the documents implement one of an upper office, an eighth of a document's sketch is its office's boilerplate, and
    one unit in thirty goes over its cap.
    """
    random = Random(7 * city)
    numbers: Counter[int] = Counter()
    yield from _plans(count, city)
    for number in range(count):
        day = START + timedelta(days=number * 330 // count)
        office = random.randrange(UNITS)
        common = {"id": f"act-{city}-{number}", **_who(office, city), "time": f"{day}T09:00:00+08:00"}
        broken, share = random.random() < 0.01, random.random()
        if share < 0.5:
            numbers[office] += 1
            yield f.issued(**common, **_document(random, (city, office), numbers, day, broken=broken))
        elif share < 0.75:
            end = f"{day}T{11 if broken else 10}:20:00+08:00"
            topic = f"全市{city}第{random.randrange(count // 4 + 1)}项工作会议"
            held = {"mode": "网络视频", "starts_at": common["time"], "ended_at": end, "reach_level": 4, "required": []}
            yield f.convened(**common, topic=topic, plan_item="p1", **held)
        elif share < 0.88:
            due = f"{day + timedelta(days=1 if broken else 8)}T18:00:00+08:00"
            asked = {
                "sent_at": common["time"],
                "received_at": common["time"],
                "due_at": due,
                "special_time_limit": False,
            }
            yield f.demanded(**common, kind="统计数据", period="月", **asked)
        elif share < 0.96:
            target = {"unit": f"town-{city}-{random.randrange(600)}", "kind": "乡镇", "level": 4}
            visit = {"target": target, "visited_at": common["time"], "emergency": False}
            yield f.visited(**common, topic=f"第{random.randrange(80)}类检查", **visit)
        else:
            person = f"person-{city}-{random.randrange(count)}"
            loan = {"loan": f"loan-{city}-{number}", "person": person, "person_kind": "公务员", "started_on": str(day)}
            yield f.started(**common, from_level=3, to_level=2 if broken else 3, **loan)


def _who(office: int, city: int) -> f.Event:
    there = f"99{_SIGNS[city // len(_SIGNS)]}{_SIGNS[city % len(_SIGNS)]}"
    place = there if office < UPPER else f"{there}{office % 40:02}"
    return {"unit": f"u{city}-{office}", "place": place}


def _plans(count: int, city: int) -> Iterator[f.Event]:
    """Yield a plan for each unit and kind of acts; the cap is twice what the year brings, or two thirds of it."""
    expected = count // UNITS // 2
    for office in range(UNITS):
        cap = expected * 2 // 3 if office % 30 == 29 else expected * 2
        for kind in ("发文", "会议", "督查检查考核"):
            items = [{"item": "p1", "title": "年度事项"}]
            yield f.filed(
                id=f"plan-{city}-{office}-{kind}",
                **_who(office, city),
                time=f"{START}T08:00:00+08:00",
                kind=kind,
                year=START.year,
                items=items,
                cap=max(cap, 1),
                base=max(cap, 1),
            )


def _code(city: int, office: int) -> str:
    return "".join(chr(0x4E00 + int(digit) * 97) for digit in f"{city}{office:03}")


def _document(random: Random, who: tuple[int, int], numbers: Counter[int], day: date, *, broken: bool) -> f.Event:
    city, office = who
    upper = random.randrange(UPPER)
    implements = numbers[upper] and random.random() < 0.2
    own = Random(1000 * city + office).sample(range(2**60), 20)
    return {
        "heading": f"关于第{random.randrange(10**6)}号事项的通知",
        "doc_no": f"{_code(city, office)}〔2025〕{numbers[office]}号",
        "dated": str(day),
        "carrier": "红头",
        "doc_class": "专项",
        "char_count": 4500 if broken else random.randrange(600, 4000),
        "has_contact_name": True,
        "has_contact_phone": True,
        "plan_item": "p1",
        "sketch": {
            "method": SKETCH_METHOD,
            "values": sorted({*own, *(random.getrandbits(60) for _ in range(130))}),
        },
        "implements": [{"doc_no": f"{_code(city, upper)}〔2025〕{random.randrange(numbers[upper]) + 1}号"}]
        if implements
        else [],
        "approval_ref": "办〔2025〕核准" if implements else None,
    }


def book(twice: Callable[[Rule], bool] = lambda _rule: False) -> Book:
    """Return the book that ships, with a second rule beside each one that is to be there twice."""
    rules, packs = shipped()
    read = [read_rule(text, name) for name, text in sorted(rules.items())]
    again = {rule.id: f"X{rule.id[:-3][:2]:X<2}{rule.id[-3:]}" for rule in read if twice(rule)}
    copies = [rule.model_copy(update={"id": again[rule.id]}) for rule in read if rule.id in again]
    fuller = [_fuller(read_pack(text, name), again) for name, text in sorted(packs.items())]
    return bind([*read, *copies], fuller, evaluator_kinds())


def _fuller(pack: Pack, again: Mapping[str, str]) -> Pack:
    rules = {other: pack.rules[rule] for rule, other in again.items() if rule in pack.rules}
    without = {other: pack.without[rule] for rule, other in again.items() if rule in pack.without}
    return pack.model_copy(update={"rules": {**pack.rules, **rules}, "without": {**pack.without, **without}})


def _touched(rule: Rule) -> bool:
    """Tell whether a rule may speak of what the feed holds."""
    return not FED.isdisjoint(rule.decide["on"])


@contextlib.asynccontextmanager
async def monitor(address: str, rules: Book | None = None) -> AsyncIterator[Writer]:
    """Give the service's writer on an empty database."""
    async with await connect_pool(address, size=2, schema="monitor") as pool:
        yield Writer(pool, State(rules or book(), builtin()), lambda: None)


async def judge(writer: Writer, found: Sequence[Delivery], size: int = BATCH) -> None:
    """Have facts judged as the service does: a batch is read while the one before is judged and written."""
    working: asyncio.Task[int] | None = None
    for part in portions(found, size):
        await writer.ahead(part)
        if working is not None:
            await working
        working = asyncio.create_task(writer.apply(part))
        await asyncio.sleep(0)
    if working is not None:
        await working


async def measure(rounds: Rounds) -> list[Figure]:
    """Judge the feed in every round."""
    found = deliveries(feed(rounds.acts(ACTS, of=BATCH)))
    clock: list[float] = []
    cpu: list[float] = []
    with servers() as both:
        for _ in rounds:
            async with monitor(await fresh_database(both.postgres.url, "monitor")) as writer:
                with settled(YOUNG):
                    began, used = time.perf_counter(), time.process_time()
                    await judge(writer, found)
                    clock.append(len(found) / (time.perf_counter() - began))
                    cpu.append(len(found) / (time.process_time() - used))
    return [
        Figure("monitor, whole rule book, on one core", cpu, target=5000),
        Figure("  by the clock, PostgreSQL on the other core", clock),
    ]


async def grown(rounds: Rounds) -> list[Figure]:
    """Judge a shorter feed with the book, with every rule twice, and with only those twice that no act of the feed can touch."""
    found = deliveries(feed(rounds.acts(ACTS // 2, of=BATCH)))
    books = {
        "as it is": book(),
        "every rule twice": book(lambda _: True),
        "others twice": book(lambda one: not _touched(one)),
    }
    spent: dict[str, list[float]] = {name: [] for name in books}
    with servers() as both:
        for _ in rounds:
            for name, rules in books.items():
                async with monitor(await fresh_database(both.postgres.url, "monitor"), rules) as writer:
                    with settled(YOUNG):
                        used = time.process_time()
                        await judge(writer, found)
                        spent[name].append((time.process_time() - used) * 1e6 / len(found))
    once, twice, others = (Figure(f"cost of an act, {name}", values, "µs") for name, values in spent.items())
    return [once, ratio(twice, once, 2, at_most=True), ratio(others, once, 1.1, at_most=True)]


async def counts(both: Servers) -> list[Figure]:
    """Return what a batch costs, in the middle of a year."""
    found = deliveries(feed(8 * BATCH))
    address = await fresh_database(both.postgres.url, "monitor")
    async with relay(address) as (way, wire), monitor(way) as writer:
        await judge(writer, found[:-BATCH])
        wire.clear()
        with counting() as statements:
            await judge(writer, found[-BATCH:])
    name = f"monitor, {BATCH} acts"
    return [
        Figure(f"{name}: statements", [statements.total()], "a batch"),
        Figure(f"{name}: round trips to PostgreSQL", [wire.round_trips], "a batch"),
        Figure(f"{name}: sent to PostgreSQL", [wire.sent / BATCH], "bytes/act"),
        Figure(f"{name}: received from PostgreSQL", [wire.received / BATCH], "bytes/act"),
    ]


async def look(acts: int, batch: int, profile: cProfile.Profile | None) -> None:
    """Judge the feed once and print the speed of each fifth."""
    found = deliveries(feed(acts))
    size = statistics.mean(len(one.body) for one in found)
    print(f"{acts} acts of {size:.0f} bytes, batches of {batch}")
    with servers() as both:
        async with monitor(await fresh_database(both.postgres.url, "monitor")) as writer:
            with settled(YOUNG):
                if profile:
                    profile.enable()
                for some in portions(found, max(acts // 5, batch)):
                    clock, cpu = time.perf_counter(), time.process_time()
                    await judge(writer, some, batch)
                    by_clock, by_cpu = (
                        len(some) / (time.perf_counter() - clock),
                        len(some) / (time.process_time() - cpu),
                    )
                    print(f"  up to {some[-1].seq:>7}: {by_clock:7.0f} acts/s, {by_cpu:7.0f} acts/s of CPU")
                if profile:
                    profile.disable()


def main() -> None:
    """Read the options and run."""
    parser = options(__doc__ or "")
    parser.add_argument("--acts", type=int, help="judge so many once, and show how the speed changes meanwhile")
    parser.add_argument(
        "--grown", action="store_true", help="with a book of twice as many rules beside that which ships"
    )
    parser.add_argument("--batch", type=int, default=BATCH, help="with --acts: acts of one transaction")
    parser.add_argument("--profile", action="store_true", help="with --acts: show where the time goes")
    asked = parser.parse_args()
    if asked.acts is None:
        print(table(uvloop.run((grown if asked.grown else measure)(Rounds(asked.rounds, asked.scale)))))
        return
    profile = cProfile.Profile() if asked.profile else None
    uvloop.run(look(asked.acts, asked.batch, profile))
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
