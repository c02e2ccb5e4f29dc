"""What pull consumers of the framework and of the library get wrong, each against our own loop (docs/durability.md)."""

import asyncio
from collections.abc import Sequence

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy

from kit import cursor, reader
from kit.cursor import Cursor
from kit.progress import Progress
from kit.publish import publish_batch
from kit.reader import Delivery, follow, read
from kit.streams import FACTS, ensure_stream
from tests.ending import ended
from tests.eventually import PATIENCE, eventually
from tests.kit.conftest import Killable
from tests.kit.test_publish import messages, stored
from tests.kit.test_reader import fill


class Table:
    """What a handler committed, and its checkpoint; ``before`` is called with each batch before the commit."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.tries: list[int] = []
        self.obstacle: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def checkpoint(self) -> int:
        return self.seqs[-1] if self.seqs else 0

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        self.tries.append(deliveries[0].seq)
        if self.gate is not None:
            await self.gate.wait()
        if self.obstacle is not None:
            raise self.obstacle
        self.seqs += [delivery.seq for delivery in deliveries]

    def followed(self, js: JetStreamContext) -> "asyncio.Task[None]":
        work = follow(
            js, "FACTS", checkpoint=self.checkpoint, handle=self.handle, batch=10, wait=0.01, progress=Progress()
        )
        return asyncio.create_task(work)


async def test_a_consumer_is_as_we_ask_and_is_gone_afterwards(nc: Client, js: JetStreamContext) -> None:
    """A durable that exists is bound as it is, whatever configuration was given: ours are new and have no name to meet."""
    await fill(nc, 30)
    table = Table()
    work = table.followed(js)
    await eventually(lambda: len(table.seqs), 30)
    (info,) = await js.consumers_info("FACTS")
    asked = info.config
    assert (asked.durable_name, asked.ack_policy, asked.opt_start_seq) == (None, AckPolicy.NONE, 1)
    assert (asked.mem_storage, asked.max_deliver) == (True, -1)
    await ended(work)
    assert await js.consumers_info("FACTS") == []


async def test_a_message_that_comes_again_is_handed_over_once(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 3)
    got: list[Delivery] = []
    one = Cursor(js, nc, "FACTS", subjects=(), after=0, deliver=got.append)
    await one.open()
    await one.ask(3)
    await eventually(lambda: [delivery.seq for delivery in got], [1, 2, 3])
    one._receive("facts.99.doc.issued", "$JS.ACK.FACTS.reader.2.3.4.1700000000000000000.0", b"", b"again")
    assert one.fault == "a gap: 3 came after 3"
    one._receive("facts.99.doc.issued", "$JS.ACK.FACTS.reader.1.4.4.1700000000000000000.0", b"", b"behind the fault")
    assert len(got) == 3
    await one.close(remove=True)


async def test_a_pull_that_ends_half_filled_drops_nothing(
    nc: Client, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "_EXPIRES", 0.3)
    monkeypatch.setattr(cursor, "HEARTBEAT", 0.1)
    batches: list[list[int]] = []

    async def handle(deliveries: Sequence[Delivery]) -> None:
        batches.append([delivery.seq for delivery in deliveries])

    progress = Progress()
    work = asyncio.create_task(read(js, "FACTS", start_after=0, handle=handle, batch=50, wait=30, progress=progress))
    await fill(nc, 30)
    await eventually(lambda: nc.stats["in_msgs"] >= 30)
    await asyncio.wait([work], timeout=0.8)  # the pull that brought them has expired more than once
    assert batches == []
    await fill(nc, 20, start=30)
    await eventually(lambda: batches, [list(range(1, 51))])
    assert progress.error is None
    await ended(work)


async def test_no_number_of_failures_makes_a_message_be_skipped(
    nc: Client, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere the first exception ends a message, or the last of a number of deliveries."""
    monkeypatch.setattr(reader, "_PAUSES", (0.01,))
    await fill(nc, 20)
    table = Table()
    table.obstacle = ConnectionResetError()
    work = table.followed(js)
    await eventually(lambda: len(table.tries) >= 25)
    assert set(table.tries) == {1}
    assert table.seqs == []
    table.obstacle = None
    await eventually(lambda: table.seqs, list(range(1, 21)))
    await ended(work)


async def test_what_stopped_a_reader_is_the_first_that_the_next_one_reads(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 10)
    table = Table()
    first = table.followed(js)
    await eventually(lambda: len(table.seqs), 10)
    table.obstacle = ZeroDivisionError()
    await fill(nc, 10, start=10)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(first, PATIENCE)
    table.obstacle = None
    second = table.followed(js)
    await eventually(lambda: table.seqs, list(range(1, 21)))
    await ended(second)


async def test_a_reader_that_ends_in_the_middle_of_its_work_leaves_it_to_the_next(
    nc: Client, js: JetStreamContext
) -> None:
    """No waiting for an acknowledgement to time out: the checkpoint says where to go on."""
    await fill(nc, 20)
    table = Table()
    table.gate = asyncio.Event()
    first = table.followed(js)
    await eventually(lambda: table.tries, [1])
    await ended(first)
    table.gate = None
    second = table.followed(js)
    begun = asyncio.get_running_loop().time()
    await eventually(lambda: table.seqs, list(range(1, 21)))
    assert asyncio.get_running_loop().time() - begun < cursor.SILENCE
    await ended(second)


async def test_more_than_the_library_buffers_is_stored_when_the_server_is_back(
    killable: Killable, mortal: Client
) -> None:
    """The library buffers 2 MB for a server that is away, refuses the rest, and nobody knows what became of which."""
    killable.kill()
    await eventually(lambda: mortal.is_reconnecting)
    ids = [f"m{number}" for number in range(40)]
    batches = [messages(ids[:20], size=200_000), messages(ids[20:], size=200_000)]
    sending = [asyncio.create_task(publish_batch(mortal, batch)) for batch in batches]
    await asyncio.wait(sending, timeout=0.3)
    killable.start()
    assert sorted(seq for placed in await asyncio.gather(*sending) for seq in placed) == list(range(1, 41))
    await ensure_stream(mortal.jetstream(), FACTS)
    assert sorted(await stored(mortal.jetstream())) == sorted(ids)
