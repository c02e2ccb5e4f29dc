"""The reader hands over every message once, in order, without a gap; what stops it is seen."""

import asyncio
import functools
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import nats.errors
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from kit import clock, cursor, source
from kit import nats as kit_nats
from kit.progress import STALLED
from kit.publish import Outgoing, publish_batch
from kit.reader import Delivery, Progress, StreamLost, follow, read
from kit.streams import ensure_stream
from tests.ending import ended
from tests.eventually import PATIENCE, eventually
from tests.kit.conftest import Connect, Killable


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hear of the server and try again sooner than in earnest; a server that a busy machine holds up is not silent."""
    monkeypatch.setattr(cursor, "HEARTBEAT", 0.2)
    monkeypatch.setattr(cursor, "SILENCE", PATIENCE)
    monkeypatch.setattr(source, "_PAUSES", (0.0, 0.1, 0.2, 0.2, 0.5))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find silence sooner than in earnest."""
    monkeypatch.setattr(cursor, "SILENCE", 1.0)


class Reading:
    """What a reader under test has handed over."""

    def __init__(self) -> None:
        self.batches: list[list[Delivery]] = []
        self.progress = Progress()
        self.obstacle: Exception | None = None
        self.task: asyncio.Task[None] | None = None

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        if self.obstacle is not None:
            raise self.obstacle
        self.batches.append(list(deliveries))

    @property
    def seqs(self) -> list[int]:
        return [delivery.seq for batch in self.batches for delivery in batch]

    def has(self, count: int) -> bool:
        return self.count >= count

    @property
    def count(self) -> int:
        return sum(map(len, self.batches))


@asynccontextmanager
async def reading(js: JetStreamContext, start_after: int = 0, **options: object) -> AsyncIterator[Reading]:
    seen = Reading()
    work = read(js, "FACTS", start_after=start_after, handle=seen.handle, progress=seen.progress, **options)  # type: ignore[arg-type]
    seen.task = asyncio.create_task(work)
    try:
        yield seen
    finally:
        await ended(seen.task)


async def fill(nc: Client, count: int, *, start: int = 0, subject: str = "facts.99.doc.issued") -> None:
    for begin in range(start, start + count, 1000):
        end = min(begin + 1000, start + count)
        await publish_batch(
            nc, [Outgoing(subject, b"%d" % i, f"{subject}-{i}", {"n": str(i)}) for i in range(begin, end)]
        )


async def test_everything_after_the_checkpoint_comes_in_order_in_bounded_batches(
    nc: Client, js: JetStreamContext
) -> None:
    before = clock.now()
    await fill(nc, 5000)
    async with reading(js, start_after=1234, batch=300) as seen:
        await eventually(lambda: seen.count, 5000 - 1234)
        assert seen.seqs == list(range(1235, 5001))
        assert max(map(len, seen.batches)) == 300
        first = seen.batches[0][0]
        assert (first.subject, first.body, first.headers["n"]) == ("facts.99.doc.issued", b"1234", "1234")
        assert before - timedelta(seconds=1) < first.time < clock.now() + timedelta(seconds=1)
        await eventually(
            lambda: (seen.progress.last_seq, seen.progress.stream_last, seen.progress.lag), (5000, 5000, 0)
        )
        assert seen.progress.trouble() is None


async def test_live_messages_come_soon_and_idleness_costs_nothing(nc: Client, connect: Connect, nats_url: str) -> None:
    own = await connect(nats_url)
    async with reading(own.jetstream(), wait=0.005) as seen:
        await eventually(lambda: seen.progress.at is not None)
        loop = asyncio.get_running_loop()
        took: list[float] = []
        for number in range(5):
            begun = loop.time()
            await fill(nc, 1, start=number)
            await eventually(lambda: seen.count, number + 1)
            took.append(loop.time() - begun)
        assert min(took) < 0.1, took  # a busy machine holds up one or the other, a pause in the reader all
        sent = own.stats["out_msgs"]
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=1)
        assert own.stats["out_msgs"] - sent <= 1


