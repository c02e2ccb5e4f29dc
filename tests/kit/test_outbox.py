"""What a transaction committed is published once, in the order of the commits, through kills at any point."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js import JetStreamContext

from kit import outbox as kit_outbox
from kit import publish as kit_publish
from kit.db import Pool, connect_pool
from kit.errors import TooLarge
from kit.outbox import Outbox, enqueue
from kit.publish import Outgoing
from kit.streams import ensure_stream
from tests.ending import ended
from tests.eventually import eventually

SCHEMA = "sender"


def table() -> str:
    """Return the statement that the module's documentation tells services to put into a migration."""
    words = kit_outbox.__doc__ or ""
    return words[words.index("create table outbox") : words.index(");") + 2]


@pytest_asyncio.fixture(loop_scope="session")
async def pool(dsn: str) -> AsyncIterator[Pool]:
    db = await asyncpg.connect(dsn)
    await db.execute(f"create schema {SCHEMA}; set search_path = {SCHEMA}; {table()}")
    await db.close()
    made = await connect_pool(dsn, size=6, schema=SCHEMA)
    yield made
    await made.close()


def alerts(numbers: Sequence[int]) -> list[Outgoing]:
    return [Outgoing("alerts.99.info.r1", b"%d" % n, f"a{n}", {"n": str(n)}) for n in numbers]


async def commit(pool: Pool, numbers: Sequence[int]) -> None:
    async with pool.acquire() as db, db.transaction():
        await enqueue(db, "ALERTS", alerts(numbers))


async def bodies(js: JetStreamContext, stream: str = "ALERTS") -> list[int]:
    last = (await js.stream_info(stream)).state.last_seq
    return [int((await js.get_msg(stream, seq)).data or b"-1") for seq in range(1, last + 1)]


async def left(pool: Pool) -> int:
    return int(await pool.fetchval("select count(*) from outbox"))


@contextlib.asynccontextmanager
async def publishing(pool: Pool, nc: Client, **options: str) -> AsyncIterator[Outbox]:
    box = Outbox(pool, nc, schema=SCHEMA, **options)
    task = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        await ended(task)


async def test_what_was_committed_is_published_in_order_and_what_was_not_is_not(
    pool: Pool, nc: Client, js: JetStreamContext
) -> None:
    await commit(pool, range(1500))
    async with pool.acquire() as db:
        withdrawn = db.transaction()
        await withdrawn.start()
        await enqueue(db, "ALERTS", alerts([9999]))
        await withdrawn.rollback()
    async with publishing(pool, nc) as box:
        await eventually(lambda: left(pool), 0)
        await commit(pool, range(1500, 1510))
        box.wake()
        await eventually(lambda: left(pool), 0)
        assert box.trouble() is None
    assert await bodies(js) == list(range(1510))
    first = await js.get_msg("ALERTS", 1)
    assert ((first.headers or {})["Nats-Msg-Id"], (first.headers or {})["n"]) == ("a0", "0")


async def test_rows_that_nobody_told_of_are_found(pool: Pool, nc: Client) -> None:
    async with publishing(pool, nc):
        await commit(pool, [1])
        await eventually(lambda: left(pool), 0)


