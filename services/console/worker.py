"""Work on long texts, which takes seconds and up to 100 MB: one piece at a time, in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from kit.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")
MOST: Final = 16
"""Pieces that may be worked on or wait; beyond it a user is told to come again. Most take milliseconds; our choice, no clause says it."""


class Worker:
    """One thread: several would compute no faster, and would need the memory of as many texts at once."""

    def __init__(self) -> None:
        """Begin without work."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="texts")
        self._taken = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``work`` returns; raise what it raises, or ``Overloaded`` at once when too much waits."""
        if self._taken >= MOST:
            raise Overloaded("正在核对的文稿过多，请稍后重试", retry_after=5)
        self._taken += 1
        try:
            return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))
        finally:
            self._taken -= 1

    def close(self) -> None:
        """End the thread, once it has done what it is doing."""
        self._thread.shutdown(wait=False, cancel_futures=True)
