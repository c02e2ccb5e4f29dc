"""What the monitor cannot read is set aside by itself with its reason, and applied when a newer version can read it."""

from collections.abc import Callable
from random import Random
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from contracts.event import unchanged
from contracts.meetings import MeetingConvened
from contracts.workdays import builtin
from services.monitor import store
from services.monitor.book import Book, load, shipped
from services.monitor.state import State
from services.monitor.writing import Writer
from tests.eventually import eventually
from tests.factories import Event, convened, fact_of, issued, subject_of, wire
from tests.monitor.conftest import LONG, Monitor
from tests.monitor.histories import history
from tests.monitor.test_apply import NOW, Pools, deliveries, expected, standing

pytestmark = pytest.mark.connected


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let this process know version 3 of ``mtg.convened``, in which ``topic`` was called ``title`` before."""

    def to_3(data: dict[str, Any]) -> dict[str, Any]:
        return {"topic": data["title"], **{key: value for key, value in data.items() if key != "title"}}

    def now() -> None:
        monkeypatch.setattr(MeetingConvened, "version", 3)
        monkeypatch.setattr(MeetingConvened, "upcasters", {1: unchanged, 2: to_3})

    return now


def of_version_3(fact: Event) -> Event:
    return {**fact, "type": fact["type"].replace(".v1", ".v3")}


async def test_it_is_shown_without_its_content_and_applied_when_it_can_be_read(
    monitor: Monitor, learn: Callable[[], None]
) -> None:
    meeting = of_version_3(convened(topic="秘密内容", **LONG))
    poison = await monitor.js.publish("facts.990101.doc.issued", b"{")
    unread = await monitor.tell(meeting)
    await monitor.tell(of_version_3(convened(place="9902", **LONG)), issued())
    shown = await monitor.get("/v1/parked", place="990101")
    assert [(one["position"], one["subject"], one["reason"]) for one in shown.json()["items"]] == [
        (poison.seq, "facts.990101.doc.issued", "body: 不是有效的 JSON"),
        (unread, subject_of(meeting), "cn.jianfu.mtg.convened.v3"),
    ]
    assert "秘密内容" not in shown.text
    assert (await _replay(monitor)) == 0
    assert (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"] == []

    learn()
    assert (await _replay(monitor)) == 2
    assert (await _replay(monitor)) == 0
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19", place="990101")).json()["items"]
    assert alert["acts"] == [fact_of(meeting)]
    await eventually(lambda: _published(monitor))
    left = (await monitor.get("/v1/parked", place="99")).json()["items"]
    assert [one["position"] for one in left] == [poison.seq]
    assert len((await monitor.get("/v1/parked?replayed=true", place="99")).json()["items"]) == 3


async def _replay(monitor: Monitor) -> int:
    answer = await monitor.client.post("/v1/parked/replay", headers=monitor.bearer())
    return int(answer.raise_for_status().json()["replayed"])


async def _published(monitor: Monitor) -> bool:
    info = await monitor.js.stream_info("ALERTS", subjects_filter="alerts.990101.*.MTG-19")
    return bool(info.state.subjects)


@pytest_asyncio.fixture(loop_scope="session")
async def pool(pool_for: Pools) -> asyncpg.Pool:
    """Give a pool on an empty monitor."""
    return await pool_for("monitor")


@pytest.fixture(scope="module")
def book() -> Book:
    """Give the rule book that ships."""
    return load(*shipped())


@pytest.mark.parametrize("seed", [1, 2])
async def test_parked_and_read_late_is_the_same_as_read_at_once(
    pool: asyncpg.Pool, book: Book, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    future = b'"type": "cn.jianfu.mtg.convened.v3"'
    facts = [fact.replace(b'"type": "cn.jianfu.mtg.convened.v1"', future) for fact in history(seed, 160)]
    Random(seed).shuffle(facts)
    writer = Writer(pool, State(book, builtin()), lambda: None)
    await writer.apply(deliveries([*facts, facts[-1]]))
    parked = sum(future in fact for fact in facts)
    assert parked > 5
    assert await standing(pool) == expected(book, [fact for fact in facts if future not in fact])

    monkeypatch.setattr(MeetingConvened, "version", 3)
    monkeypatch.setattr(MeetingConvened, "upcasters", {1: unchanged, 2: unchanged})
    assert await writer.replay(NOW) >= parked
    assert await standing(pool) == expected(book, facts)
    assert await writer.checkpoint() == len(facts) + 1


async def test_an_unexpected_error_stops_the_monitor_visibly(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    await monitor.tell(issued())
    assert (await monitor.client.get("/readyz")).status_code == 200
    monkeypatch.setattr(store, "advance", broken)
    stuck = await monitor.js.publish(subject_of(fact := convened(**LONG)), wire(fact))

    async def trouble() -> object:
        return (await monitor.client.get("/readyz")).json()["checks"]["facts"]

    await eventually(trouble, "ZeroDivisionError")
    assert (await monitor.client.get("/readyz")).status_code == 503
    monkeypatch.undo()
    assert (await monitor.get("/v1/alerts")).json()["current"]["position"] < stuck.seq