async def test_a_filter_brings_only_its_subjects(nc: Client, js: JetStreamContext) -> None:
    for i in range(60):
        await fill(nc, 1, start=i, subject=f"facts.99.{('doc', 'mtg', 'ins')[i % 3]}.issued")
    async with reading(js, subjects=["facts.*.doc.>", "facts.*.ins.>"]) as seen:
        await eventually(lambda: seen.count, 40)
        assert seen.seqs == [seq for seq in range(1, 61) if seq % 3 != 2]


async def test_the_next_batch_is_collected_while_one_is_handled(nc: Client, connect: Connect, nats_url: str) -> None:
    own = await connect(nats_url)
    await fill(nc, 100)
    gate = asyncio.Event()
    sizes: list[int] = []

    async def handle(deliveries: Sequence[Delivery]) -> None:
        sizes.append(len(deliveries))
        await gate.wait()

    work = asyncio.create_task(
        read(own.jetstream(), "FACTS", start_after=0, handle=handle, batch=1000, wait=0.05, progress=Progress())
    )
    await eventually(lambda: sizes)
    before = own.stats["in_msgs"]
    await fill(nc, 700, start=100)
    await eventually(lambda: own.stats["in_msgs"] - before >= 700)  # a sign of life or two may be among them
    gate.set()
    await eventually(lambda: sum(sizes), 800)
    assert sizes[1] > 650
    await ended(work)


async def test_messages_larger_than_one_pull_may_bring_all_come(nc: Client, js: JetStreamContext) -> None:
    body = b"x" * 1_500_000
    await publish_batch(nc, [Outgoing("facts.99.doc.issued", body, f"big{i}") for i in range(30)])
    async with reading(js) as seen:
        await eventually(lambda: seen.count, 30)
        assert seen.progress.error is None


async def test_a_deleted_consumer_is_replaced_behind_the_last_message(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 3000)
    async with reading(js, batch=100) as seen:
        for level in (3000, 4000, 5000):
            await eventually(lambda: seen.count, level)
            for info in await js.consumers_info("FACTS"):
                await js.delete_consumer("FACTS", info.name)
            await fill(nc, 1000, start=level)
        await eventually(lambda: seen.count, 6000)
        assert seen.seqs == list(range(1, 6001))
        await eventually(lambda: seen.progress.trouble() is None)
        assert len(await js.consumers_info("FACTS")) == 1


async def test_a_cursor_lives_on_when_what_it_asked_for_expires(
    nc: Client, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "_EXPIRES", 0.4)
    async with reading(js, batch=50) as seen:
        await eventually(lambda: seen.progress.at is not None)
        (begun,) = await js.consumers_info("FACTS")
        assert seen.task is not None
        for turn in range(8):
            await fill(nc, 30, start=turn * 30)
            await asyncio.wait([seen.task], timeout=0.25)
        await eventually(lambda: seen.count, 240)
        assert seen.seqs == list(range(1, 241))
        (now,) = await js.consumers_info("FACTS")
        assert now.name == begun.name
        assert (now.num_waiting or 0) <= 3


async def test_a_lost_connection_is_mended(nc: Client, connect: Connect, nats_url: str) -> None:
    own = await connect(nats_url)
    async with reading(own.jetstream(), batch=100) as seen:
        for turn in range(4):
            await fill(nc, 1000, start=turn * 1000)
            await own.force_reconnect()
        await eventually(lambda: seen.count, 4000)
        assert seen.seqs == list(range(1, 4001))