async def test_messages_for_several_streams_keep_their_order_in_each(
    pool: Pool, nc: Client, js: JetStreamContext
) -> None:
    async with pool.acquire() as db, db.transaction():
        for n in range(30):
            stream = ("ALERTS", "FACTS")[n // 5 % 2]
            await enqueue(db, stream, [Outgoing(f"{stream.lower()}.99.x.y", b"%d" % n, f"m{n}")])
    async with publishing(pool, nc):
        await eventually(lambda: left(pool), 0)
    assert await bodies(js) == [n for n in range(30) if n // 5 % 2 == 0]
    assert await bodies(js, "FACTS") == [n for n in range(30) if n // 5 % 2 == 1]


async def test_a_publisher_of_one_stream_leaves_the_others_alone(pool: Pool, nc: Client, js: JetStreamContext) -> None:
    await commit(pool, [1, 2])
    async with pool.acquire() as db, db.transaction():
        await enqueue(db, "CLUES", [Outgoing("clues.99.handed_over", b"3", "c3")])
    async with publishing(pool, nc, stream="ALERTS"):
        await eventually(lambda: left(pool), 1)
    assert await bodies(js) == [1, 2]


async def test_the_order_of_the_commits_is_the_order_of_the_stream(
    pool: Pool, nc: Client, js: JetStreamContext
) -> None:
    """The transaction that enqueues first but commits last must not be overtaken."""
    committed: list[int] = []

    async def transact(number: int, hold: asyncio.Event | None = None) -> None:
        async with pool.acquire() as db, db.transaction():
            await enqueue(db, "ALERTS", alerts([number]))
            if hold is not None:
                begun.set()
                await hold.wait()
            committed.append(number)

    begun, hold = asyncio.Event(), asyncio.Event()
    async with publishing(pool, nc) as box:
        slow = asyncio.create_task(transact(1, hold))
        await begun.wait()
        quick = asyncio.create_task(transact(2))
        await asyncio.wait([quick], timeout=0.3)
        box.wake()
        hold.set()
        await asyncio.gather(slow, quick)
        await eventually(lambda: left(pool), 0)
    assert await bodies(js) == committed


async def test_a_process_killed_between_publishing_and_deleting_publishes_nothing_twice(
    pool: Pool, nc: Client, js: JetStreamContext, dsn: str, nats_url: str
) -> None:
    await commit(pool, range(500))
    await pool.execute(
        "create function stay() returns trigger language plpgsql as 'begin perform pg_sleep(60); return old; end'"
    )
    await pool.execute("create trigger stay before delete on outbox for each row execute function stay()")
    program = (
        "import asyncio, sys\n"
        "from kit import db, nats, outbox\n"
        "async def main(dsn, url):\n"
        f"    pool = await db.connect_pool(dsn, size=2, schema={SCHEMA!r})\n"
        f"    await outbox.Outbox(pool, await nats.connect(url, name='x'), schema={SCHEMA!r}).run()\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, dsn, nats_url)
    deleting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    try:
        await eventually(lambda: pool.fetchval(deleting), 1)
        assert len(await bodies(js)) == 500
    finally:
        process.kill()
        await asyncio.wait_for(process.wait(), 20)
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and wait_event = 'PgSleep'"
    )
    await pool.execute("drop trigger stay on outbox")
    assert await left(pool) == 500
    await commit(pool, range(500, 510))
    async with publishing(pool, nc):
        await eventually(lambda: left(pool), 0)
    assert await bodies(js) == list(range(510))


async def test_a_lost_database_connection_is_mended(pool: Pool, nc: Client, js: JetStreamContext) -> None:
    async with publishing(pool, nc) as box:
        await commit(pool, [1])
        await eventually(lambda: left(pool), 0)
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await eventually(box.trouble)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await pool.expire_connections()
        await eventually(lambda: box.trouble() is None)
        await commit(pool, [2])
        box.wake()
        await eventually(lambda: left(pool), 0)
    assert await bodies(js) == [1, 2]


class Patient(Outbox):
    """Counts how often it goes to rest."""

    rests = 0

    async def _rest(self) -> None:
        self.rests += 1
        await super()._rest()


async def test_a_second_process_waits_without_haste_and_takes_over(
    pool: Pool, nc: Client, js: JetStreamContext
) -> None:
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(publishing(pool, nc))
        await commit(pool, [1])
        await eventually(lambda: left(pool), 0)
        second = Patient(pool, nc, schema=SCHEMA)
        task = asyncio.create_task(second.run())
        await eventually(lambda: second.rests)
        loop = asyncio.get_running_loop()
        before, begun = second.rests, loop.time()
        second.wake()  # it looks once more and goes back to waiting
        await asyncio.wait([task], timeout=0.5)
        assert second.rests - before <= 2 + (loop.time() - begun) / kit_outbox._POLL
        assert second.trouble() is None
        await first.aclose()
        await commit(pool, [2])
        await eventually(lambda: left(pool), 0)
        await ended(task)
    assert await bodies(js) == [1, 2]


async def test_trouble_with_the_stream_is_told_and_mended(
    pool: Pool, nc: Client, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = (await js.stream_info("ALERTS")).config
    await js.delete_stream("ALERTS")
    publish = kit_publish.publish_batch
    monkeypatch.setattr(kit_outbox, "publish_batch", lambda nc, messages: publish(nc, messages, deadline=0.2))
    await commit(pool, [1])
    async with publishing(pool, nc) as box:
        assert "Unpublished" in str(await eventually(box.trouble))
        await ensure_stream(js, config)
        await eventually(lambda: left(pool), 0)
        await eventually(lambda: box.trouble() is None)


async def test_a_body_that_no_server_takes_fails_the_transaction(pool: Pool) -> None:
    async with pool.acquire() as db:
        with pytest.raises(TooLarge):
            await enqueue(db, "ALERTS", [Outgoing("alerts.99.info.r1", b"x" * 1_000_001, "big")])
    assert await left(pool) == 0
