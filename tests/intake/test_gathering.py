"""Group commit: whatever the timing, each item is stored once, in groups that never share a key."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.errors import Overloaded
from services.intake.gathering import Bounds, Gatherer


class Store:
    """Takes groups and watches what a group must never be."""

    def __init__(self, *, size: int, fails: Sequence[int] = ()) -> None:
        self.size = size
        self.fails = set(fails)
        self.groups: list[list[tuple[str, int]]] = []
        self.busy: set[str] = set()

    async def commit(self, items: list[tuple[str, int]]) -> list[str]:
        keys = {key for key, _ in items}
        assert items
        assert len(items) <= self.size
        assert not keys & self.busy
        self.busy |= keys
        number = len(self.groups)
        self.groups.append(items)
        for _ in range(number % 3 + 1):
            await asyncio.sleep(0)
        self.busy -= keys
        if number in self.fails:
            raise ConnectionError(number)
        return [f"{key}{value}" for key, value in items]


CALLS = st.lists(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 99)), max_size=7), max_size=12)


@given(CALLS, st.integers(1, 5), st.integers(1, 3))
@settings(deadline=None)
async def test_every_caller_gets_its_own_results_in_order(
    calls: list[list[tuple[str, int]]], size: int, width: int
) -> None:
    store = Store(size=size)
    gatherer = Gatherer(store.commit, key=lambda item: item[0], size=size, width=width)
    results = await asyncio.gather(*(gatherer.submit(call) for call in calls))
    assert results == [[f"{key}{value}" for key, value in call] for call in calls]
    stored = [item for group in store.groups for item in group]
    assert sorted(stored) == sorted(item for call in calls for item in call)
    for call in calls:  # what one caller says about one key keeps its order
        for key in "abcdef":
            own = [item for item in call if item[0] == key]
            assert [item for item in stored if item in own][: len(own)] or not own
    assert gatherer.waiting == 0


@given(CALLS, st.sets(st.integers(0, 10)))
@settings(deadline=None)
async def test_a_group_that_fails_fails_its_callers_and_nobody_else(
    calls: list[list[tuple[str, int]]], fails: set[int]
) -> None:
    store = Store(size=3, fails=sorted(fails))
    gatherer = Gatherer(store.commit, key=lambda item: item[0], size=3)
    results = await asyncio.gather(*(gatherer.submit(call) for call in calls), return_exceptions=True)
    await gatherer.drain()
    failed = [item for number, group in enumerate(store.groups) if number in fails for item in group]
    for call, result in zip(calls, results, strict=True):
        if isinstance(result, ConnectionError):
            assert any(item in failed for item in call)
        else:
            assert result == [f"{key}{value}" for key, value in call]


async def test_what_arrives_meanwhile_is_one_group() -> None:
    store = Store(size=1000)
    gatherer = Gatherer(store.commit, key=lambda item: item[0], size=1000, width=1)
    await asyncio.gather(*(gatherer.submit([(f"k{number}", number)]) for number in range(500)))
    assert [len(group) for group in store.groups] == [1, 499]


async def test_past_the_bound_callers_are_sent_away_at_once() -> None:
    gate = asyncio.Event()

    async def commit(items: list[int]) -> list[int]:
        await gate.wait()
        return items

    gatherer = Gatherer(commit, key=lambda item: item, size=2, width=1, bounds=Bounds(4))
    waiting = [asyncio.create_task(gatherer.submit([number])) for number in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as refused:
        await gatherer.submit([7])
    assert refused.value.retry_after >= 1
    gate.set()
    assert await asyncio.gather(*waiting) == [[number] for number in range(5)]


async def test_bytes_that_wait_are_bounded_too_and_freed_once_stored() -> None:
    gate = asyncio.Event()

    async def commit(items: list[bytes]) -> list[bytes]:
        await gate.wait()
        return items

    gatherer = Gatherer[bytes, bytes](commit, key=lambda item: item, weigh=len, bounds=Bounds(bytes=100))
    large = asyncio.create_task(gatherer.submit([b"a" * 1000]))  # nothing else waits: it would never be taken
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await gatherer.submit([b"b"])
    gate.set()
    await large
    assert gatherer.waiting_bytes == 0
    assert await gatherer.submit([b"b" * 60, b"c" * 40]) == [b"b" * 60, b"c" * 40]


async def test_a_caller_that_leaves_does_not_disturb_the_others() -> None:
    gate = asyncio.Event()

    async def commit(items: list[int]) -> list[int]:
        await gate.wait()
        return items

    gatherer = Gatherer(commit, key=lambda item: item, width=1)
    first, second = (asyncio.create_task(gatherer.submit([number])) for number in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == [2]
    await gatherer.drain()


async def test_drain_waits_for_what_waits_behind_a_key() -> None:
    store = Store(size=10)
    gatherer = Gatherer(store.commit, key=lambda item: item[0], size=10, width=2)
    tasks = [asyncio.create_task(gatherer.submit([("a", number)])) for number in range(5)]
    await asyncio.sleep(0)
    await gatherer.drain()
    assert sum(len(group) for group in store.groups) == 5
    await asyncio.gather(*tasks)
