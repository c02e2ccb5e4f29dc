"""A log in both copies, and what a person with all rights could do to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from nats.aio.client import Client
from nats.js.api import StorageType, StreamConfig

from kit.db import Pool
from kit.publish import Outgoing, publish_batch
from kit.streams import ensure_stream
from services.ledger.audit import Fault
from services.ledger.auditing import Verified, verify
from services.ledger.chain import ALGORITHMS, GENESIS, link
from services.ledger.notary import sign_head
from services.ledger.store import Entry
from tests import factories as f
from tests.ledger.facts_of_a_year import FACTS
from tests.ledger.test_notary import KEY, PUBLIC, outgoing
from tests.ledger.world import World

TWICE = f.issued(id="twice")
FIRST: Final[list[f.Event | bytes]] = [
    f.issued(id="first"),
    TWICE,
    b"\x00 no event",
    *FACTS[:4],
    TWICE,
    f.convened(id="last"),
]
"""Positions 1 to 9; 8 repeats 2. A checkpoint at 9, its fact at 10; 11 to 13, a checkpoint at 13, its fact at 14."""
SECOND = [f.issued(id="target"), f.corrected(f.issued(id="target"), changes={"pages": 7}), f.started()]
BAD = 6
"""The entry that is tampered with: an ordinary one in the middle."""


async def tamper(pool: Pool, *statements: str) -> None:
    """Do to tables what only a superuser can."""
    async with pool.acquire() as db, db.transaction():
        await db.execute("set local session_replication_role = replica")
        for statement in statements:
            await db.execute(statement)


PROVED: Final = ("journal", "signed_checkpoint", "checkpoint")
"""The tables that an audit looks at."""


async def save(pool: Pool) -> None:
    """Keep these tables as they are, for ``mend``."""
    for name in PROVED:
        await pool.execute(f"create table saved_{name} as table {name}")


async def mend(pool: Pool) -> None:
    """Bring these tables back to what was saved."""
    deletes = [f"delete from {name}" for name in PROVED]
    await tamper(pool, *deletes, *(f"insert into {name} select * from saved_{name}" for name in PROVED))


async def rewrite(pool: Pool, change: Callable[[Entry], Entry], since: int) -> None:
    """Change entries of a journal and compute all hashes anew."""
    head = GENESIS
    rows = [Entry(*row) for row in await pool.fetch(f"select {', '.join(Entry._fields)} from journal order by 1")]
    entries = []
    for position, row in enumerate(rows, 1):
        entry = change(row) if position >= since else row
        algorithm = next(name for name in ALGORITHMS if name == row.algorithm)
        entries.append(entry._replace(prev_hash=head, hash=link(algorithm, head, position, entry.body)))
        head = entries[-1].hash
    async with pool.acquire() as db, db.transaction():
        await db.execute("set local session_replication_role = replica")
        await db.execute("delete from journal")
        await db.copy_records_to_table("journal", records=entries, columns=Entry._fields)
        await db.execute("update checkpoint set hash = $1", head)


@dataclass
class Log:
    """A journal with its checkpoints and a stream that holds the same."""

    world: World
    nc: Client
    bodies: list[bytes]

    async def verify(self, **given: Any) -> Verified:
        """Audit both copies."""
        return await verify(self.world.pool, self.nc.jetstream(), PUBLIC, **given)

    async def fault(self) -> Fault:
        """Audit both copies and return the fault."""
        fault = (await self.verify()).fault
        assert fault is not None
        return fault

    async def tamper(self, *statements: str) -> None:
        """Do to the tables what only a superuser can."""
        await tamper(self.world.pool, *statements)

    async def rewrite(self, change: Callable[[Entry], Entry], since: int = BAD) -> None:
        """Change entries of the journal and compute all hashes anew."""
        await rewrite(self.world.pool, change, since)

    async def restream(self, bodies: dict[int, bytes]) -> None:
        """Put another stream in the place of FACTS: one from which anything may be deleted, with some bodies changed."""
        js = self.nc.jetstream()
        await js.delete_stream("FACTS")
        loose = StreamConfig(name="FACTS", subjects=["facts.>"], storage=StorageType.FILE, allow_direct=True)
        await ensure_stream(js, loose)
        for position, body in enumerate(self.bodies, 1):
            await js.publish("facts.99.x.y", bodies.get(position, body))


async def make(world: World, nc: Client) -> Log:
    """Make a log of 14 entries and two checkpoints in both copies."""
    await world.feed(*FIRST)
    await sign_head(world.pool, KEY)
    await world.feed((await outgoing(world))[0], *SECOND)
    await sign_head(world.pool, KEY)
    await world.feed((await outgoing(world))[1])
    bodies = [row["body"] for row in await world.pool.fetch("select body from journal order by position")]
    await publish_batch(nc, [Outgoing("facts.99.x.y", body, f"m{at}") for at, body in enumerate(bodies)])
    return Log(world, nc, bodies)
