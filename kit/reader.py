"""Read a stream in order, in batches, without acknowledgements: the checkpoint is the reader's own.

Live reading and rebuilding are the same path. What ``handle`` commits together with the sequence of the batch's last
message is done exactly once; what it does outside of that transaction may be done again after a crash.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import nats.errors
import structlog
from nats.js import JetStreamContext

from kit.cursor import Delivery, StreamLost
from kit.failures import describe, is_outage
from kit.progress import Progress
from kit.source import Source

__all__ = ["Delivery", "Handle", "Progress", "StreamLost", "follow", "read"]

Handle = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Handles one batch, in one transaction that also stores the sequence of its last message."""

_PAUSES: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

_log = structlog.stdlib.get_logger("kit.reader")


async def read(  # noqa: PLR0913  each is a decision of the caller
    js: JetStreamContext,
    stream: str,
    *,
    subjects: Sequence[str] = (),
    start_after: int,
    handle: Handle,
    ahead: Handle | None = None,
    batch: int = 1000,
    wait: float = 0.01,
    progress: Progress,
) -> None:
    """Hand over every message after ``start_after`` in order, until cancelled.

    A batch has up to ``batch`` messages and is handed over at the latest ``wait`` seconds after its first message came;
    the next one is collected while ``handle`` works. ``ahead`` is given each batch before ``handle`` is, which then may
    still work on the batch before: the place for what needs nothing but the batch. Without ``subjects`` the sequences
    are proved to have no gap. Lost connections, consumers and servers are mended behind the last message received, and
    while that lasts ``progress.error`` says why. An exception of ``handle`` is logged, kept in ``progress.error`` and
    raised;
    ``ConnectionClosedError`` means that the connection was closed for good, ``StreamLost`` that the stream no longer
    holds what follows ``start_after``.
    """
    source = Source(js, stream, subjects=subjects, start_after=start_after, size=batch, progress=progress)
    progress.last_seq = start_after

    async def work(deliveries: Sequence[Delivery]) -> None:
        first, last = deliveries[0].seq, deliveries[-1].seq
        try:
            await handle(deliveries)
        except Exception as error:
            progress.error = describe(error)
            level = _log.warning if is_outage(error) else _log.exception
            level("reader.handler_failed", stream=stream, first=first, last=last, error=progress.error)
            raise
        source.handled(last)

    working: asyncio.Task[None] | None = None
    try:
        while True:
            deliveries = await source.take(wait, working)
            if ahead is not None:
                await ahead(deliveries)
            if working is not None:
                await working
            working = asyncio.create_task(work(deliveries))
            await (asyncio.sleep(0) if ahead else working)  # at least it begins before the next batch is looked at
    finally:
        if working is not None and not working.done():  # its transaction is to end before anybody begins anew
            working.cancel()
            await asyncio.wait([working])
        await source.close()


async def follow(  # noqa: PLR0913  as above
    js: JetStreamContext,
    stream: str,
    *,
    subjects: Sequence[str] = (),
    checkpoint: Callable[[], Awaitable[int]],
    handle: Handle,
    ahead: Handle | None = None,
    batch: int = 1000,
    wait: float = 0.01,
    progress: Progress,
) -> None:
    """Read from the stored checkpoint, and begin again from it when PostgreSQL or NATS was in the way.

    Outages are retried with a pause of at most 5 s for as long as they last, ``progress.error`` set meanwhile; any
    other exception of ``handle`` stops the reader for good: a stopped ledger is better than one with a hole.
    """
    failures, reached = 0, -1
    while True:
        try:
            start = await checkpoint()
            if start > reached:  # what was handled since the last outage
                failures, reached = 0, start
            await read(
                js,
                stream,
                subjects=subjects,
                start_after=start,
                handle=handle,
                ahead=ahead,
                batch=batch,
                wait=wait,
                progress=progress,
            )
        except Exception as error:
            progress.error = describe(error)
            if not is_outage(error) or isinstance(error, nats.errors.ConnectionClosedError):
                _log.critical("reader.stopped", stream=stream, after=progress.last_seq, error=progress.error)
                raise
        await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
        failures += 1
