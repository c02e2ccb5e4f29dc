"""Whatever is done to the log, and wherever, with either hash: the audit names the first bad entry."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from random import Random

import asyncpg
import pytest
import pytest_asyncio
from nats.aio.client import Client

from services.ledger.audit import BOTH, JOURNAL, STREAM, TABLE
from services.ledger.auditing import verify
from services.ledger.proof import Signed
from services.ledger.store import Entry
from tests.ledger.alerts_log import AlertsLog, make
from tests.ledger.log import mend, rewrite, save, tamper
from tests.ledger.test_audit import CHANGED, FLIPPED
from tests.ledger.test_notary import PUBLIC
from tests.ledger.world import World

pytestmark = pytest.mark.connected
ROUNDS = 6
"""How often each kind of damage is done, each time elsewhere."""


@pytest_asyncio.fixture(loop_scope="session", params=["sha256", "sm3"])
async def log(
    dsn: str,
    pool_for: Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]],
    nc: Client,
    request: pytest.FixtureRequest,
) -> AsyncIterator[AlertsLog]:
    """Give a log of some hundred entries, alerts' and checkpoints among them, under each hash."""
    from kit.db import connect_pool

    async with await connect_pool(dsn, size=4, schema="ledger", name="ledger-test") as pool:
        yield await make(World(pool), await pool_for("monitor"), nc, algorithm=request.param)


Found = tuple[int, str] | None


@dataclass
class Vandal:
    """Does one kind of damage at random places and says what the audit must name; all is mended in between."""

    log: AlertsLog
    random: Random
    marks: list[int]
    """Positions that a signature covers."""
    said: str = ""

    @property
    def last(self) -> int:
        return len(self.log.facts)

    def anywhere(self) -> int:
        return self.random.randint(1, self.last)

    def mark(self, position: int) -> int | None:
        """Return the next signed position."""
        return min((one for one in self.marks if one >= position), default=None)

    def parted(self, position: int, copy: str) -> Found:
        """Return what is named where the copies differ: which one was changed only a later signature tells."""
        return position, copy if self.mark(position) else BOTH

    async def mend(self) -> None:
        await mend(self.log.world.pool)

    async def find(self, *, stream: bool = True) -> Found:
        js = self.log.nc.jetstream() if stream else None
        fault = (await verify(self.log.world.pool, js, PUBLIC)).fault
        self.said = "" if fault is None else fault.what
        return None if fault is None else (fault.position, fault.copy)


@pytest_asyncio.fixture(loop_scope="session")
async def vandal(log: AlertsLog) -> Vandal:
    """Give a vandal in a log that is sound."""
    pool = log.world.pool
    await save(pool)
    marks = [row["position"] for row in await pool.fetch("select position from signed_checkpoint order by 1")]
    found = Vandal(log, Random(11), marks)
    assert await found.find() is None
    assert len(marks) == 3
    return found


async def test_damage_anywhere_in_the_journal_is_named(vandal: Vandal):
    pool = vandal.log.world.pool
    [algorithm] = {row["algorithm"] for row in await pool.fetch("select distinct algorithm from journal")}
    flips = {**FLIPPED, "algorithm": "'sm3'" if algorithm == "sha256" else "'sha256'"}
    for column in Entry._fields:
        at = vandal.anywhere()
        await tamper(pool, f"update journal set {column} = {flips[column]} where position = {at}")
        assert await vandal.find() == (at, JOURNAL), column
        assert column == "position" or column in vandal.said
        assert await vandal.find(stream=False) == (at, JOURNAL), column
        await vandal.mend()
    for _ in range(ROUNDS):
        at = vandal.anywhere()
        await tamper(pool, f"delete from journal where position = {at}")
        assert await vandal.find() == (at, JOURNAL)
        await vandal.mend()
        one, other = sorted(vandal.random.sample(range(1, vandal.last + 1), 2))
        moves = ((one, 0), (other, one), (0, other))
        await tamper(pool, *(f"update journal set position = {to} where position = {at}" for at, to in moves))
        assert await vandal.find() == (one, JOURNAL)
        await vandal.mend()


async def test_a_tail_rewritten_from_anywhere_is_named_by_the_next_signature(vandal: Vandal):
    def forged(entry: Entry) -> Entry:
        changed = at if entry.position == at else -1
        body = entry.body.replace(b'"data"', b' "data"', 1) if entry.position == changed else entry.body
        return entry._replace(body=body)

    for at in (*(vandal.anywhere() for _ in range(ROUNDS)), vandal.marks[0], vandal.last):
        await rewrite(vandal.log.world.pool, forged, at)
        assert await vandal.find() == vandal.parted(at, JOURNAL)
        mark = vandal.mark(at)
        assert await vandal.find(stream=False) == (None if mark is None else (mark, BOTH))
        bodies = [
            row["body"] for row in await vandal.log.world.pool.fetch("select body from journal order by position")
        ]
        await vandal.log.restream("FACTS", bodies)  # both copies alike
        assert await vandal.find() == (None if mark is None else (mark, BOTH))
        await vandal.mend()
        await vandal.log.restream("FACTS", vandal.log.facts)


async def test_any_change_of_any_checkpoint_is_named(vandal: Vandal):
    for column in Signed._fields:
        at = vandal.random.choice(vandal.marks)
        await tamper(
            vandal.log.world.pool,
            f"update signed_checkpoint set {column} = {CHANGED[column].replace('sm3', 'md5')} where position = {at}",
        )
        found = await vandal.find()
        assert found in {(at, TABLE), (at + 1, TABLE)}, column
        await vandal.mend()


async def test_damage_anywhere_in_the_stream_is_named(vandal: Vandal):
    facts = vandal.log.facts
    for _ in range(ROUNDS):
        at = vandal.anywhere()
        before, body, behind = facts[: at - 1], facts[at - 1], facts[at:]
        flipped = bytearray(body)
        flipped[vandal.random.randrange(len(body))] ^= 1 << vandal.random.randrange(8)
        await vandal.log.restream("FACTS", [*before, bytes(flipped), *behind])
        assert await vandal.find() == vandal.parted(at, STREAM)
        await vandal.log.restream("FACTS", [*before, base64.b64encode(body), body, *behind])
        assert await vandal.find() == vandal.parted(at, STREAM)
        await vandal.log.restream("FACTS", facts)
        await vandal.log.nc.jetstream().delete_msg("FACTS", at)
        assert await vandal.find() == (at, STREAM)