async def test_order_and_completeness_through_two_killed_servers(
    killable: Killable, mortal: Client, connect: Connect
) -> None:
    """One writer, one reader, and kill -9 of the server in the middle of both, twice."""
    own = await connect(killable.url)
    writer = asyncio.create_task(fill(mortal, 20_000))
    async with reading(own.jetstream(), batch=250) as seen:
        for level in (3000, 9000):
            await eventually(functools.partial(seen.has, level))
            killable.kill()
            await eventually(lambda: seen.progress.error, "not connected")
            assert seen.progress.trouble() == "not connected"
            killable.start()
        await asyncio.wait_for(writer, PATIENCE)
        await eventually(lambda: seen.count, 20_000)
        assert seen.seqs == list(range(1, 20_001))
        assert [delivery.body for batch in seen.batches for delivery in batch] == [b"%d" % i for i in range(20_000)]
        await eventually(lambda: seen.progress.trouble() is None)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_goes_silent_is_noticed_and_followed_when_it_speaks_again(
    killable: Killable, mortal: Client, connect: Connect
) -> None:
    own = await connect(killable.url)
    await fill(mortal, 10)
    async with reading(own.jetstream()) as seen:
        await eventually(lambda: seen.count, 10)
        killable.freeze()
        await eventually(lambda: seen.progress.trouble() is not None)
        killable.thaw()
        await fill(mortal, 10, start=10)
        await eventually(lambda: seen.count, 20)
        assert seen.seqs == list(range(1, 21))
        await eventually(lambda: seen.progress.trouble() is None)


async def test_a_stream_that_ends_before_the_checkpoint_is_not_read(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 10)
    async with reading(js, start_after=50) as seen:
        assert seen.task is not None
        with pytest.raises(StreamLost, match="ends at 10, before the checkpoint 50"):
            await asyncio.wait_for(asyncio.shield(seen.task), PATIENCE)
        assert "ends at 10" in (seen.progress.trouble() or "")
        assert seen.count == 0


async def stream_without(nc: Client, js: JetStreamContext, missing: int) -> None:
    """Make a stream of ten whose ``missing`` message was deleted, as ours do not allow."""
    await js.delete_stream("FACTS")
    await ensure_stream(js, StreamConfig(name="FACTS", subjects=["facts.>"], allow_atomic=True))
    await fill(nc, 10)
    await js.delete_msg("FACTS", missing)


async def test_a_stream_whose_beginning_is_gone_is_not_read(nc: Client, js: JetStreamContext) -> None:
    await stream_without(nc, js, 1)
    async with reading(js) as seen:
        assert seen.task is not None
        with pytest.raises(StreamLost, match="begins at 2, after the checkpoint 0"):
            await asyncio.wait_for(asyncio.shield(seen.task), PATIENCE)
        assert seen.count == 0


async def test_a_stream_that_was_emptied_is_not_read(nc: Client, js: JetStreamContext) -> None:
    await js.delete_stream("FACTS")
    await ensure_stream(js, StreamConfig(name="FACTS", subjects=["facts.>"], allow_atomic=True))
    await fill(nc, 10)
    await js.purge_stream("FACTS")
    async with reading(js, start_after=4) as seen:
        assert seen.task is not None
        with pytest.raises(StreamLost, match="begins at 11, after the checkpoint 4"):
            await asyncio.wait_for(asyncio.shield(seen.task), PATIENCE)
    async with reading(js, start_after=10) as seen:
        await fill(nc, 5, start=10)
        await eventually(lambda: seen.seqs, [11, 12, 13, 14, 15])


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_blocks_the_loop_does_not_cost_the_cursor(nc: Client, js: JetStreamContext) -> None:
    names: set[str] = set()

    async def handle(deliveries: Sequence[Delivery]) -> None:
        end = time.monotonic() + 1.3  # longer than the silence that is a fault
        while time.monotonic() < end:
            pass
        names.update(info.name for info in await js.consumers_info("FACTS"))
        seqs.extend(delivery.seq for delivery in deliveries)

    seqs: list[int] = []
    await fill(nc, 30)
    work = asyncio.create_task(read(js, "FACTS", start_after=0, handle=handle, batch=10, progress=Progress()))
    await eventually(lambda: seqs, list(range(1, 31)))
    await ended(work)
    assert len(names) == 1


