"""The notary: the head of the chain is signed, in the table and as a fact, and never because of a signature alone."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.js import JetStreamContext

from contracts.catalog import decode
from contracts.log import LogCheckpointed
from deploy.embedded.home import write_secret
from kit.auth import Keys, key_id, new_key_pair
from kit.outbox import Outbox
from kit.signing import load_private_key
from kit.tasks import background
from services.ledger.app import create_app
from services.ledger.config import Settings
from services.ledger.notary import Notary, sign_head
from services.ledger.proof import Signed, is_genuine, stated
from tests import factories as f
from tests.eventually import eventually
from tests.ledger.world import World

pytestmark = pytest.mark.connected
Pools = Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]

KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a test").digest())
PUBLIC = {key_id(KEY.public_key()): KEY.public_key()}


async def outgoing(world: World) -> list[bytes]:
    return [row["body"] for row in await world.pool.fetch("select body from outbox order by id")]


async def test_a_checkpoint_covers_everything_since_the_last(world: World):
    assert await sign_head(world.pool, KEY) is None
    await world.feed(*[f.issued() for _ in range(3)])
    first = await sign_head(world.pool, KEY)
    await world.feed(f.issued(), f.convened())
    second = await sign_head(world.pool, KEY)
    assert first is not None
    assert second is not None
    assert (first.position, first.entries, second.position, second.entries) == (3, 3, 5, 2)
    assert second.hash == await world.pool.fetchval("select hash from journal where position = 5")
    assert is_genuine(first, PUBLIC)
    assert is_genuine(second, PUBLIC)
    facts = [decode(body) for body in await outgoing(world)]
    assert [stated(fact.event) for fact in facts if isinstance(fact.event, LogCheckpointed)] == [first, second]
    assert {fact.jurisdiction for fact in facts} == {"00"}


async def test_a_checkpoint_alone_brings_about_no_other_and_no_row(world: World):
    await world.feed(f.issued())
    await sign_head(world.pool, KEY)
    before = await world.digests(), await world.counts()
    await world.feed(*await outgoing(world))
    assert await sign_head(world.pool, KEY) is None
    assert (await world.digests(), await world.counts()) == before
    assert await world.pool.fetchval("select count(*) from parked") == 0


async def test_every_field_is_under_the_signature(world: World):
    await world.feed(f.issued())
    signed = await sign_head(world.pool, KEY)
    assert signed is not None
    values: list[Any] = list(signed)
    for at, value in enumerate(values):
        other = value + 1 if isinstance(value, int) else value[:-1] + (b"~" if isinstance(value, bytes) else "~")
        assert not is_genuine(Signed._make([*values[:at], other, *values[at + 1 :]]), PUBLIC), Signed._fields[at]


@pytest.mark.parametrize("statement", ["update signed_checkpoint set entries = 1", "delete from signed_checkpoint"])
async def test_nobody_changes_a_checkpoint(world: World, statement: str):
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await world.pool.execute(statement)


async def test_it_signs_while_the_ledger_runs_after_so_many_facts_and_publishes(
    world: World, nc: Client, pool_for: Pools
):
    outbox = Outbox(await pool_for("ledger"), nc, schema="ledger")
    notary = Notary(world.pool, KEY, outbox, facts=4, seconds=3600)
    async with background(outbox.run(), name="outbox"), background(notary.run(), name="notary"):
        await world.feed(*[f.issued() for _ in range(4)])
        notary.recorded(3)
        notary.recorded(1)

        async def published() -> list[int]:
            js = nc.jetstream()
            count = (await js.stream_info("FACTS")).state.messages
            return [
                json.loads((await js.get_msg("FACTS", n)).data or b"")["data"]["position"] for n in range(1, count + 1)
            ]

        await eventually(published, [4])


async def test_a_ledger_that_stops_signs_its_tail(
    dsn: str, nats_url: str, js: JetStreamContext, tmp_path: Path, pool_for: Pools
):
    private, public = new_key_pair()
    write_secret(tmp_path / "key", private.decode("ascii"))
    (tmp_path / "public").write_bytes(public)
    app = create_app(
        Settings(
            NATS_URL=nats_url,
            DATABASE_URL=dsn,
            JIANFU_PUBLIC_KEY_FILE=tmp_path / "public",
            JOURNAL_KEY_FILE=tmp_path / "key",
            LEDGER_CHECKPOINT_SECONDS=3600,
        )
    )
    pool = await pool_for("ledger")
    async with app.router.lifespan_context(app):
        for fact in (f.issued(), f.convened()):
            await js.publish(f.subject_of(fact), f.wire(fact))
        await eventually(lambda: pool.fetchval("select count(*) from journal"), 2)
        assert await pool.fetchval("select count(*) from signed_checkpoint") == 0
    assert await pool.fetchval("select max(position) from signed_checkpoint") == 2


def test_a_key_file_holds_an_ed25519_key(tmp_path: Path):
    private, public = new_key_pair()
    write_secret(tmp_path / "journal.key", private.decode("ascii"))
    write_secret(tmp_path / "journal.pub", public.decode("ascii"))
    key = load_private_key(tmp_path / "journal.key")
    assert key_id(key.public_key()) in Keys.load(tmp_path / "journal.pub").public
    with pytest.raises(ValueError, match="PEM"):
        load_private_key(tmp_path / "journal.pub")
