"""The audit names the first bad entry, whatever was done to which copy."""

import json
from pathlib import Path

import pytest
from nats.aio.client import Client

from kit.errors import Rejected
from services.ledger import exporting, witnesses
from services.ledger.audit import BOTH, JOURNAL, STREAM, TABLE
from services.ledger.auditing import verify
from services.ledger.proof import Signed, sign
from services.ledger.store import Entry
from tests import factories as f
from tests.ledger.log import BAD, TWICE, Log, mend, save
from tests.ledger.test_notary import KEY, PUBLIC
from tests.ledger.world import World

pytestmark = pytest.mark.connected


async def test_an_untouched_log_is_well(log: Log):
    found = await log.verify()
    assert found.fault is None
    assert (found.entries, found.messages, found.checkpoints, found.uncovered, found.unread) == (14, 14, 2, 0, 0)
    alone = await verify(log.world.pool, None, PUBLIC)
    assert (alone.fault, alone.messages) == (None, None)


async def test_it_says_how_many_entries_no_signature_covers_yet(log: Log):
    facts = [f.issued(), f.convened()]
    await log.world.feed(*facts)
    for fact in facts:
        await log.nc.jetstream().publish("facts.99.x.y", f.wire(fact))
    found = await log.verify()
    assert (found.fault, found.entries, found.uncovered) == (None, 16, 2)
    assert found.signed_at is not None


async def test_an_empty_log_is_well(world: World, nc: Client):
    found = await verify(world.pool, nc.jetstream(), PUBLIC)
    assert (found.fault, found.entries, found.checkpoints) == (None, 0, 0)


async def test_what_the_ledger_has_not_read_yet_is_no_fault(log: Log):
    await log.nc.jetstream().publish("facts.99.x.y", f.wire(f.issued()))
    found = await log.verify()
    assert (found.fault, found.unread) == (None, 1)


# ---------------------------------------------------------------- the journal


FLIPPED = {
    "position": "position # (1::bigint << 40)",
    "repeats": "8",
    "algorithm": "'sm3'",
    **{
        name: f"overlay({name} placing 'X' from 2 for 1)"
        for name in ("fact_id", "source", "id", "type", "jurisdiction", "unit")
    },
    **{name: f"{name} + interval '1 microsecond'" for name in ("time", "recorded")},
    **{name: f"set_bit({name}, 13, 1 - get_bit({name}, 13))" for name in ("body", "prev_hash", "hash")},
}
"""How a bit of each column is flipped."""


@pytest.mark.parametrize("at", [1, BAD, 14])
async def test_a_flipped_bit_in_any_column_is_named(log: Log, at: int):
    await save(log.world.pool)
    for column in Entry._fields:
        await log.tamper(f"update journal set {column} = {FLIPPED[column]} where position = {at}")
        fault = await log.fault()
        assert (fault.position, fault.copy) == (at, JOURNAL), column
        assert column == "position" or column in fault.what
        alone = (await verify(log.world.pool, None, PUBLIC)).fault
        assert alone is not None
        assert (alone.position, alone.copy) == (at, JOURNAL), column
        await mend(log.world.pool)
    assert (await log.verify()).fault is None