async def test_a_hole_in_the_stream_stands_in_the_way_visibly(nc: Client, js: JetStreamContext) -> None:
    await stream_without(nc, js, 5)
    async with reading(js) as seen:
        await eventually(lambda: seen.progress.error, "a gap: 6 came after 4")
        requests = nc.stats["out_msgs"]
        assert seen.task is not None
        await asyncio.wait([seen.task], timeout=1)
        assert nc.stats["out_msgs"] - requests < 40, "it spins"
        assert seen.progress.trouble() == "a gap: 6 came after 4"
        assert seen.count == 4


async def test_a_missing_stream_is_waited_for_visibly(nc: Client, js: JetStreamContext) -> None:
    config = (await js.stream_info("FACTS")).config
    await js.delete_stream("FACTS")
    async with reading(js) as seen:
        await eventually(lambda: "NotFound" in (seen.progress.trouble() or ""))
        await ensure_stream(js, config)
        await fill(nc, 5)
        await eventually(lambda: seen.count, 5)


async def test_an_exception_of_the_handler_stops_the_reader_and_is_told(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 10)
    async with reading(js, batch=4) as seen:
        await eventually(lambda: seen.count, 10)
        seen.obstacle = ZeroDivisionError("a fault in a projection")
        await fill(nc, 1, start=10)
        assert seen.task is not None
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(asyncio.shield(seen.task), PATIENCE)
        assert seen.progress.error == "ZeroDivisionError: a fault in a projection"
        assert seen.progress.trouble() is not None
        assert seen.progress.last_seq == 10


async def test_the_next_batch_is_prepared_while_one_is_handled(nc: Client, js: JetStreamContext) -> None:
    told: list[tuple[str, int, int]] = []
    gate = asyncio.Event()

    async def ahead(deliveries: Sequence[Delivery]) -> None:
        told.append(("ahead", deliveries[0].seq, len(deliveries)))

    async def handle(deliveries: Sequence[Delivery]) -> None:
        told.append(("begin", deliveries[0].seq, len(deliveries)))
        await gate.wait()
        told.append(("end", deliveries[0].seq, len(deliveries)))

    await fill(nc, 25)
    progress = Progress()
    work = asyncio.create_task(
        read(js, "FACTS", start_after=0, ahead=ahead, handle=handle, batch=10, wait=0.5, progress=progress)
    )
    await eventually(lambda: told, [("ahead", 1, 10), ("begin", 1, 10), ("ahead", 11, 10)])
    gate.set()
    await eventually(lambda: progress.last_seq, 25)
    assert told[3:] == [
        *[("end", 1, 10), ("begin", 11, 10), ("end", 11, 10)],
        *[
            ("ahead", 21, 5),
            ("begin", 21, 5),
            ("end", 21, 5),
        ],  # what is not a full batch waits until nothing is handled
    ]
    await ended(work)


