"""Data coverage: what a source sends decides or leaves open, counted over a bounded sample."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from contracts.workdays import builtin
from services.monitor import coverage
from services.monitor.book import load, shipped
from services.monitor.state import State
from tests.factories import convened, issued, wire
from tests.monitor.conftest import LONG, Monitor
from tests.monitor.test_apply import deliveries, feed

Pools = Callable[[str], Awaitable[asyncpg.Pool]]
OPEN = {"mode": "网络视频", "starts_at": "2025-03-04T09:00:00+08:00", "ended_at": None}


async def test_the_share_is_by_rule_and_source_with_the_fields_that_lacked(monitor: Monitor) -> None:
    good = [convened(**LONG, topic=f"防汛视频会议之{n}", source="/good/oa") for n in range(3)]
    poor = [convened(**OPEN, topic=f"抗旱视频会议之{n}", source="/poor/oa") for n in range(2)]
    await monitor.tell(*good, *poor, issued(source="/good/oa", time="2024-03-04T09:00:00+08:00"))
    sheet = (await monitor.get("/v1/coverage")).json()
    lines = {(one["source"], one["rule"]): one for one in sheet["items"]}
    good_line, poor_line = lines["/good/oa", "MTG-19"], lines["/poor/oa", "MTG-19"]
    assert (good_line["judged"], good_line["decided"], good_line["missing"]) == (3, 3, [])
    assert (poor_line["judged"], poor_line["decided"], poor_line["share"]) == (2, 0, 0.0)
    assert [one["n"] for one in poor_line["missing"]] == [2] * len(poor_line["missing"])
    assert poor_line["missing"]
    assert sheet["sources"] == [
        {"source": "/good/oa", "acts": 4, "judged": 4},
        {"source": "/poor/oa", "acts": 2, "judged": 2},
    ]
    assert (sheet["looked"], sheet["whole"]) == (6, True)
    assert sheet["items"] == sorted(sheet["items"], key=lambda one: one["share"])
    of_one = (await monitor.get("/v1/coverage?source=/poor/oa")).json()
    assert {one["source"] for one in of_one["items"]} == {"/poor/oa"}
    of_year = (await monitor.get("/v1/coverage?year=2024")).json()
    assert [one["acts"] for one in of_year["sources"]] == [1]
    assert not any(one["rule"].startswith("MTG") for one in of_year["items"])


async def test_nobody_learns_of_sources_beyond_the_own_scope(monitor: Monitor) -> None:
    await monitor.tell(convened(**LONG), convened(**LONG, place="990201", unit="990201.office", source="/990201/oa"))
    own = (await monitor.get("/v1/coverage", place="990101")).json()
    assert {one["source"] for one in own["sources"]} == {"/99/oa"}
    assert (await monitor.get("/v1/coverage?jurisdiction=990201", place="990101")).status_code == 403
    office = (await monitor.get("/v1/coverage", role="office", place="99", units=("990201.office",))).json()
    assert {one["source"] for one in office["sources"]} == {"/990201/oa"}
    assert (await monitor.get("/v1/coverage", role="adapter")).status_code == 403


async def test_a_key_is_counted_once_for_each_source(monitor: Monitor) -> None:
    documents = [issued(doc_no=f"青办发〔2025〕{n}号", source="/99/oa") for n in range(1, 6)]
    await monitor.tell(*documents)
    lines = {one["rule"]: one for one in (await monitor.get("/v1/coverage")).json()["items"]}
    assert lines["DOC-03"]["judged"] == 1
    assert lines["DOC-19"]["judged"] == 5


async def test_the_sample_is_bounded_fair_and_always_the_same(pool_for: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST_JUDGED", 30)
    monkeypatch.setattr(coverage, "PER_SOURCE", 25)
    pool, state = await pool_for("monitor"), State(load(*shipped()), builtin())
    many = [wire(convened(topic=f"防汛会议之{n}", source="/many/oa")) for n in range(60)]
    few = [wire(convened(topic=f"抗旱会议之{n}", source="/few/oa")) for n in range(3)]
    await feed(pool, state, deliveries([*many, *few]), [])
    async with pool.acquire() as db:
        sample = await coverage.draw(db, "99", None, year=None, source=None)
        again = await coverage.draw(db, "99", None, year=None, source=None)
        assert (await coverage.judged(db, State(state.book, builtin()), sample)).rows(
            {rule.id: rule.title for rule in state.book.rules.values()}
        )
        monkeypatch.setattr(coverage, "MOST_LOOKED", 40)
        monkeypatch.setattr(coverage, "_LOOK", 20)
        part = await coverage.draw(db, "99", None, year=None, source=None)
    assert {source: len(names) for source, names in sample.names.items()} == {"/many/oa": 25, "/few/oa": 3}
    assert sample.acts == {"/many/oa": 60, "/few/oa": 3}
    assert sample.names == again.names
    assert (part.looked, part.whole) == (40, False)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ({"a": 10, "b": 20}, {"a": 10, "b": 20}),
        ({"a": 10, "b": 2000, "c": 2000}, {"a": 10, "b": 295, "c": 295}),
        ({}, {}),
    ],
)
def test_small_sources_get_all_they_want(wanted: dict[str, int], given: dict[str, int]) -> None:
    assert coverage._shares(wanted) == given
