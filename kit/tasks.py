"""Background tasks of a service's lifespan: never lost, never silent, ended with the service."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from kit.failures import describe

_PATIENCE: Final = 10.0
_TRIES: Final = 5

_log = structlog.stdlib.get_logger("kit.tasks")


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Run ``work`` while the block runs; afterwards cancel it and wait for its end.

    Work that fails is logged at once and raises nothing here: its ``Progress`` or readiness check must tell of it.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    try:
        yield task
    finally:
        for _ in range(_TRIES):
            task.cancel()  # more than once: asyncio.wait_for of Python 3.11 can swallow a cancellation
            _, late = await asyncio.wait([task], timeout=_PATIENCE / _TRIES)
            if not late:
                break
        else:
            _log.error("task.does_not_end", task=name, seconds=_PATIENCE)


def _report(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    if (error := task.exception()) is not None:
        _log.critical("task.failed", task=task.get_name(), error=describe(error), exc_info=error)
    else:
        _log.error("task.ended", task=task.get_name())