async def test_every_bit_counts(log: Log):
    for column, size in (("hash", 256), ("prev_hash", 256), ("body", 8 * len(log.bodies[BAD - 1]))):
        for bit in {0, 7, size // 2, size - 1}:
            flip = f"update journal set {column} = set_bit({column}, {bit}, 1 - get_bit({column}, {bit})) where position = {BAD}"
            await log.tamper(flip)
            fault = await log.fault()
            assert (fault.position, fault.copy) == (BAD, JOURNAL)
            await log.tamper(flip)
    assert (await log.verify()).fault is None


async def test_an_emptied_column_is_named(log: Log):
    await save(log.world.pool)
    for column in ("fact_id", "source", "id", "type", "time", "recorded", "jurisdiction", "unit"):
        await log.tamper(f"update journal set {column} = null where position = {BAD}")
        assert (await log.fault())[:2] == (BAD, JOURNAL), column
        await mend(log.world.pool)


@pytest.mark.parametrize(("at", "repeats"), [(8, "null"), (8, "1"), (8, "9"), (2, "8"), (3, "1")])
async def test_a_copy_names_its_first(log: Log, at: int, repeats: str):
    await log.tamper("drop index journal_fact", f"update journal set repeats = {repeats} where position = {at}")
    fault = await log.fault()
    assert fault[:2] == (at, JOURNAL)
    assert "repeats" in fault.what


@pytest.mark.parametrize("at", [1, BAD, 14])
async def test_a_deleted_row_is_named(log: Log, at: int):
    await log.tamper(f"delete from journal where position = {at}")
    assert (await log.fault())[:2] == (at, JOURNAL)


async def test_a_cut_tail_is_named_even_where_the_reader_says_nothing(log: Log):
    await log.tamper(
        "delete from journal where position > 11",
        "update checkpoint set position = 11, hash = (select hash from journal where position = 11)",
    )
    assert (await log.fault())[:2] == (12, JOURNAL)


async def test_two_swapped_rows_are_named(log: Log):
    await log.tamper(
        *(f"update journal set position = {to} where position = {at}" for at, to in ((6, 0), (7, 6), (0, 7)))
    )
    assert (await log.fault())[:2] == (6, JOURNAL)


async def test_an_entry_before_the_first_is_named(log: Log):
    await log.tamper(
        'insert into journal select (jsonb_populate_record(j, \'{"position": 0, "repeats": 1}\')).* from journal j where position = 1'
    )
    assert (await log.fault())[:2] == (1, JOURNAL)


def forged(entry: Entry) -> Entry:
    """Give an entry another body, with columns that fit."""
    if entry.position != BAD:
        return entry
    return entry._replace(body=entry.body.replace(b'"recordedtime"', b' "recordedtime"', 1))


async def test_a_rewritten_tail_with_recomputed_hashes_is_named_by_the_next_signature(log: Log):
    await log.rewrite(forged)
    fault = await log.fault()
    assert fault[:2] == (BAD, JOURNAL)
    assert "位置 9 的签名" in fault.what
    alone = (await verify(log.world.pool, None, PUBLIC)).fault
    assert alone is not None
    assert alone.position == 9
    assert "改写" in alone.what


async def test_both_copies_rewritten_alike_are_caught_by_the_signature(log: Log):
    await log.rewrite(forged)
    body = await log.world.pool.fetchval("select body from journal where position = $1", BAD)
    await log.restream({BAD: body})
    fault = await log.fault()
    assert fault[:2] == (9, BOTH)


async def test_what_no_signature_covers_yet_is_named_as_unlike(log: Log):
    await log.restream({14: b"other"})
    assert (await log.fault())[:2] == (14, BOTH)


async def test_the_readers_place_must_be_the_end(log: Log):
    await log.tamper("update checkpoint set hash = prev_hash from journal where journal.position = 14")
    assert (await log.fault())[:2] == (14, JOURNAL)


# ---------------------------------------------------------------- checkpoints


CHANGED = {
    "position": "position + 1",
    "algorithm": "'sm3'",
    "entries": "entries - 1",
    "key_id": "overlay(key_id placing '~' from 3 for 1)",
    **{name: f"set_bit({name}, 13, 1 - get_bit({name}, 13))" for name in ("hash", "signature")},
}


@pytest.mark.parametrize("at", [9, 13])
async def test_a_changed_checkpoint_of_the_table_is_named(log: Log, at: int):
    await save(log.world.pool)
    for column in Signed._fields:
        await log.tamper(f"update signed_checkpoint set {column} = {CHANGED[column]} where position = {at}")
        fault = await log.fault()
        assert fault.copy == TABLE, column
        assert fault.position in ({at, at + 1} if column == "position" else {at}), column
        await mend(log.world.pool)


@pytest.mark.parametrize("at", [9, 13])
async def test_a_deleted_checkpoint_of_the_table_is_named(log: Log, at: int):
    await log.tamper(f"delete from signed_checkpoint where position = {at}")
    assert (await log.fault())[:2] == (at, TABLE)


@pytest.mark.parametrize(("at", "signed"), [(10, 9), (14, 13)])
async def test_a_changed_checkpoint_of_the_stream_is_named(log: Log, at: int, signed: int):
    fact = json.loads(log.bodies[at - 1])
    assert fact["data"]["position"] == signed
    fact["data"]["signature"] = "0" * 128
    await log.restream({at: f.wire(fact)})
    assert (await log.fault())[:2] == (at, STREAM if at == 10 else BOTH)


async def test_a_forged_checkpoint_in_both_copies_is_named(log: Log):
    fact = json.loads(log.bodies[9])
    fact["id"] = "forged"
    fact["data"]["hash"] = "0" * 64
    await log.world.feed(fact)
    await log.nc.jetstream().publish("facts.00.log.checkpointed", f.wire(fact))
    assert (await log.fault())[:2] == (15, BOTH)


async def test_a_checkpoint_kept_elsewhere_binds_whoever_holds_the_key(log: Log, tmp_path: Path):
    path = tmp_path / "proof.json"
    path.write_text(await exporting.proof_of(log.world.pool, f.fact_of(TWICE), PUBLIC))
    witnessed = witnesses.read([path], PUBLIC)
    assert [one.position for one in witnessed] == [9]
    assert (await log.verify(witnessed=witnessed)).fault is None
    other = sign(KEY, position=9, hash_=bytes(32), algorithm="sha256", entries=9)
    found = await log.verify(witnessed=[other])
    assert found.fault is not None
    assert found.fault.position == 9
    with pytest.raises(Rejected, match="签名不成立"):
        witnesses.read([path], {})
    (tmp_path / "other").write_text("{}")
    with pytest.raises(Rejected, match="不是证明文件"):
        witnesses.read([tmp_path / "other"], PUBLIC)


# ---------------------------------------------------------------- the stream


@pytest.mark.parametrize("at", [1, BAD, 14])
async def test_a_message_missing_in_the_stream_is_named(log: Log, at: int):
    await log.restream({})
    await log.nc.jetstream().delete_msg("FACTS", at)
    assert (await log.fault())[:2] == (at, STREAM)


@pytest.mark.parametrize("at", [1, 3, BAD, 9, 10])
async def test_a_message_changed_in_the_stream_is_named(log: Log, at: int):
    body = log.bodies[at - 1]
    await log.restream({at: body[:-1] + bytes([body[-1] ^ 1])})
    assert (await log.fault())[:2] == (at, STREAM)
