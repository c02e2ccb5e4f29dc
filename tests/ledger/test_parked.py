"""Poison is set aside by itself with its reason, and projected when a newer version can read it."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog

from contracts.documents import DocumentIssued
from contracts.event import unchanged
from kit import clock
from tests import factories as f
from tests.ledger.links import Link, first_broken
from tests.ledger.world import World

pytestmark = pytest.mark.connected


def of_version(fact: f.Event, version: int) -> f.Event:
    return {**fact, "type": fact["type"].replace(".v1", f".v{version}")}


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let this process know version 3 of ``doc.issued``, in which ``heading`` was called ``name`` before."""

    def to_3(data: dict[str, Any]) -> dict[str, Any]:
        return {"heading": data["name"], **{key: value for key, value in data.items() if key != "name"}}

    def now() -> None:
        monkeypatch.setattr(DocumentIssued, "version", 3)
        monkeypatch.setattr(DocumentIssued, "upcasters", {1: unchanged, 2: to_3})

    return now


async def test_poison_does_not_harm_its_neighbours(world: World):
    await world.feed(f.issued(), b"rubbish", f.issued(pages=2**80), of_version(f.issued(), 3), f.convened())
    rows = await world.pool.fetch("select position, code, field, jurisdiction, fact_id is null from parked order by 1")
    assert [tuple(row) for row in rows] == [
        (2, "contract_broken", "body", None, True),
        (3, "contract_broken", "data.pages", "990101", False),
        (4, "from_the_future", "type", "990101", False),
    ]
    assert len(await world.rows("documents")) == len(await world.rows("meetings")) == 1
    rows = await world.pool.fetch("select position, body, algorithm, prev_hash, hash from journal order by position")
    assert first_broken(Link(*row) for row in rows) is None
    assert await world.recorder.replay(clock.now()) == 0


async def test_what_is_parked_is_logged_without_its_content(world: World):
    with structlog.testing.capture_logs() as logs:
        await world.feed(f.issued(), b"rubbish", f.issued(pages=2**80, heading="不可外泄的标题"))
    assert [(log["event"], log["log_level"], log["messages"], log["first"]) for log in logs] == [
        ("parked", "warning", 2, 2)
    ]
    assert "不可外泄" not in str(logs)


async def test_a_parked_fact_is_in_no_row_until_it_is_replayed(world: World, learn: Callable[[], None]):
    document, other = of_version(f.issued(heading="甲"), 3), of_version(f.issued(heading="乙"), 3)
    correction = f.corrected(document, changes={"heading": "丙"}, recorded="2025-06-01T00:00:00+08:00")
    await world.feed(document, other, f.withdrawn(other), correction, document)
    assert await world.rows("documents", withdrawn=True) == []
    assert await world.pool.fetchval("select count(*) from parked") == 3
    assert (await world.rebuild("documents")).equal

    learn()
    assert (await world.rebuild("documents")).equal
    assert await world.recorder.replay(clock.now()) == 3
    assert await world.recorder.replay(clock.now()) == 0
    assert [cells["heading"] for cells in await world.cells("documents")] == ["丙"]
    assert [cells["heading"] for cells in await world.cells("documents", withdrawn=True)] == ["乙"]
    assert (await world.rebuild("documents")).equal
    assert await world.counts() == await world.recount()


async def test_replayed_and_read_at_once_are_the_same(world: World, learn: Callable[[], None]):
    facts = [of_version(f.issued(id=f"p-{n}"), 3) for n in range(3)]
    facts += [f.corrected(fact, changes={"pages": 9}, recorded="2025-06-01T00:00:00+08:00") for fact in facts[:2]]
    facts += [f.withdrawn(facts[1], recorded="2025-07-01T00:00:00+08:00")]
    await world.feed(*facts)
    learn()
    await world.recorder.replay(clock.now())
    replayed = await world.digests(), await world.counts()
    await world.empty()
    await world.feed(*facts)
    assert (await world.digests(), await world.counts()) == replayed
