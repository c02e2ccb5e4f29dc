"""The one that applies facts: one transaction at a time, and after a failure nothing in memory is trusted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from kit.cursor import Delivery
from kit.db import Connection, Pool
from services.monitor import store
from services.monitor.apply import STREAM, apply, replay
from services.monitor.reading import Incoming, unpack
from services.monitor.state import State

T = TypeVar("T")


class Writer:
    """Applies what the stream delivers, and what was parked; ``ahead`` and ``apply`` are what ``kit.reader`` calls."""

    def __init__(self, pool: Pool, state: State, wake: Callable[[], None]) -> None:
        """Take the state that this writer alone changes; ``wake`` is called when alert changes were committed."""
        self._pool, self._state, self._wake = pool, state, wake
        self._turn = asyncio.Lock()
        self._ready: dict[int, Incoming] = {}

    async def checkpoint(self) -> int:
        """Return the position to read on from."""
        self._ready.clear()
        async with self._pool.acquire() as db:
            return await store.position(db, STREAM)

    async def ahead(self, deliveries: Sequence[Delivery]) -> None:
        """Read a batch while the one before is judged and written."""
        self._ready[deliveries[0].seq] = await unpack(self._state.book, deliveries)

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Apply one batch; return how many alert changes it made."""
        incoming = self._ready.pop(deliveries[0].seq, None)
        if incoming is None or incoming.deliveries is not deliveries:
            incoming = await unpack(self._state.book, deliveries)
        changed = await self._alone(lambda db: apply(db, self._state, incoming))
        if changed:
            self._wake()
        return changed

    async def replay(self, now: datetime) -> int:
        """Apply, in the order of the stream, the parked facts that can be read by now; return how many."""
        after, replayed = 0, 0
        while True:
            looked_at, count = await self._alone(lambda db: replay(db, self._state, now, after=after))  # noqa: B023  awaited at once
            if not looked_at:
                return replayed
            self._wake()
            after, replayed = looked_at, replayed + count

    async def _alone(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._turn:
            try:
                async with self._pool.acquire() as db, db.transaction():
                    return await work(db)
            except BaseException:
                self._state.forget()
                raise
