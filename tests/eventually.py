"""The only wait in the tests."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

STEP = 0.02
PATIENCE = 60.0
"""Seconds that anything may take which a quiet machine does at once: a busy one costs a test time, not its truth."""


@overload
async def eventually(ask: Callable[[], Awaitable[T]], expected: object = None, *, within: float = PATIENCE) -> T: ...
@overload
async def eventually(ask: Callable[[], T], expected: object = None, *, within: float = PATIENCE) -> T: ...
async def eventually(ask: Callable[[], Awaitable[T] | T], expected: object = None, *, within: float = PATIENCE) -> T:
    """Ask again and again until the answer is ``expected`` (without it: anything true) and return the answer.

    Fails with the last answer after ``within`` seconds. What ``ask`` raises is not caught.
    """
    end = time.monotonic() + within
    while True:
        answer = ask()
        got = await answer if isinstance(answer, Awaitable) else answer
        if got == expected if expected is not None else got:
            return got
        if time.monotonic() > end:
            wanted = "something true" if expected is None else repr(expected)
            raise AssertionError(f"after {within:g} s still {got!r}, not {wanted}")
        await asyncio.sleep(STEP)
