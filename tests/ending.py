"""The end of a task that a test began."""

import asyncio
from typing import Any


async def ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it has ended; again, because asyncio.wait_for of Python 3.11 can swallow that."""
    async with asyncio.timeout(20):
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=2)
