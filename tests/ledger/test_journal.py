"""The journal: every message as it came, once, chained; batches whole or not at all."""

import asyncio
import hashlib
from collections.abc import Sequence

import asyncpg
import pytest

from kit.db import Connection
from services.ledger import store
from services.ledger.chain import GENESIS
from services.ledger.domain import CHINA
from services.ledger.recording import Recorder
from tests import factories as f
from tests.ledger.facts_of_a_year import FACTS
from tests.ledger.links import Link, first_broken
from tests.ledger.world import World

pytestmark = pytest.mark.connected


async def links(world: World) -> list[Link]:
    rows = await world.pool.fetch("select position, body, algorithm, prev_hash, hash from journal order by position")
    return [Link(*row) for row in rows]


async def test_bodies_are_kept_unchanged_and_chained(world: World):
    odd = b'  {"specversion" : "1.0"}  '
    stream = world.deliver(f.issued(), odd, b"\x00\xff", f.convened(topic="\u0000 名称"), *FACTS)
    for at in range(0, len(stream), 5):
        await world.recorder.record(stream[at : at + 5])
    found = await links(world)
    assert [(one.position, one.body) for one in found] == [(one.seq, one.body) for one in stream]
    assert first_broken(found) is None
    assert found[0].prev_hash == GENESIS
    body = hashlib.sha256(stream[0].body).digest()
    assert found[0].hash == hashlib.sha256(GENESIS + (1).to_bytes(8, "big") + body).digest()
    assert await world.pool.fetchval("select hash from checkpoint") == found[-1].hash


async def test_the_algorithm_may_change_between_two_entries(world: World):
    await world.feed(f.issued())
    chinese = Recorder.of(world.pool, list(world.ledgers.values()), "sm3")
    await chinese.record(world.deliver(f.issued()))
    await world.feed(f.issued())
    found = await links(world)
    assert [one.algorithm for one in found] == ["sha256", "sm3", "sha256"]
    assert first_broken(found) is None


async def test_its_columns_repeat_the_envelope(world: World):
    fact = f.issued(id="a\u0000b", recorded="2025-03-05T00:00:00+08:00")
    await world.feed(fact, b"{}")
    first, second = await world.pool.fetch("select * from journal order by position")
    assert first["fact_id"] == f.fact_of(fact)
    assert (first["source"], first["id"], first["type"]) == (fact["source"], "a\ufffdb", fact["type"])
    assert first["time"].astimezone(CHINA).isoformat() == fact["time"]
    assert first["recorded"].astimezone(CHINA).isoformat() == fact["recordedtime"]
    assert (first["jurisdiction"], first["unit"], first["repeats"]) == (fact["jurisdiction"], fact["unitid"], None)
    assert second["fact_id"] is None


@pytest.mark.parametrize("statement", ["update journal set body = ''", "delete from journal", "truncate journal"])
async def test_nobody_changes_it(world: World, statement: str):
    await world.feed(f.issued())
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await world.pool.execute(statement)


async def test_a_fact_that_the_stream_holds_again_is_journalled_and_counts_once(world: World):
    fact = f.issued()
    await world.feed(fact, f.convened(), fact)
    await world.feed(fact)
    rows = await world.pool.fetch(
        "select position, repeats from journal where fact_id = $1 order by 1", f.fact_of(fact)
    )
    assert [tuple(row) for row in rows] == [(1, None), (3, 1), (4, 1)]
    assert len(await world.rows("documents")) == 1
    assert await world.counts() == await world.recount()


async def test_a_batch_is_applied_whole_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch):
    await world.feed(f.issued())
    before = await world.digests(), await world.counts(), len(await links(world))
    batch = world.deliver(f.issued(), f.started(), b"poison", f.withdrawn(f.issued(id="other")))
    real = store.advance

    async def power_cut(*_: object) -> None:
        raise ConnectionResetError

    for name in ("advance", "count", "link", "park"):
        monkeypatch.setattr(store, name, power_cut)
        with pytest.raises(ConnectionResetError):
            await world.recorder.record(batch)
        monkeypatch.undo()
        assert (await world.digests(), await world.counts(), len(await links(world))) == before
        assert await world.pool.fetchval("select count(*) from parked") == 0
    assert store.advance is real
    await world.recorder.record(batch)
    assert len(await links(world)) == before[2] + 4
    assert await world.recorder.checkpoint() == world.position


