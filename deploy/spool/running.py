"""Running a spool: keep a file and forward, forward what waits, or keep and forward what a pipe brings until it ends."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress

from deploy.embedded.errors import Unusable
from deploy.spool.files import Full
from deploy.spool.forwarding import Patience, Say, forward
from deploy.spool.spool import Spool
from deploy.target import Target

FIND_AGAIN = 5.0
"""Seconds between two looks for a system that cannot be found, or does not want what we send."""
_CHUNK = 256 * 1024

Finds = Callable[[], Target]
"""Gives the system to forward to; ``Unusable`` where there is none at the moment."""


def keep(spool: Spool, lines: Iterable[bytes], say: Say) -> None:
    """Keep lines durably, tell how many are; ``Unusable`` when no more find room."""
    dealt_with = 0

    def told(count: int) -> None:
        nonlocal dealt_with
        dealt_with = count

    try:
        kept = spool.keep(lines, told=told)
    except Full as error:
        raise Unusable(f"{error}前 {dealt_with} 行已保存，其后的没有。") from error
    more = [
        f"{count} 行{what}"
        for count, what in ((kept.again, "早已在暂存区"), (kept.unkeepable, "不是事件，没有保存"))
        if count
    ]
    say("，".join([f"已保存 {kept.kept} 件", *more]))


async def forward_once(spool: Spool, finds: Finds, *, patience: Patience, say: Say) -> bool:
    """Forward what waits; tell whether nothing does any more."""
    if not spool.waits(1, 1):
        return True
    try:
        target = finds()
    except Unusable as error:
        say(f"暂未转发：{error}")
        return False
    return await forward(spool, target, patience=patience, say=say)


async def follow(
    spool: Spool, source: int, finds: Finds, *, patience: float, say: Say, told: Callable[[int], None]
) -> bool:
    """Keep every line that an open file brings and forward beside it; after its end be patient for so many seconds.

    ``told`` hears how many lines in all are durable. Tells whether nothing waits any more.
    """
    work, ended = asyncio.Event(), asyncio.Event()
    forwarding = asyncio.create_task(
        _forward_on(spool, finds, work, ended, patience=lambda: patience if ended.is_set() else math.inf, say=say)
    )
    lines = 0
    async for some in _arriving(source):
        if forwarding.done():
            break
        spool.keep(some)
        lines += len(some)
        told(lines)
        work.set()
    ended.set()
    work.set()
    return await forwarding


async def _forward_on(
    spool: Spool, finds: Finds, work: asyncio.Event, ended: asyncio.Event, *, patience: Patience, say: Say
) -> bool:
    """Forward whenever there is work, again and again where it fails, until the input has ended."""
    while True:
        await work.wait()
        work.clear()
        done = await forward_once(spool, finds, patience=patience, say=say)
        if ended.is_set() and not work.is_set():
            return done
        if not done:
            work.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), FIND_AGAIN)


async def _arriving(source: int) -> AsyncIterator[list[bytes]]:
    """Yield the lines of an open file as they come, as many as there are at a time."""
    rest = b""
    while chunk := await asyncio.to_thread(os.read, source, _CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]
