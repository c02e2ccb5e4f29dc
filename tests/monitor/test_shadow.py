"""A candidate beside the live book: it finds what a naive judgement and a backtest find, and nobody is told of it."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from contracts.catalog import decode
from contracts.workdays import builtin
from deploy import shadowing
from deploy.embedded.errors import Unusable
from kit import clock
from services.monitor import shadow, store_shadow
from services.monitor.apply import apply
from services.monitor.backtest import Asked, Compared, Files
from services.monitor.book import load, shipped
from services.monitor.cases import everywhere
from services.monitor.domain import fold
from services.monitor.reading import unpack
from services.monitor.rulebook import RuleBroken, read_rule
from services.monitor.shadow import Shadow, beside, candidate_of
from services.monitor.state import State
from services.monitor.world import REFERENCE, UNJUDGED, build
from tests.eventually import eventually
from tests.factories import convened, fact_of, issued
from tests.monitor.conftest import LONG, Monitor
from tests.monitor.histories import history
from tests.monitor.test_apply import deliveries, feed
from tests.monitor.test_backtest import LIVE, LOOSER, compared
from tests.monitor.test_case_arrival import messages
from tests.oracle import judge_all

Pools = Callable[[str], Awaitable[asyncpg.Pool]]
STRICTER = LOOSER.replace("most_minutes = 125", "most_minutes = 60")
OVER = Files({}, {"tried-2026.toml": LOOSER})
BOOK = "a" * 64
TABLES = ("fact", "offer", "need", "timer", "alert_revision", "alert", "outbox", "parked", "checkpoint", "release")
"""Everything of the monitor that a candidate must not write."""


@pytest_asyncio.fixture(loop_scope="session")
async def pool(pool_for: Pools) -> asyncpg.Pool:
    """Give a pool on an empty monitor."""
    return await pool_for("monitor")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make portions so small that acts and what amends them come apart."""
    monkeypatch.setattr(shadow, "PORTION", 7)
    monkeypatch.setattr(shadow, "_PAIRS", 20)


async def begin(
    pool: asyncpg.Pool, over: Files = OVER, pack: str = "tried-2026", against: str = "demo-county", place: str = "99"
) -> int:
    async with pool.acquire() as db, db.transaction():
        return await store_shadow.start(db, place, candidate_of(over, pack, against), clock.now())


async def catch_up(pool: asyncpg.Pool, live: Files = LIVE, book: str = BOOK) -> dict[str, Any]:
    """Judge all that is there, as after a restart, and return the row."""
    one = Shadow(pool, live, book, builtin())
    while await one.step():
        pass
    [row] = await pool.fetch("select * from shadow")
    return dict(row)


def recorded_everywhere(texts: Files) -> Files:
    """Return the files as where everything that a rule may wait for is recorded."""
    before, after = "[parameters.connected]\nvalue = false", "[parameters.connected]\nvalue = true"
    return Files({name: text.replace(before, after) for name, text in texts.rules.items()}, texts.packs)


async def others(pool: asyncpg.Pool) -> dict[str, str]:
    """Return what every table of the monitor but the candidate's holds."""
    return {
        name: await pool.fetchval(f"select md5(string_agg(t::text, '' order by t::text)) from {name} t")
        for name in TABLES
    }


EMPTY = 'id = "empty-2026"\ntitle = "空白"\nplace = "99"\nbasis = "试行"\n[rules]\nMTG-19 = {}\n'


@pytest.mark.parametrize("seed", range(6))
async def test_beside_a_live_book_of_one_rule_the_whole_book_finds_what_a_naive_judgement_finds(
    pool: asyncpg.Pool, seed: int
) -> None:
    shipped_all = recorded_everywhere(Files(*shipped()))
    packs = {**shipped_all.packs, "empty-2026.toml": EMPTY}
    packs["demo-county.toml"] = packs["demo-county.toml"].replace('place = "99"\n', "")
    live, random = Files(shipped_all.rules, packs), Random(seed)
    facts = history(seed, 90, dense=bool(seed % 2))
    messages = deliveries(facts)
    await begin(pool, Files({}, {}), "demo-county", "empty-2026")
    running, state = Shadow(pool, live, BOOK, builtin()), State(load(*live), builtin())
    position = 0
    while position < len(messages):
        many = random.randrange(1, 40)
        await feed(pool, state, messages[position : position + many], [])
        position += many
        for _ in range(random.randrange(4)):
            await running.step()
        if random.random() < 0.2:
            running = Shadow(pool, live, BOOK, builtin())
    await catch_up(pool, live)
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    rest = [act for act in acts if not isinstance(act.event, UNJUDGED)]
    books = beside(live, Files({}, {}), "demo-county", "empty-2026", "99")
    rules = shadow.differing(books)
    want = {
        (one.rule, one.subject): (one.severity, one.reason, list(one.acts))
        for one in judge_all(books.first, rest, world)
        if one.severity and one.rule in rules
    }
    rows = await pool.fetch("select rule, subject, severity, summary, acts from shadow_finding")
    assert {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows} == want
    assert want
    assert len(rules) > 150


