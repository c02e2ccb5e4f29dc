"""Either copy of the log is made anew from the other, proved with the signatures before and after."""

import pytest
from nats.aio.client import Client

from kit.errors import Conflict
from kit.streams import FACTS, ensure_stream
from services.ledger import restoring
from services.ledger.restoring import restore_journal, restore_stream
from tests.ledger.log import BAD, Log
from tests.ledger.test_notary import PUBLIC

pytestmark = pytest.mark.connected

TABLES = {
    "journal": "*",
    "signed_checkpoint": "*",
    "checkpoint": "position, hash, ledgers",
    "thread": "*",
    "parked": "position, fact_id, type, jurisdiction, code, field, detail",
}
"""What a restored ledger holds again; not what the stream alone says of a message."""


async def state(log: Log) -> dict[str, object]:
    """Return everything that a restored ledger must equal."""
    rows = {
        name: sorted(repr(tuple(row)) for row in await log.world.pool.fetch(f"select {columns} from {name}"))
        for name, columns in TABLES.items()
    }
    return {"digests": await log.world.digests(), "counts": await log.world.counts(), **rows}


async def held(nc: Client) -> list[tuple[str, str, bytes]]:
    """Return what the stream holds."""
    js = nc.jetstream()
    last = (await js.stream_info("FACTS")).state.last_seq
    found = [await js.get_msg("FACTS", seq) for seq in range(1, last + 1)]
    return [(one.subject or "", (one.headers or {})["Nats-Msg-Id"], one.data or b"") for one in found]


async def test_the_journal_is_made_anew_from_the_stream(log: Log):
    before = await state(log)
    await log.tamper(
        f"delete from journal where position > {BAD}", "delete from signed_checkpoint", "delete from documents"
    )
    done = await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)
    assert (done.entries, done.checkpoints) == (14, 2)
    assert await state(log) == before
    with pytest.raises(Exception, match="append-only"):
        await log.world.pool.execute("delete from journal")


async def test_a_stream_that_was_changed_restores_nothing(log: Log):
    before = await state(log)
    await log.restream({BAD: b"other"})
    with pytest.raises(Conflict, match="位置 9 的签名检查点"):
        await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)
    await log.restream({})
    await log.nc.jetstream().delete_msg("FACTS", BAD)
    with pytest.raises(Conflict, match=f"缺少位置 {BAD}"):
        await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)
    with pytest.raises(Conflict):
        await restore_journal(log.world.pool, log.nc.jetstream(), {})
    assert await state(log) == before


async def test_a_stream_that_was_cut_restores_nothing(log: Log):
    before = await state(log)
    bodies = log.bodies
    log.bodies = bodies[:12]  # behind the first checkpoint, before the second
    await log.restream({})
    with pytest.raises(Conflict, match="只到位置 12，签名检查点到位置 13"):
        await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)
    log.bodies = bodies[:13]  # behind the second: only the chain tells that something followed
    await log.restream({})
    with pytest.raises(Conflict, match="--cut"):
        await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)
    assert await state(log) == before
    assert (await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC, cut=True)).entries == 13


async def test_the_hash_must_be_the_one_that_was_signed(log: Log):
    with pytest.raises(Conflict, match="另一种哈希算法"):
        await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC, algorithm="sm3")


async def test_a_running_ledger_is_not_emptied(log: Log, dsn: str):
    from kit.db import connect_pool

    async with await connect_pool(dsn, size=1, schema="ledger") as pool:
        await pool.fetchval("select 1")
        with pytest.raises(Conflict, match="正在运行"):
            await restore_journal(log.world.pool, log.nc.jetstream(), PUBLIC)


@pytest.mark.parametrize("left", [None, 0, 5])
async def test_the_stream_is_made_anew_from_the_journal(log: Log, left: int | None):
    js = log.nc.jetstream()
    await js.delete_stream("FACTS")
    if left is not None:
        await ensure_stream(js, FACTS)
    for body in log.bodies[: left or 0]:
        await js.publish("facts.99.x.y", body, headers={"Nats-Msg-Id": "x"} if body is log.bodies[0] else None)
    done = await restore_stream(log.nc, log.world.pool, PUBLIC)
    assert (done.entries, done.checkpoints) == (14, 2)
    assert (await log.verify()).fault is None
    rows = await log.world.pool.fetch("select fact_id, repeats from journal order by position")
    if not left:
        names = [f"{row['fact_id']}.8" if row["repeats"] else row["fact_id"] or "journal.3" for row in rows]
        assert [name for _, name, _ in await held(log.nc)] == names
        assert {subject.split(".")[1] for subject, _, _ in await held(log.nc)} <= {"99", "00", "990101"}


async def test_a_stream_that_holds_everything_stays_as_it_is(log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(restoring, "_SIZE", 3)  # portions, as a journal of millions has
    before = await held(log.nc)
    done = await restore_stream(log.nc, log.world.pool, PUBLIC)
    assert done.entries == len(before)
    assert await held(log.nc) == before


async def test_another_stream_is_replaced_only_on_demand(log: Log):
    await log.restream({BAD: b"other"})
    with pytest.raises(Conflict, match="--yes"):
        await restore_stream(log.nc, log.world.pool, PUBLIC)
    await restore_stream(log.nc, log.world.pool, PUBLIC, replace=True)
    assert [body for *_, body in await held(log.nc)] == log.bodies
    config = (await log.nc.jetstream().stream_info("FACTS")).config
    assert (config.deny_delete, config.deny_purge) == (True, True)


async def test_a_journal_that_was_changed_restores_nothing(log: Log):
    await log.tamper(f"update journal set body = 'other' where position = {BAD}")
    with pytest.raises(Conflict, match=f"位置 {BAD}"):
        await restore_stream(log.nc, log.world.pool, PUBLIC, replace=True)
    assert [body for *_, body in await held(log.nc)] == log.bodies
