"""The ledger as one would write it first: a FastStream handler that validates each message and inserts one row.

Fair to it: it pulls 100 messages at a time, which is its faster way, stores the body and the row in one statement, several at
a time over open connections, and does without hash chain, counters, corrections and a checkpoint.
"""

import asyncio
from collections.abc import Sequence

import asyncpg
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.annotations import NatsMessage
from faststream.nats.security import NatsNKey

from contracts.event import Envelope, fact_id
from deploy.embedded.accounts import ADMIN
from deploy.embedded.servers import Servers
from kit.nats import inbox_of, read_address
from kit.reader import Delivery

TABLE = """
    create table act (
        fact_id text primary key, type text not null, jurisdiction text not null, unit text not null,
        time timestamptz not null, recorded timestamptz not null, body bytea not null
    );
    create index on act (jurisdiction, time);
    create index on act (unit, time);
"""
POOL = 4
PATIENCE = 300
"""Seconds; it keeps quiet about what goes wrong."""
INSERT = "insert into act values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"


async def take(both: Servers, address: str, found: Sequence[Delivery]) -> None:
    """Handle the messages that FACTS holds, one row each."""
    user = read_address(both.nats.url(ADMIN.name))
    security = None if user.seed_file is None else NatsNKey(user.seed_file)
    broker = NatsBroker(user.server, inbox_prefix=inbox_of(ADMIN.name), security=security, logger=None)
    pool = await asyncpg.create_pool(address, min_size=POOL, max_size=POOL)
    await pool.execute(TABLE)
    handled, done = 0, asyncio.Event()

    @broker.subscriber(
        "facts.>", stream=JStream("FACTS", declare=False), durable="naive", pull_sub=PullSub(batch_size=100)
    )
    async def handle(act: Envelope, message: NatsMessage) -> None:
        nonlocal handled
        name = fact_id(act.source, act.id)
        await pool.execute(
            INSERT, name, act.type, act.jurisdiction, act.unitid, act.time, act.recordedtime, message.body
        )
        handled += 1
        if handled == len(found):
            done.set()

    async with broker, asyncio.timeout(PATIENCE):
        await broker.start()
        await done.wait()
    await pool.close()