@pytest.mark.parametrize("name", ["CRT-01", "DOC-14", "DOC-15", "DOC-16", "MTG-06", "PLQ-01", "SEC-05"])
async def test_what_comes_later_and_bears_on_what_was_judged_is_judged_with_it(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Copies, chains, endings and days: the facts of each case one by one, the last first."""

    async def nothing(*_: object) -> None:
        """Make no report: the pack is none that ships."""

    rule = read_rule(LIVE.rules[f"{name}.toml"], f"{name}.toml")
    monkeypatch.setattr(Shadow, "_report", nothing)
    for case in (case for case in rule.cases if len(case.facts) > 1):
        book, facts = everywhere(rule, case), messages(rule, case)
        books = Compared(Asked("", "", "00"), book, load({}, {}))
        monkeypatch.setattr(shadow, "beside", lambda *_, books=books: books)
        await pool.execute("; ".join(f"delete from {table}" for table in TABLES))
        await begin(pool, Files({}, {}), place="00")
        one, state = Shadow(pool, LIVE, BOOK, builtin()), State(book, builtin())
        for message in deliveries(facts[::-1]):
            await feed(pool, state, [message], [])
            while await one.step():
                pass
        rows = await pool.fetch("select subject, severity, summary from shadow_finding")
        stands = await pool.fetch("select subject, severity, shown ->> 'summary' from alert where state = 'standing'")
        assert sorted(map(tuple, rows)) == sorted(map(tuple, stands)), case.name


@pytest.mark.parametrize("seed", [3, 11])
async def test_the_difference_is_that_of_a_backtest_and_nothing_else_is_written(pool: asyncpg.Pool, seed: int) -> None:
    await feed(pool, State(load(*LIVE), builtin()), deliveries(history(seed, 200)), [50, 100])
    before = await others(pool)
    await begin(pool)
    row = await catch_up(pool)
    report = await compared(pool)
    assert row["report"]["rules"] == report["rules"]
    assert row["report"]["compared"] == report["compared"]
    assert (row["report"]["position"], row["trouble"]) == (row["position"], None)
    assert sum(one["raised"] + one["gone"] + one["changed"] for one in report["rules"])
    assert await others(pool) == before


async def test_a_candidate_goes_on_from_where_it_was(pool: asyncpg.Pool) -> None:
    messages = deliveries(history(11, 120))
    state = State(load(*LIVE), builtin())
    await feed(pool, state, messages[:90], [])
    await begin(pool)
    one = Shadow(pool, LIVE, BOOK, builtin())
    for _ in range(5):
        await one.step()
    assert await pool.fetchval("select position from shadow") == 28  # the first step notes the live book
    await feed(pool, state, messages[90:], [])
    row = await catch_up(pool)
    assert row["report"]["rules"] == (await compared(pool))["rules"]


async def test_the_end_of_a_candidate_is_that_of_its_findings_and_another_begins_anew(pool: asyncpg.Pool) -> None:
    await feed(pool, State(load(*LIVE), builtin()), deliveries(history(11, 120)), [])
    first = await begin(pool)
    await catch_up(pool)
    assert await pool.fetchval("select count(*) from shadow_finding") > 0
    second = await begin(pool)
    assert second > first
    assert await pool.fetchval("select count(*) from shadow_finding") == 0
    assert (await catch_up(pool))["position"] > 0
    async with pool.acquire() as db, db.transaction():
        assert await store_shadow.stop(db)
        assert not await store_shadow.stop(db)
    assert (
        await pool.fetchval("select (select count(*) from shadow_finding) + (select count(*) from shadow_timer)") == 0
    )


async def test_another_live_book_and_facts_that_came_late_make_it_begin_again(pool: asyncpg.Pool) -> None:
    messages = deliveries(history(11, 120))
    await feed(pool, State(load(*LIVE), builtin()), messages[20:], [])
    await begin(pool)
    await catch_up(pool)
    one = Shadow(pool, LIVE, "b" * 64, builtin())
    assert await one.step()
    assert await pool.fetchval("select position from shadow") == 0
    await catch_up(pool, book="b" * 64)
    async with pool.acquire() as db, db.transaction():  # as a replay does it: behind the checkpoint
        position = await db.fetchval("select position from checkpoint")
        await apply(db, State(load(*LIVE), builtin()), await unpack(load(*LIVE), messages[:20]))
        await db.execute("update checkpoint set position = $1", position)
        await db.execute(
            "insert into parked (stream, position, subject, reason, body, stored_at, replayed_at)"
            " values ('FACTS', 1, 'facts.99.x.y', 'x', '', now(), now())"
        )
    row = await catch_up(pool, book="b" * 64)
    assert row["report"]["rules"] == (await compared(pool))["rules"]


async def test_a_candidate_that_cannot_be_judged_by_is_given_up_and_says_why(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await feed(pool, State(load(*LIVE), builtin()), deliveries(history(11, 60)), [])
    before = await others(pool)

    async def trouble() -> str | None:
        one = Shadow(pool, LIVE, BOOK, builtin())
        running = asyncio.create_task(one.run())
        try:
            return str(await eventually(lambda: pool.fetchval("select trouble from shadow")))
        finally:
            running.cancel()
            await asyncio.wait([running])

    await begin(pool, Files({}, {"tried-2026.toml": LOOSER.replace("most_minutes", "most_hours")}))
    assert "most_hours" in str(await trouble())

    def fall(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    await begin(pool)
    with monkeypatch.context() as patched:
        patched.setattr(shadow, "judge", fall)
        assert str(await trouble()).startswith("判定出错（ZeroDivisionError")
    assert await others(pool) == before
    assert (await catch_up(pool))["trouble"] is None  # another process tries again


def test_it_rests_as_long_as_it_worked_and_longer_while_facts_wait_for_the_live_monitor(pool: asyncpg.Pool) -> None:
    lag = iter((False, True, True))
    one = Shadow(pool, LIVE, BOOK, builtin(), lagging=lambda: next(lag))
    assert [one.rest(0.1), one.rest(0.1), one.rest(60)] == [0.1, 0.4, 5.0]


def told(**more: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"pack": "tried-2026", "against": "demo-county", "place": None, "rules": None, **more})


async def test_beside_a_running_monitor_nobody_is_told_of_what_a_candidate_finds(
    monitor: Monitor, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tried-2026.toml").write_text(STRICTER, "utf-8")
    assert (await monitor.get("/v1/shadow")).json()["shadow"] is None
    assert await asyncio.to_thread(shadowing.show, told(), dsn) == 0
    assert await asyncio.to_thread(shadowing.stop, told(), dsn) == 1
    assert await asyncio.to_thread(shadowing.start, told(packs=tmp_path), dsn) == 0
    short = convened(**{**LONG, "ended_at": "2025-03-04T10:20:00+08:00"})
    await monitor.tell(short, issued())

    async def found() -> dict[str, Any] | None:
        report = (await monitor.get("/v1/shadow")).json()["shadow"]["report"]
        return next((rule for rule in report["rules"] if rule["rule"] == "MTG-19"), None) if report else None

    rule = await eventually(found)
    assert (rule["raised"], rule["gone"]) == (1, 0)
    assert rule["examples"]["raised"][0]["act"] == fact_of(short)
    assert "超过 60 分钟" in rule["examples"]["raised"][0]["now"]["summary"]
    stands = (await monitor.get("/v1/alerts")).json()["items"]
    assert {one["rule"] for one in stands} == {"DOC-01", "MTG-01"}  # by the live book
    assert (await monitor.js.stream_info("ALERTS")).state.messages == len(stands)
    capsys.readouterr()
    assert await asyncio.to_thread(shadowing.show, told(), dsn) == 1
    assert "MTG-19 视频会议时长：新增 1，消失 0，变化 0" in capsys.readouterr().out
    assert (await monitor.get("/v1/shadow", role="office")).status_code == 403
    assert (await monitor.get("/v1/shadow", place="9901")).json()["shadow"] is None
    assert await asyncio.to_thread(shadowing.stop, told(), dsn) == 0
    assert (await monitor.get("/v1/shadow")).json()["shadow"] is None


def test_a_candidate_that_does_not_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "tried-2026.toml").write_text(LOOSER.replace("most_minutes", "most_hours"), "utf-8")
    with pytest.raises(Unusable, match="most_hours"):
        shadowing.start(told(packs=tmp_path), "")
    with pytest.raises(Unusable, match="没有不同"):
        shadowing.start(told(pack="demo-county", against=None, packs=None), "")
    with pytest.raises(RuleBroken, match="没有在 99 施行"):
        beside(LIVE, OVER, "tried-2026", "ningxia-2024", "99")
