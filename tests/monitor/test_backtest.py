"""Two packs over the same facts: the difference is exactly that of the alerts that each of them raises."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from contracts.catalog import decode
from contracts.workdays import builtin
from deploy import backtesting
from deploy.embedded.errors import Unusable
from kit import clock
from services.monitor import queries_policy
from services.monitor.backtest import Asked, Compared, Files, compare, place_for, seated
from services.monitor.book import shipped
from services.monitor.domain import fold
from services.monitor.rulebook import RuleBroken
from services.monitor.state import State
from services.monitor.store_policy import put_backtest
from services.monitor.world import REFERENCE, UNJUDGED, build
from tests.factories import convened, fact_of, issued, wire
from tests.monitor.conftest import LONG, Monitor
from tests.monitor.histories import history
from tests.monitor.test_apply import deliveries, feed
from tests.oracle import judge_all

Pools = Callable[[str], Awaitable[asyncpg.Pool]]
LIVE = Files(*shipped())
LOOSER = """
id = "tried-2026"
title = "试行"
basis = "试行"
inherits = ["demo-county"]
[rules.MTG-19]
parameters = { most_minutes = 125 }
[rules.RPT-01]
parameters = { fewest_workdays = 4 }
[rules.SEC-05]
parameters = { most_months = 1 }
[rules.INS-09]
parameters = { window_days = 10 }
[rules.DOC-03]
parameters = { stages = [40, 90, 100] }
"""
CHANGED = ["DOC-03", "INS-09", "MTG-19", "RPT-01", "SEC-05"]
TRIED = Files(LIVE.rules, {**LIVE.packs, "tried-2026.toml": LOOSER})


@pytest_asyncio.fixture(loop_scope="session")
async def pool(pool_for: Pools) -> asyncpg.Pool:
    """Give a pool on an empty monitor."""
    return await pool_for("monitor")


async def nothing(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


async def compared(pool: asyncpg.Pool, candidate: Files = TRIED, **asked: Any) -> dict[str, Any]:
    what = Asked(**{"pack": "tried-2026", "against": "demo-county", "place": "99", **asked})
    first = seated(candidate, what.pack, what.against, what.place)
    found = Compared(what, first, seated(LIVE, what.against, what.pack, what.place))
    await compare(pool, found, builtin(), nothing)
    return found.report()


async def test_the_difference_is_that_of_two_naive_judgements(pool: asyncpg.Pool) -> None:
    facts = history(12, 200, dense=False)
    live, tried = seated(LIVE, "demo-county", "tried-2026", "99"), seated(TRIED, "tried-2026", "demo-county", "99")
    await feed(pool, State(live, builtin()), deliveries(facts), [])
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    rest = [act for act in acts if not isinstance(act.event, UNJUDGED)]
    want: dict[str, list[int]] = {}
    alerts = [
        {(v.rule, v.subject): (v.severity, v.reason, v.acts) for v in judge_all(book, rest, world) if v.severity}
        for book in (tried, live)
    ]
    for key in {*alerts[0], *alerts[1]}:
        now, before = (one.get(key) for one in alerts)
        place = 3 if now == before else 1 if now is None else 0 if before is None else 2
        if key[0] in CHANGED:
            want.setdefault(key[0], [0, 0, 0, 0])[place] += 1
        else:
            assert now == before
    report = await compared(pool)
    got = {one["rule"]: [one["raised"], one["gone"], one["changed"], one["same"]] for one in report["rules"]}
    assert got == want
    assert all([sum(counts) for counts in zip(*want.values(), strict=True)][:3])  # something of each kind
    assert report["compared"] == CHANGED


async def test_the_same_pack_differs_in_nothing_and_judges_nothing(pool: asyncpg.Pool) -> None:
    await feed(pool, State(seated(LIVE, "demo-county", "none", "99"), builtin()), deliveries(history(1, 60)), [])
    report = await compared(pool, LIVE, pack="demo-county")
    assert (report["rules"], report["compared"]) == ([], [])
    assert report["acts"] > 20


async def test_a_period_and_a_place_limit_what_is_compared(pool: asyncpg.Pool) -> None:
    march, elsewhere = convened(**LONG), convened(**LONG, place="980101", unit="980101.office")
    await feed(
        pool,
        State(seated(LIVE, "demo-county", "none", "99"), builtin()),
        deliveries([wire(march), wire(elsewhere)]),
        [],
    )
    report = await compared(pool)
    [rule] = report["rules"]
    assert (rule["rule"], rule["gone"], report["acts"]) == ("MTG-19", 1, 1)
    [example] = rule["examples"]["gone"]
    assert example["before"]["clause"]
    assert (example["act"], example["now"], example["unit_id"]) == (fact_of(march), None, "990101.office")
    assert (await compared(pool, since=date(2025, 3, 5)))["rules"] == []
    assert (await compared(pool, until=date(2025, 3, 3)))["rules"] == []
    assert len((await compared(pool, since=date(2025, 3, 4), until=date(2025, 3, 4)))["rules"]) == 1


async def test_examples_are_few_and_counts_are_all(pool: asyncpg.Pool) -> None:
    meetings = [wire(convened(**LONG, topic=f"防汛视频会议之{number}")) for number in range(12)]
    await feed(pool, State(seated(LIVE, "demo-county", "none", "99"), builtin()), deliveries(meetings), [])
    [rule] = (await compared(pool))["rules"]
    assert (rule["gone"], len(rule["examples"]["gone"])) == (12, 5)


async def test_the_live_monitor_keeps_its_alerts(monitor: Monitor, dsn: str, tmp_path: Path) -> None:
    await monitor.tell(convened(**LONG), issued())
    before = (await monitor.get("/v1/alerts")).json()["items"]
    (tmp_path / "tried-2026.toml").write_text(LOOSER, "utf-8")
    said = argparse.Namespace(
        pack="tried-2026", against="demo-county", place=None, since=None, until=None, rules=None, packs=tmp_path,
        dry_run=False,
    )  # fmt: skip
    assert await asyncio.to_thread(backtesting.run, said, dsn) == 1
    assert (await monitor.get("/v1/alerts")).json()["items"] == before
    [kept] = (await monitor.get("/v1/backtests")).json()["items"]
    whole = (await monitor.get(f"/v1/backtests/{kept['number']}")).json()
    [rule] = whole["rules"]
    assert (rule["rule"], rule["gone"], kept["rules"][0]["examples"]) == ("MTG-19", 1, {})
    assert len(rule["examples"]["gone"]) == 1
    assert (await monitor.get("/v1/backtests", role="office")).status_code == 403
    assert (await monitor.get(f"/v1/backtests/{kept['number'] + 1}")).status_code == 404


async def test_pages_of_backtests_follow_one_another(monitor: Monitor, pool: asyncpg.Pool) -> None:
    report = await compared(pool)
    async with pool.acquire() as db:
        for _ in range(3):
            await put_backtest(db, "99", clock.now(), report)
        kept = await queries_policy.backtests(db, 3, 5)
    first = (await monitor.get("/v1/backtests?limit=2")).json()
    rest = (await monitor.get(f"/v1/backtests?limit=2&after={first['next']}")).json()
    assert [one["number"] for one in (*first["items"], *rest["items"])] == [3, 2, 1]
    assert rest["next"] is None
    assert [one.number for one in kept] == [2, 1]


def test_a_place_is_the_one_asked_for_or_that_of_a_pack() -> None:
    assert place_for(TRIED.packs, "tried-2026", "demo-county", None) == "99"
    assert place_for(TRIED.packs, "tried-2026", "demo-county", "9901") == "9901"
    with pytest.raises(RuleBroken, match="没有这个规则包"):
        place_for(LIVE.packs, "tried-2026", "demo-county", None)
    homeless = {name: text for name, text in TRIED.packs.items() if "place =" not in text}
    if len(homeless) > 1:
        with pytest.raises(RuleBroken, match="--place"):
            place_for(TRIED.packs, "tried-2026", "province-2019", None)


def test_a_broken_candidate_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "tried-2026.toml").write_text(LOOSER.replace("most_minutes", "most_hours"), "utf-8")
    said = argparse.Namespace(pack="tried-2026", against="demo-county", place=None, since=None, until=None)
    with pytest.raises(Unusable, match="most_hours"):
        backtesting._books(argparse.Namespace(**vars(said), rules=None, packs=tmp_path))
    with pytest.raises(Unusable, match="中没有"):
        backtesting._books(argparse.Namespace(**vars(said), rules=tmp_path / "none", packs=None))


def test_the_text_names_each_difference() -> None:
    from tests.console.fake_data import backtest

    report = {**json.loads(json.dumps(backtest())), "from": "2026-01-01", "to": None}
    text = "\n".join(backtesting.told(report))
    assert "SEC-05 借调教师：新增 2，消失 0，变化 1，相同 12" in text
    assert "2026-01-01 至 最近" in text
    assert "2026-03-02 青禾县教育体育局 " in text
    told = "原为：同一教师连续借用 121 天，超过 3 个月；等级由预警改为严重；依据由 演示省规定 九 改为 演示省规定 八"
    assert told in text
    [[changed]] = [rule["examples"]["changed"] for rule in report["rules"] if rule["changed"]]
    for kept in ("summary", "clause"):
        changed["before"][kept] = changed["now"][kept]
    assert "（等级由预警改为严重）" in "\n".join(backtesting.told(report))
