"""Batches are stored once, in order, and answer with each message's sequence, whatever the stream held before."""

import asyncio
import functools
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from kit import publish
from kit.errors import TooLarge
from kit.publish import Outgoing, Unpublished, publish_batch
from kit.streams import FACTS, ensure_stream
from tests.eventually import PATIENCE, eventually
from tests.kit.conftest import Killable

SUBJECT = "facts.990101.doc.issued"
_fresh = itertools.count()


def _reached(placed: Sequence[int], level: int) -> bool:
    return len(placed) >= level


def messages(ids: Sequence[str], size: int = 20) -> list[Outgoing]:
    return [Outgoing(SUBJECT, id_.encode().ljust(size, b"."), id_, {"traceparent": "00-x"}) for id_ in ids]


async def stored(js: JetStreamContext) -> list[str]:
    """Return the ids in the stream, in order, asked one by one."""
    last = (await js.stream_info("FACTS")).state.last_seq
    return [await id_at(js, seq) for seq in range(1, last + 1)]


async def id_at(js: JetStreamContext, seq: int) -> str:
    return str(((await js.get_msg("FACTS", seq)).headers or {})["Nats-Msg-Id"])


async def test_a_batch_is_one_run_of_sequences_in_its_order(nc: Client, js: JetStreamContext) -> None:
    assert await publish_batch(nc, messages(["a", "b", "c"])) == [1, 2, 3]
    assert await publish_batch(nc, messages(["d"])) == [4]
    assert await publish_batch(nc, []) == []
    third = await js.get_msg("FACTS", 3)
    assert (third.subject, third.data, (third.headers or {})["traceparent"]) == (SUBJECT, b"c".ljust(20, b"."), "00-x")
    assert await stored(js) == ["a", "b", "c", "d"]


async def test_more_than_a_thousand_are_split_and_stay_in_order(nc: Client, js: JetStreamContext) -> None:
    ids = [f"m{i}" for i in range(2345)]
    assert await publish_batch(nc, messages(ids)) == list(range(1, 2346))
    assert await id_at(js, 2345) == "m2344"


async def test_more_bytes_than_one_batch_may_hold_are_split(nc: Client, js: JetStreamContext) -> None:
    ids = [f"big{i}" for i in range(40)]
    assert await publish_batch(nc, messages(ids, size=900_000)) == list(range(1, 41))
    assert await stored(js) == ids


async def test_two_writers_do_not_mix_their_sequences(nc: Client, js: JetStreamContext) -> None:
    async def write(name: str) -> dict[str, int]:
        placed: dict[str, int] = {}
        for part in range(20):
            ids = [f"{name}-{part}-{i}" for i in range(50)]
            placed |= dict(zip(ids, await publish_batch(nc, messages(ids)), strict=True))
        return placed

    one, other = await asyncio.gather(write("x"), write("y"))
    assert [one.get(id_) or other[id_] for id_ in await stored(js)] == list(range(1, 2001))


@given(
    batches=st.lists(
        st.lists(st.integers(0, 12).map(lambda n: f"id{n}"), min_size=1, max_size=8), min_size=1, max_size=4
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_each_id_is_stored_once_and_answers_with_its_first_sequence(
    nc: Client, js: JetStreamContext, batches: list[list[str]]
) -> None:
    run = f"{next(_fresh)}-"
    begin = (await js.stream_info("FACTS")).state.last_seq
    first_come = list(dict.fromkeys(run + id_ for batch in batches for id_ in batch))
    for batch in batches:
        answered = await publish_batch(nc, messages([run + id_ for id_ in batch]))
        assert answered == [begin + 1 + first_come.index(run + id_) for id_ in batch]
    last = (await js.stream_info("FACTS")).state.last_seq
    assert [await id_at(js, seq) for seq in range(begin + 1, last + 1)] == first_come


async def test_a_message_over_the_limit_is_refused_before_anything_is_sent(nc: Client, js: JetStreamContext) -> None:
    with pytest.raises(TooLarge, match="超过"):
        await publish_batch(nc, [*messages(["small"]), *messages(["huge"], size=nc.max_payload)])
    assert (await js.stream_info("FACTS")).state.messages == 0


@pytest.mark.parametrize(
    "bad",
    [
        Outgoing("facts.a b", b"", "id"),
        Outgoing("facts.a\r\nPUB x 0", b"", "id"),
        Outgoing("", b"", "id"),
        Outgoing(SUBJECT, b"", "id\r\nNats-Batch-Commit: 1"),
        Outgoing(SUBJECT, b"", "id", {"key": "value\nother: x"}),
        Outgoing(SUBJECT, b"", "id", {"key\r": "value"}),
    ],
)
async def test_nothing_can_smuggle_frames_or_headers(nc: Client, js: JetStreamContext, bad: Outgoing) -> None:
    with pytest.raises(ValueError, match="line break"):
        await publish_batch(nc, [*messages(["before"]), bad])
    assert (await js.stream_info("FACTS")).state.messages == 0


async def test_without_a_stream_it_tries_until_the_deadline_and_says_so(nc: Client, js: JetStreamContext) -> None:
    await js.delete_stream("FACTS")
    with pytest.raises(Unpublished, match="no responders"):
        await publish_batch(nc, messages(["a", "b"]), deadline=0.3)


async def test_a_stream_that_comes_late_gets_everything(nc: Client, js: JetStreamContext) -> None:
    await js.delete_stream("FACTS")
    work = asyncio.create_task(publish_batch(nc, messages(["a", "b"])))
    await asyncio.wait([work], timeout=0.3)
    await ensure_stream(js, FACTS)
    assert await work == [1, 2]


async def test_a_stream_without_atomic_batches_is_a_fault_of_ours(nc: Client, js: JetStreamContext) -> None:
    await js.delete_stream("FACTS")
    await ensure_stream(js, StreamConfig(name="FACTS", subjects=["facts.>"]))
    with pytest.raises(RuntimeError, match="atomic"):
        await publish_batch(nc, messages(["a", "b"]))


async def test_answers_that_come_too_late_do_not_store_twice(
    killable: Killable, mortal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server takes the batch but its answer comes after we gave up: the outcome is unknown to us."""
    monkeypatch.setattr(publish, "ANSWER", 0.2)
    js = mortal.jetstream()
    killable.freeze()
    batch = asyncio.create_task(publish_batch(mortal, messages(["a", "b", "c"])))
    single = asyncio.create_task(publish_batch(mortal, messages(["d"])))
    await asyncio.wait([batch, single], timeout=0.7)  # several attempts each
    killable.thaw()
    assert sorted(await batch + await single) == [1, 2, 3, 4]
    assert sorted(await stored(js)) == ["a", "b", "c", "d"]


async def test_a_server_killed_twice_while_we_publish_has_everything_once_in_order(
    killable: Killable, mortal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "ANSWER", 1.0)
    ids = [f"k{i}" for i in range(6000)]
    placed: list[int] = []

    async def write() -> None:
        for start in range(0, len(ids), 200):
            placed.extend(await publish_batch(mortal, messages(ids[start : start + 200])))

    writer = asyncio.create_task(write())
    for level in (1000, 3000):
        await eventually(functools.partial(_reached, placed, level))
        killable.kill()
        killable.start()
    await asyncio.wait_for(writer, PATIENCE)
    assert placed == list(range(1, 6001))
    assert await stored(mortal.jetstream()) == ids
