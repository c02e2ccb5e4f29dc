"""Group commit: what arrives while one group is being stored becomes the next group."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from kit.errors import Overloaded

T = TypeVar("T")
R = TypeVar("R")

Commit = Callable[[list[T]], Awaitable[list[R]]]
"""Stores a group and returns one result for each of its items, in order."""


class _Call(Generic[R]):
    """One caller with its items: the results so far, and one future for all of them."""

    def __init__(self, count: int) -> None:
        self._results: list[R | None] = [None] * count
        self._left = count
        self.done: asyncio.Future[list[R]] = asyncio.get_running_loop().create_future()

    def settle(self, index: int, result: R) -> None:
        self._results[index] = result
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result([result for result in self._results if result is not None])

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(
                error if isinstance(error, Exception) else ConnectionError("stopped before it was stored")
            )


class _Waiting(NamedTuple, Generic[T, R]):
    item: T
    key: Hashable
    call: _Call[R]
    place: int


class Bounds(NamedTuple):
    """What may wait at most."""

    items: int = 20_000
    bytes: int = 64 * 1024 * 1024
    """A single item that is larger is taken when nothing else waits."""


BOUNDS: Final = Bounds()


class Gatherer(Generic[T, R]):
    """Collects items of many callers into groups, and stores up to ``width`` groups at a time.

    Two groups that are stored at the same time never hold the same key: an item waits until the group that has its key
    is done. Items of one key within a group keep their order.
    """

    def __init__(
        self,
        commit: Commit[T, R],
        *,
        key: Callable[[T], Hashable],
        size: int = 1000,
        width: int = 2,
        weigh: Callable[[T], int] = lambda _: 0,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """Take groups of at most ``size`` items; beyond ``bounds``, of which ``weigh`` gives the bytes, no more are taken."""
        self._commit, self._key = commit, key
        self._size, self._width = size, width
        self._weigh, self._bounds = weigh, bounds
        self.waiting_bytes = 0
        """What the items weigh that are not stored yet."""
        self._queue: deque[_Waiting[T, R]] = deque()
        self._busy: set[Hashable] = set()
        self._groups: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Return how many items wait for their group."""
        return len(self._queue)

    async def submit(self, items: Sequence[T]) -> list[R]:
        """Return the results of ``items`` once they are stored; raise what storing raised, or ``Overloaded`` at once.

        A caller that is cancelled leaves its items in the queue: they may be stored.
        """
        if not items:
            return []
        weight = sum(map(self._weigh, items))
        if len(self._queue) + len(items) > self._bounds.items or (
            self.waiting_bytes and self.waiting_bytes + weight > self._bounds.bytes
        ):
            raise Overloaded("等待处理的事件过多，请稍后重试", retry_after=1)
        self.waiting_bytes += weight
        call = _Call[R](len(items))
        self._queue.extend(_Waiting(item, self._key(item), call, index) for index, item in enumerate(items))
        self._start_groups()
        return await call.done

    async def drain(self) -> None:
        """Wait until everything that was submitted is stored or has failed."""
        while self._groups:
            await asyncio.wait(self._groups)

    def _start_groups(self) -> None:
        while len(self._groups) < self._width and (group := self._next_group()):
            self._busy.update(waiting.key for waiting in group)
            task = asyncio.create_task(self._store(group))
            self._groups.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._groups.discard(task)
        self._start_groups()

    def _next_group(self) -> list[_Waiting[T, R]]:
        group: list[_Waiting[T, R]] = []
        held: list[_Waiting[T, R]] = []
        while self._queue and len(group) < self._size:
            waiting = self._queue.popleft()
            (held if waiting.key in self._busy else group).append(waiting)
        self._queue.extendleft(reversed(held))
        return group

    async def _store(self, group: list[_Waiting[T, R]]) -> None:
        try:
            results = await self._commit([waiting.item for waiting in group])
            for waiting, result in zip(group, results, strict=True):
                waiting.call.settle(waiting.place, result)
        except BaseException as error:
            for waiting in group:  # every caller of the group must hear of it, also of a cancellation
                waiting.call.fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self.waiting_bytes -= sum(self._weigh(waiting.item) for waiting in group)
            self._busy.difference_update(waiting.key for waiting in group)
