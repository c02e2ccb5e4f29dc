"""The alert set depends only on the set of facts: any order, any cut into batches, any redelivery, any crash between."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.catalog import decode
from contracts.workdays import builtin
from kit.cursor import Delivery
from services.monitor import answers, store
from services.monitor.apply import STREAM, apply
from services.monitor.book import Book
from services.monitor.domain import alert_id, fold
from services.monitor.findings import _digest
from services.monitor.reading import unpack
from services.monitor.state import State
from services.monitor.world import REFERENCE, UNJUDGED, build
from services.monitor.writing import Writer
from tests.monitor.histories import history, whole_book
from tests.oracle import judge_all

CLEAN = "truncate fact, offer, need, timer, alert, alert_revision, parked, outbox, checkpoint"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Pools = Callable[[str], Awaitable[asyncpg.Pool]]


@pytest_asyncio.fixture(loop_scope="session")
async def pool(pool_for: Pools) -> asyncpg.Pool:
    """Give a pool on an empty monitor."""
    return await pool_for("monitor")


@pytest.fixture(scope="module")
def book() -> Book:
    """Give the rule book that ships, whole."""
    return whole_book()


def expected(book: Book, facts: Sequence[bytes]) -> dict[str, str]:
    """Return alert id -> digest by the naive way: fold everything, judge everything."""
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    verdicts = judge_all(book, (act for act in acts if not isinstance(act.event, UNJUDGED)), world)
    return {alert_id(v.rule, v.version, v.subject): _digest(book, v) for v in verdicts if v.severity is not None}


def deliveries(facts: Sequence[bytes], first: int = 1) -> list[Delivery]:
    """Return facts as the reader hands them over."""
    return [Delivery(first + number, "facts.99.x.y", fact, {}, NOW) for number, fact in enumerate(facts)]


async def feed(pool: asyncpg.Pool, state: State, messages: Sequence[Delivery], cuts: Sequence[int]) -> None:
    """Apply messages cut into batches."""
    borders = [0, *sorted(set(cuts)), len(messages)]
    for begin, end in pairwise(borders):
        if begin < end:
            async with pool.acquire() as db, db.transaction():
                await apply(db, state, await unpack(state.book, messages[begin:end]))


async def standing(pool: asyncpg.Pool) -> dict[str, str]:
    """Return the alerts that stand: id -> digest."""
    rows = await pool.fetch("select alert_id, digest from alert where state = 'standing'")
    return {row["alert_id"]: row["digest"] for row in rows}


@given(
    facts=st.builds(history, st.integers(0, 10**6), st.integers(20, 60), dense=st.booleans()),
    order=st.integers(0, 10**6),
    data=st.data(),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_any_arrival_gives_the_same_alerts(
    pool: asyncpg.Pool, book: Book, facts: list[bytes], order: int, data: st.DataObject
) -> None:
    want = expected(book, facts)
    arrival = facts * 3
    Random(order).shuffle(arrival)
    cuts = data.draw(st.lists(st.integers(1, len(arrival) - 1), max_size=8))
    await pool.execute(CLEAN)
    await feed(pool, State(book, builtin()), deliveries(arrival), cuts)
    assert await standing(pool) == want


async def test_what_was_read_ahead_gives_the_same_alerts_and_only_for_its_own_batch(
    pool: asyncpg.Pool, book: Book
) -> None:
    facts = history(5, 60)
    await pool.execute(CLEAN)
    messages, writer = deliveries(facts), Writer(pool, State(book, builtin()), lambda: None)
    first, second = messages[:30], messages[30:40]
    await writer.ahead(first)
    await asyncio.gather(writer.apply(first), writer.ahead(second))
    await writer.apply(messages[30:])  # begins where the second begins, and is longer
    assert await standing(pool) == expected(book, facts)


async def test_histories_reach_every_evaluator(book: Book) -> None:
    """The property above is worth something only if its histories raise alerts under every kind of rule."""
    kinds: dict[str, str] = {}
    for seed in range(60):
        acts = fold([decode(fact) for fact in history(seed, 250)])
        world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
        for verdict in judge_all(book, (act for act in acts if not isinstance(act.event, UNJUDGED)), world):
            if verdict.severity is not None:
                kinds.setdefault(book.rules[verdict.rule].kind, verdict.rule)
    assert set(kinds) == {rule.kind for rule in book.rules.values() if rule.mode != "hint"}


async def test_a_crash_between_batches_changes_nothing(pool: asyncpg.Pool, book: Book) -> None:
    facts = history(7, 60)
    await pool.execute(CLEAN)
    messages = deliveries(facts)
    state = State(book, builtin())
    await feed(pool, state, messages[:30], [10])
    with pytest.raises(RuntimeError, match="planted"):
        await _apply_and_fail(pool, state, messages[30:50])
    async with pool.acquire() as db:
        reached = await store.position(db, STREAM)
    assert reached == 30
    await feed(pool, State(book, builtin()), messages[reached:], [5])
    assert await standing(pool) == expected(book, facts)


async def _apply_and_fail(pool: asyncpg.Pool, state: State, messages: Sequence[Delivery]) -> None:
    async with pool.acquire() as db, db.transaction():
        await apply(db, state, await unpack(state.book, messages))
        raise RuntimeError("planted")


async def test_every_dossier_is_computed_again_to_the_same_bytes(pool: asyncpg.Pool, book: Book) -> None:
    await pool.execute(CLEAN)
    state = State(book, builtin())
    await feed(pool, state, deliveries(history(3, 80)), [20, 50])
    rows = await pool.fetch("select dossier from alert_revision where dossier is not null")
    assert rows
    async with pool.acquire() as db:
        for row in rows:
            content = bytes(row["dossier"])
            assert await answers.replay(db, State(book, builtin()), content) == content


async def test_a_retracted_alert_that_comes_back_goes_on_counting(pool: asyncpg.Pool, book: Book) -> None:
    await pool.execute(CLEAN)
    state = State(book, builtin())
    long = _meeting(120)
    await feed(pool, state, deliveries([long]), [])
    short = _correction(60, "2025-05-13T09:00:00+08:00")
    await feed(pool, state, deliveries([short], 2), [])
    assert await pool.fetchval("select state from alert where rule = 'MTG-19'") == "retracted"
    again = _correction(150, "2025-05-14T09:00:00+08:00")
    await feed(pool, state, deliveries([again], 3), [])
    steps = await pool.fetch(
        "select revision, change from alert_revision where shown ->> 'rule' = 'MTG-19' order by revision"
    )
    assert [(row["revision"], row["change"]) for row in steps] == [(1, "raised"), (2, "retracted"), (3, "raised")]
    published = await pool.fetchval("select count(*) from outbox where subject like 'alerts.%.MTG-19'")
    assert published == 3


async def test_poison_is_parked_and_its_neighbours_go_on(pool: asyncpg.Pool, book: Book) -> None:
    await pool.execute(CLEAN)
    future = json.loads(_meeting(120)) | {"id": "x", "type": "cn.jianfu.mtg.convened.v99"}
    batch = deliveries([b"{}", _meeting(120), json.dumps(future).encode()])
    await feed(pool, State(book, builtin()), batch, [])
    assert await pool.fetchval("select count(*) from parked") == 2
    assert await pool.fetchval("select count(*) from alert where rule = 'MTG-19'") == 1


def _meeting(minutes: int) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "m1",
            "source": "/test/oa",
            "type": "cn.jianfu.mtg.convened.v1",
            "time": "2025-05-12T09:00:00+08:00",
            "recordedtime": "2025-05-12T12:00:00+08:00",
            "jurisdiction": "990101",
            "unitid": "u-county",
            "data": _meeting_data(minutes),
        }
    ).encode()


def _meeting_data(minutes: int) -> dict[str, object]:
    end = f"2025-05-12T{9 + minutes // 60:02d}:{minutes % 60:02d}:00+08:00"
    return {"topic": "全县防汛视频会议", "mode": "网络视频", "starts_at": "2025-05-12T09:00:00+08:00", "ended_at": end}


def _correction(minutes: int, recorded: str) -> bytes:
    fact = json.loads(_meeting(minutes)) | {
        "id": f"c{minutes}",
        "type": "cn.jianfu.act.corrected.v1",
        "recordedtime": recorded,
    }
    fact["data"] = {
        "target": {"id": "m1"},
        "target_type": "cn.jianfu.mtg.convened.v1",
        "replacement": _meeting_data(minutes),
        "reason": "时间录错",
    }
    return json.dumps(fact).encode()
