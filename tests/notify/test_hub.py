"""The event stream: whoever follows it sees each wanted change once and in order, or is told where to go on."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.hub import Hub
from services.notify.queries import Wanted
from services.notify.wire import AlertChange
from tests.notify.samples import alert, change

ALL = Wanted("00")
SOON = timedelta(milliseconds=1)
LONG = timedelta(seconds=60)
PLACES = ("990101", "990101001", "990102")


def changes(begin: int, end: int) -> list[AlertChange]:
    return [made(seq) for seq in range(begin, end)]


@cache
def made(seq: int) -> AlertChange:
    return change(seq, alert("raised", f"n{seq}", place=PLACES[seq % 3], severity=("info", "serious")[seq % 2]))


def seq_of(frame: bytes) -> int | None:
    """Return the sequence of an event; None for frames that browsers do not show."""
    found = re.match(rb"id: (\d+)\ndata: ", frame)
    return int(found[1]) if found else None


def end_of(frame: bytes) -> dict[str, object] | None:
    found = re.match(rb"event: end\nid: \d+\ndata: (.*)\n\n$", frame)
    return json.loads(found[1]) if found else None


class Table:
    """The stored changes that a hub's clients read behind the buffer."""

    def __init__(self, stored: Sequence[AlertChange], wanted: Wanted = ALL) -> None:
        self.stored = list(stored)
        self.wanted = wanted
        self.asked = 0

    async def __call__(self, after: int, to: int, limit: int) -> list[AlertChange]:
        self.asked += 1
        place = "" if self.wanted.jurisdiction == "00" else self.wanted.jurisdiction
        rows = [one for one in self.stored if after < one.seq <= to and one.alert.place.startswith(place)]
        return rows[:limit]


async def read(frames: AsyncGenerator[bytes], count: int) -> list[int]:
    """Return the sequences of the next ``count`` events."""
    got: list[int] = []
    async for frame in frames:
        seq = seq_of(frame)
        if seq is not None:
            got.append(seq)
        if len(got) == count:
            break
    return got


async def read_all(frames: AsyncGenerator[bytes]) -> tuple[list[int], dict[str, object] | None]:
    """Return the sequences of all events until the stream ends, and its last words."""
    got: list[int] = []
    last = None
    async for frame in frames:
        seq = seq_of(frame)
        if seq is not None:
            got.append(seq)
        last = end_of(frame) or last
    return got, last


async def test_a_new_client_gets_what_comes_from_now_on_and_its_position_first() -> None:
    hub, table = Hub(16), Table([])
    hub.publish(changes(1, 4), 5)
    frames = hub.follow(ALL, after=None, history=table)
    assert await anext(frames) == b"retry: 3000\nid: 5\n\n"
    hub.publish(changes(6, 8), 9)
    assert await read(frames, 2) == [6, 7]


async def test_a_client_goes_on_behind_its_last_event() -> None:
    hub = Hub(16)
    hub.publish(changes(1, 10), 9)
    assert await read(hub.follow(ALL, after=4, history=Table([])), 5) == [5, 6, 7, 8, 9]


async def test_what_is_older_than_the_buffer_comes_from_the_table() -> None:
    stored, hub = changes(1, 1001), Hub(16)
    table = Table(stored)
    hub.refill(stored[-16:], 1000)
    assert await read(hub.follow(ALL, after=0, history=table), 1000) == list(range(1, 1001))
    assert table.asked >= 5  # page by page
    table.asked = 0
    assert await read(hub.follow(ALL, after=990, history=table), 10) == list(range(991, 1001))
    assert table.asked == 0


async def test_a_client_gets_only_its_places_severities_and_rules() -> None:
    hub = Hub(16)
    hub.publish(changes(1, 31), 30)
    one = Wanted("990101", severity=("serious",))
    assert await read(hub.follow(one, after=0, history=Table([])), 10) == [
        n for n in range(1, 31) if n % 3 != 2 and n % 2
    ]
    other = Wanted("00", rule=("MTG-01",))
    frames = hub.follow(other, after=0, history=Table([]), ping=SOON)
    assert [await anext(frames) for _ in range(2)] == [b"retry: 3000\nid: 0\n\n", b": ping\nid: 30\n\n"]