async def test_what_was_read_ahead_is_chained_on_as_if_it_had_not(world: World):
    stream = world.deliver(*FACTS)
    batches = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    await world.recorder.checkpoint()
    await world.recorder.ahead(batches[0])
    for batch, after in zip(batches, [*batches[1:], None], strict=True):
        work = [world.recorder.record(batch), *([world.recorder.ahead(after)] if after else [])]
        await asyncio.gather(*work)
    ahead = await links(world), await world.digests(), await world.counts()
    assert first_broken(ahead[0]) is None
    await world.empty()
    await world.feed(*FACTS, batch=7)
    assert (await links(world), await world.digests(), await world.counts()) == ahead


@pytest.mark.parametrize("ending", [ConnectionResetError, asyncio.CancelledError])
async def test_what_was_read_ahead_of_a_batch_that_failed_waits_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
):
    first, second = world.deliver(*[f.issued() for _ in range(9)]), world.deliver(*[f.issued() for _ in range(9)])
    await world.recorder.checkpoint()
    await world.recorder.ahead(first)
    real = store.append

    async def ends(*_: object) -> None:
        await world.recorder.ahead(second)
        raise ending

    monkeypatch.setattr(store, "append", ends)
    with pytest.raises(ending):
        await world.recorder.record(first)
    assert (await links(world), await world.rows("documents"), await world.counts()) == ([], [], {})
    monkeypatch.setattr(store, "append", real)
    assert await world.recorder.checkpoint() == 0
    for batch in (first, second):
        await world.recorder.ahead(batch)
        await world.recorder.record(batch)
    assert first_broken(await links(world)) is None
    assert len(await links(world)) == len(await world.rows("documents")) == 18


async def test_what_was_read_ahead_while_another_process_recorded_is_read_again(world: World):
    other = Recorder.of(world.pool, list(world.ledgers.values()), "sm3")
    batches = [world.deliver(*[f.issued() for _ in range(5)]) for _ in range(4)]
    await world.recorder.checkpoint()
    await world.recorder.ahead(batches[0])
    await world.recorder.ahead(batches[1])
    await other.record(batches[0])
    for batch, after in zip(batches, [*batches[2:], None, None], strict=True):
        if after:
            await world.recorder.ahead(after)
        await world.recorder.record(batch)
    assert first_broken(await links(world)) is None
    assert [one.algorithm for one in await links(world)] == ["sm3"] * 5 + ["sha256"] * 15


async def test_a_service_that_ends_in_the_middle_of_a_batch_gives_its_connection_back(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    batch = world.deliver(*[f.issued() for _ in range(200)])
    real, begun = store.append, asyncio.Event()

    async def tells(db: Connection, entries: Sequence[store.Entry]) -> None:
        await real(db, entries)
        begun.set()

    monkeypatch.setattr(store, "append", tells)
    work = asyncio.create_task(world.recorder.record(batch))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await links(world) == []
    await world.recorder.record(batch)
    assert first_broken(await links(world)) is None
    assert len(await world.rows("documents")) == 200


async def test_two_processes_that_read_the_same_do_it_once(world: World):
    other = Recorder.of(world.pool, list(world.ledgers.values()))
    batches = [world.deliver(*[f.issued() for _ in range(20)]) for _ in range(5)]
    for batch in batches:
        await asyncio.gather(*(one.record(batch) for one in (world.recorder, other, world.recorder)))
    assert first_broken(await links(world)) is None
    assert len(await links(world)) == len(await world.rows("documents")) == 100
    assert await world.counts() == await world.recount()


async def test_a_batch_of_plain_acts_costs_the_same_statements_however_large(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    calls: list[str] = []
    for name in ("lock_checkpoint", "known", "append", "write", "load", "take", "link", "count", "advance"):
        real = getattr(store, name)

        async def counted(*args: object, name: str = name, real: object = real) -> object:
            calls.append(name)
            return await real(*args)  # type: ignore[operator]

        monkeypatch.setattr(store, name, counted)
    for size in (2, 50):
        calls.clear()
        await world.feed(*[f.issued() for _ in range(size)], *[f.convened() for _ in range(size)])
        assert sorted(calls) == sorted(
            ["lock_checkpoint", "known", "append", "link", "write", "write", "count", "advance"]
        )