@pytest.mark.parametrize("waiting", [0, 10])
async def test_a_handler_that_fails_while_the_next_batch_is_awaited_or_ready_stops_the_reader(
    nc: Client, js: JetStreamContext, waiting: int
) -> None:
    gate = asyncio.Event()
    readied: list[int] = []

    async def ahead(deliveries: Sequence[Delivery]) -> None:
        readied.append(deliveries[0].seq)

    async def handle(_: Sequence[Delivery]) -> None:
        await gate.wait()
        raise ZeroDivisionError

    await fill(nc, 10 + waiting)
    work = asyncio.create_task(
        read(js, "FACTS", start_after=0, ahead=ahead, handle=handle, batch=10, progress=Progress())
    )
    await eventually(lambda: len(readied), 1 + waiting // 10)
    gate.set()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(asyncio.shield(work), PATIENCE)


async def test_a_reader_that_is_cancelled_lets_its_handler_end_first(nc: Client, js: JetStreamContext) -> None:
    told: list[str] = []

    async def nothing(_: Sequence[Delivery]) -> None:
        pass

    async def handle(_: Sequence[Delivery]) -> None:
        told.append("begin")
        try:
            await asyncio.Event().wait()
        finally:
            for _turn in range(20):  # as a transaction that is rolled back
                await nc.flush()
            told.append("end")

    await fill(nc, 10)
    work = asyncio.create_task(read(js, "FACTS", start_after=0, ahead=nothing, handle=handle, progress=Progress()))
    await eventually(lambda: told, ["begin"])
    await ended(work)
    assert told == ["begin", "end"]


async def test_a_closed_connection_ends_the_reader(connect: Connect, nats_url: str) -> None:
    own = await connect(nats_url)
    async with reading(own.jetstream()) as seen:
        await eventually(lambda: seen.progress.at is not None)
        await kit_nats.close(own)
        assert seen.task is not None
        with pytest.raises(nats.errors.ConnectionClosedError):
            await asyncio.wait_for(asyncio.shield(seen.task), PATIENCE)


class Ledger:
    """A handler with a checkpoint of its own that outages may hit before or after the commit."""

    def __init__(self, faults: Sequence[Exception | None]) -> None:
        self.position = 0
        self.seqs: list[int] = []
        self._faults = itertools.chain(faults, itertools.repeat(None))
        self._after = itertools.cycle([False, True])

    async def checkpoint(self) -> int:
        return self.position

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        fault, after = next(self._faults), next(self._after)
        if fault is not None and not after:
            raise fault
        self.seqs += [delivery.seq for delivery in deliveries]
        self.position = deliveries[-1].seq
        if fault is not None:
            raise fault


async def test_outages_are_retried_from_the_checkpoint(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 100)
    outages = [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        asyncpg.AdminShutdownError("shutting down"),
        asyncpg.DiskFullError("no space left"),
        asyncpg.InterfaceError("connection is closed"),
    ]
    ledger, progress = Ledger(outages), Progress()
    work = asyncio.create_task(
        follow(js, "FACTS", checkpoint=ledger.checkpoint, handle=ledger.handle, batch=10, progress=progress)
    )
    await eventually(lambda: len(ledger.seqs), 100)
    assert ledger.seqs == list(range(1, 101))
    await eventually(lambda: progress.trouble() is None)
    await ended(work)


async def test_any_other_fault_stops_for_good(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 100)
    ledger, progress = Ledger([None, None, ValueError("wrong")]), Progress()
    with pytest.raises(ValueError, match="wrong"):
        await asyncio.wait_for(
            follow(js, "FACTS", checkpoint=ledger.checkpoint, handle=ledger.handle, batch=10, progress=progress),
            PATIENCE,
        )
    assert progress.error == "ValueError: wrong"
    assert ledger.seqs == list(range(1, 21))


async def test_a_checkpoint_that_cannot_be_read_is_an_outage_too(nc: Client, js: JetStreamContext) -> None:
    await fill(nc, 10)
    ledger, progress = Ledger([]), Progress()
    failures = iter([ConnectionRefusedError(), ConnectionRefusedError()])

    async def checkpoint() -> int:
        for failure in failures:
            raise failure
        return 4

    work = asyncio.create_task(follow(js, "FACTS", checkpoint=checkpoint, handle=ledger.handle, progress=progress))
    await eventually(lambda: progress.error, "ConnectionRefusedError")
    await eventually(lambda: ledger.seqs, list(range(5, 11)))
    await ended(work)


@pytest.mark.parametrize(
    ("lag", "age", "ready"),
    [(0, STALLED * 2, True), (5, STALLED / 2, True), (5, STALLED * 2, False)],
)
def test_a_reader_that_gets_nowhere_is_not_ready(lag: int, age: timedelta, ready: object) -> None:
    progress = Progress(last_seq=1, at=clock.now() - age, lag=lag)
    assert (progress.trouble() is None) is ready


def test_a_reader_that_has_not_begun_is_not_ready() -> None:
    assert Progress().trouble() == "not started"
