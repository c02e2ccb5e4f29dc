"""Blue and green: a ledger is built beside its live table, proved equal, and switched in; a wrong one is found out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from kit.db import Pool
from kit.errors import Conflict, NotFound
from services.ledger import rebuild, store_builds
from services.ledger.columns import Row
from services.ledger.domain import Fact, Ledger
from services.ledger.projections import load_ledgers
from tests import factories as f
from tests.ledger.facts_of_a_year import FACTS
from tests.ledger.world import World

pytestmark = pytest.mark.connected


async def test_a_broken_fold_is_found_by_the_digest(world: World):
    """The live table was written by a fold that loses a column of some rows; the journal tells the truth."""
    sound = world.ledgers["documents"]

    def fold(facts: Sequence[Fact]) -> Row | None:
        row = sound.fold(facts)
        return row._replace(cells=("", *row.cells[1:])) if row and "乙" in str(row.cells[0]) else row

    broken = World(world.pool, [replace(one, fold=fold) if one is sound else one for one in load_ledgers()])
    wrong = f.issued(heading="乙")
    await broken.feed(f.issued(heading="甲"), wrong, f.convened())

    built = await world.rebuild("documents")
    assert not built.equal
    assert not built.switched
    assert built.differing == (f.fact_of(wrong),)
    assert (await world.rebuild("meetings")).equal
    assert sorted(str(cells["heading"]) for cells in await world.cells("documents")) == ["", "甲"]

    assert (await world.rebuild("documents", accept=True)).switched
    assert sorted(str(cells["heading"]) for cells in await world.cells("documents")) == ["乙", "甲"]
    assert (await world.rebuild("documents")).equal


@pytest.mark.parametrize(
    "harm",
    [
        "update documents set pages = pages + 1 where act_id = $1",
        "update documents set known_from = known_from - interval '1 second' where act_id = $1",
        "update documents set withdrawn = true where act_id = $1",
        "delete from documents where act_id = $1",
    ],
)
async def test_a_changed_row_is_found(world: World, harm: str):
    document = f.issued()
    await world.feed(document, f.issued())
    await world.pool.execute(harm, f.fact_of(document))
    built = await world.rebuild("documents")
    assert not built.equal
    assert built.differing == (f.fact_of(document),)


async def test_a_wrong_count_is_found_and_mended(world: World):
    await world.feed(f.issued(), f.issued())
    await world.pool.execute("update counts set n = 5")
    built = await world.rebuild("documents")
    assert (built.equal, built.differing, built.differing_counts) == (False, (), 1)
    assert (await world.rebuild("documents", accept=True)).switched
    assert await world.counts() == await world.recount()


async def test_live_goes_on_while_a_build_runs(world: World, monkeypatch: pytest.MonkeyPatch):
    await world.feed(*FACTS, *[f.issued() for _ in range(100)], batch=30)
    monkeypatch.setattr(rebuild, "_CLOSE", 10)
    monkeypatch.setattr(rebuild, "_BATCH", 5)
    more = [f.issued() for _ in range(60)] + [f.withdrawn(fact, recorded="2031-01-01T00:00:00+08:00") for fact in FACTS]
    built, _ = await asyncio.gather(world.rebuild("documents"), world.feed(*more, batch=2))
    assert built.equal
    assert built.switched
    for name in world.ledgers:
        assert (await world.rebuild(name)).equal
    assert await world.counts() == await world.recount()


async def test_only_one_process_builds_a_ledger(world: World):
    await world.feed(f.issued())
    async with world.pool.acquire() as db:
        assert await store_builds.lock_build(db, world.ledgers["documents"])
        with pytest.raises(Conflict):
            await world.rebuild("documents")
        await store_builds.unlock_build(db, world.ledgers["documents"])
    assert (await world.rebuild("documents")).equal


async def test_a_build_that_was_cut_off_leaves_nothing_that_counts(world: World, monkeypatch: pytest.MonkeyPatch):
    await world.feed(f.issued(), f.started())
    before = await world.digests(), await world.counts()

    async def power_cut(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(store_builds, "digest", power_cut)
        with pytest.raises(ConnectionResetError):
            await world.rebuild("secondments")
    assert await world.digests() == before[0]
    assert await world.counts() == await world.recount()
    assert (await world.rebuild("secondments")).equal
    assert (await world.digests(), await world.counts()) == before


async def test_a_ledger_that_missed_facts_is_refused_and_then_filled(world: World):
    """As after a time under an older version, which did not know the ledger."""
    everything = load_ledgers()
    older = World(world.pool, [one for one in everything if one.name != "certificates"])
    await older.feed(f.certificate(), f.issued())
    world.position = older.position
    with pytest.raises(RuntimeError, match="certificates"):
        await world.feed(f.certificate())
    await rebuild.build_missing(world.pool, everything)
    await world.recorder.record(world.deliver(f.certificate())[-1:])
    assert len(await world.rows("certificates")) == 2
    assert await world.counts() == await world.recount()


async def test_the_command_tells_what_came_of_it(world: World, dsn: str, capsys: pytest.CaptureFixture[str]):
    await world.feed(f.issued(), f.convened())
    assert await rebuild.main(dsn) == 0
    told = capsys.readouterr().out
    assert told.count("与现有台账一致") == len(world.ledgers)
    await world.pool.execute("update documents set pages = 1")
    assert await rebuild.main(dsn, "documents") == 1
    assert "未切换" in capsys.readouterr().out
    assert await rebuild.main(dsn, "documents", accept=True) == 0
    assert "已按 --accept 切换" in capsys.readouterr().out
    with pytest.raises(NotFound):
        await rebuild.rebuild(dsn, "nothing")


async def test_the_digest_depends_on_the_rows_only(world: World, dsn: str):
    from kit.db import connect_pool

    ledger: Ledger = world.ledgers["documents"]
    facts = [f.issued(id=f"same-{n}") for n in range(5)]
    await world.feed(f.day_ended(), *facts)
    first = (await world.digests())["documents"]
    await world.empty()
    await world.feed(*reversed(facts), batch=1)
    assert (await world.digests())["documents"] == first
    other: Pool
    async with await connect_pool(dsn, size=2, schema="ledger") as other, other.acquire() as db:
        await db.execute("set timezone to 'Asia/Shanghai'; set datestyle to 'SQL'; set extra_float_digits to 0")
        assert await store_builds.digest(db, ledger) == first
    await world.feed(f.issued())
    assert (await world.digests())["documents"] != first