async def test_a_client_that_cannot_keep_pace_is_told_where_to_go_on() -> None:
    hub = Hub(16)
    hub.publish(changes(1, 5), 4)
    frames = hub.follow(ALL, after=0, history=Table([]))
    assert await read(frames, 2) == [1, 2]
    for begin in range(5, 1000, 5):
        hub.publish(changes(begin, begin + 5), begin + 4)
    got, last = await read_all(frames)
    assert last is not None
    assert (last["reason"], last["last_event_id"]) == ("behind", got[-1])
    assert got == [3, 4]


async def test_a_stream_ends_after_its_time_with_the_last_position() -> None:
    hub = Hub(16)
    hub.publish(changes(1, 3), 2)
    got, last = await read_all(hub.follow(ALL, after=0, history=Table([]), ping=SOON, lifetime=SOON * 20))
    assert got == [1, 2]
    assert last is not None
    assert (last["reason"], last["last_event_id"]) == ("renew", 2)


async def test_an_id_from_another_life_of_the_stream_does_no_harm() -> None:
    hub = Hub(16)
    hub.publish(changes(1, 3), 2)
    frames = hub.follow(ALL, after=10**9, history=Table([]))
    assert await anext(frames) == b"retry: 3000\nid: 2\n\n"
    hub.publish(changes(3, 4), 3)
    assert await read(frames, 1) == [3]


def test_the_buffer_is_bounded() -> None:
    hub = Hub(16)
    for begin in range(1, 2000, 3):
        hub.publish(changes(begin, begin + 3), begin + 2)
    assert 16 <= len(hub._entries) <= 32
    assert hub._entries[0].seq == hub.floor + 1


@pytest.mark.parametrize("stored", [0, 5, 16, 40])
def test_after_a_start_the_buffer_knows_what_it_holds(stored: int) -> None:
    hub = Hub(16)
    hub.refill(changes(1, stored + 1)[-16:], stored)
    assert hub.floor == (stored - 16 if stored >= 16 else 0)


@settings(deadline=None)  # a busy machine proves nothing
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=30),
    st.integers(0, 60),
    st.integers(0, 40),
    st.sampled_from(("00", "990101", "990102")),
    st.lists(st.integers(0, 30), max_size=30),
)
def test_no_gap_and_no_repetition_at_any_pace(
    batches: list[int], after: int, stored: int, place: str, pace: list[int]
) -> None:
    """Batches come while the client reads at its own pace, and it connects again whenever it was dropped."""

    async def run() -> None:
        wanted, hub = Wanted(place), Hub(16)
        everything = changes(1, stored + sum(batches) + 1)
        table = Table(everything[:stored], wanted)
        hub.refill(everything[:stored][-16:], stored)
        position = min(after, stored)
        got: list[int] = []
        frames = hub.follow(wanted, after=position, history=table, ping=SOON, lifetime=LONG)
        come = stored
        for n, batch in enumerate(batches):
            fresh = everything[come : come + batch]
            come += batch
            table.stored += fresh
            hub.publish(fresh, come)
            for _ in range(pace[n] if n < len(pace) else 0):
                frame = await anext(frames, None)
                if frame is None:
                    frames = hub.follow(wanted, after=position, history=table, ping=SOON, lifetime=LONG)
                    continue
                position = int(re.search(rb"id: (\d+)\n", frame)[1])  # type: ignore[index]
                if (seq := seq_of(frame)) is not None:
                    got.append(seq)
        expected = [
            one.seq
            for one in everything
            if one.seq > min(after, stored) and one.alert.place.startswith(place.removeprefix("00"))
        ]
        while len(got) < len(expected):
            frame = await anext(frames, None)
            if frame is None:
                frames = hub.follow(wanted, after=position, history=table, ping=SOON, lifetime=LONG)
                continue
            position = int(re.search(rb"id: (\d+)\n", frame)[1])  # type: ignore[index]
            if (seq := seq_of(frame)) is not None:
                got.append(seq)
        assert got == expected
        await frames.aclose()

    asyncio.run(run())
