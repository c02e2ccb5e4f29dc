"""The messages of a stream after a given sequence, in order and without a gap, whatever happens to the server.

When anything about its cursor is wrong (a gap, silence, a lost connection, a deleted consumer, a restarted server) the
source throws it away and opens a new one behind the last message received. Messages are pulled, so what waits here is
bounded by what was asked for.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Final

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

from kit import clock
from kit.cursor import Cursor, Delivery, StreamLost
from kit.failures import describe
from kit.progress import Progress

_TICK: Final = 0.25
"""Seconds between two looks at a cursor that brings nothing."""
_PAUSES: Final = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_STEADY: Final = 10.0
"""Seconds after which a cursor counts as having worked, so that its fault is mended without a pause."""
_BELIEVED: Final = 6
"""How often in a row a stream must look lost: a new leader may for a moment not know all that it has."""

_log = structlog.stdlib.get_logger("kit.reader")


class Source:
    """Reads one stream from one position; one user at a time."""

    def __init__(
        self,
        js: JetStreamContext,
        stream: str,
        *,
        subjects: Sequence[str],
        start_after: int,
        size: int,
        progress: Progress,
    ) -> None:
        """Plan to read in portions of at most ``size``; nothing is asked of the server before ``take``."""
        self._js = js
        self._nc: Client = js._nc  # noqa: SLF001 - the context has no public way to its connection
        self._stream = stream
        self._subjects = tuple(subjects)
        self._size = size
        self._progress = progress
        self._last = start_after
        self._cursor: Cursor | None = None
        self._buffer: deque[Delivery] = deque()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._first_at = self._opened_at = self._retry_at = 0.0
        self._troubles = self._losses = 0

    async def take(self, wait: float, busy: "asyncio.Future[None] | None" = None) -> list[Delivery]:
        """Return the next messages: a full portion, or what came within ``wait`` seconds after the first.

        Waits as long as there are none; while ``busy`` lasts only a full portion is handed over, and what it raises is
        raised at once. Raises ``ConnectionClosedError`` when the connection was closed for good, and
        ``StreamLost`` when the stream still does not hold what should follow after some seconds.
        """
        if busy is not None:
            busy.add_done_callback(lambda _: self._changed.set())
        while True:
            self._changed.clear()
            if busy is not None and busy.done():
                busy.result()
                busy = None
            now = self._loop.time()
            waited = busy is None and self._buffer and now - self._first_at >= wait
            if waited or len(self._buffer) >= self._size:
                return await self._hand_over()
            await self._tend(now)
            alarm = self._loop.call_later(
                min(_TICK, self._first_at + wait - now) if self._buffer and busy is None else _TICK, self._changed.set
            )
            await self._changed.wait()
            alarm.cancel()

    def handled(self, seq: int) -> None:
        """Note that everything up to ``seq`` has been handled."""
        self._progress.last_seq = seq
        self._progress.at = clock.now()
        self._measure()

    async def close(self) -> None:
        """Stop listening and remove the consumer; never raises."""
        await self._drop(remove=True)

    async def _hand_over(self) -> list[Delivery]:
        some = [self._buffer.popleft() for _ in range(min(self._size, len(self._buffer)))]
        self._first_at = self._loop.time()
        if self._cursor is not None and self._cursor.fault is None:
            await self._ask(self._cursor)  # the server fills the buffer again while the caller works
        return some

    def _deliver(self, delivery: Delivery) -> None:
        self._buffer.append(delivery)
        self._last = delivery.seq
        if len(self._buffer) == 1:
            self._first_at = self._loop.time()
            self._changed.set()
        elif len(self._buffer) == self._size:
            self._changed.set()

    async def _tend(self, now: float) -> None:
        """Keep the cursor busy, or replace it when it has a fault."""
        if self._nc.is_closed:
            raise nats.errors.ConnectionClosedError
        if self._cursor is None and now >= self._retry_at:
            await self._open(now)
        if self._cursor is None:
            return
        self._cursor.check()
        if self._cursor.fault is None:
            await self._ask(self._cursor)
        if self._cursor.fault is None:
            self._note(self._cursor)
            return
        if now - self._opened_at > _STEADY:
            self._troubles = 0
        self._trouble(self._cursor.fault, now)
        await self._drop(remove=False)

    async def _ask(self, cursor: Cursor) -> None:
        while 2 * self._size - len(self._buffer) - cursor.asked >= self._size:
            try:
                await cursor.ask(self._size)
            except (nats.errors.Error, OSError) as error:
                cursor.fault = describe(error)
                return

    async def _open(self, now: float) -> None:
        if not self._nc.is_connected:
            self._trouble("not connected", now, counts=False)
            return
        cursor = Cursor(
            self._js, self._nc, self._stream, subjects=self._subjects, after=self._last, deliver=self._deliver
        )
        self._cursor, self._opened_at = cursor, now
        try:
            self._progress.stream_last = await cursor.open()
            self._losses = 0
        except (StreamLost, nats.errors.Error, OSError) as error:
            self._trouble(describe(error), now)
            await self._drop(remove=True)
            self._losses += isinstance(error, StreamLost)
            if self._losses >= _BELIEVED:
                raise

    async def _drop(self, *, remove: bool) -> None:
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await cursor.close(remove=remove)

    def _trouble(self, reason: str, now: float, *, counts: bool = True) -> None:
        """Tell what is wrong, once, and when to try again: at once after steady work, later and later otherwise."""
        if counts:
            self._retry_at = now + _PAUSES[min(self._troubles, len(_PAUSES) - 1)]
            self._troubles += 1
        if self._progress.error != reason:
            _log.warning("reader.trouble", stream=self._stream, after=self._last, reason=reason)
        self._progress.error = reason

    def _note(self, cursor: Cursor) -> None:
        """Keep the progress current while nothing is handled."""
        if cursor.proven and self._progress.error is not None:
            self._progress.error = None
            _log.info("reader.mended", stream=self._stream, after=self._last)
        self._measure()
        if self._progress.lag == 0:
            self._progress.at = clock.now()

    def _measure(self) -> None:
        """Count what waits, here and on the server, as far as known."""
        pending = self._cursor.pending if self._cursor else 0
        self._progress.lag = len(self._buffer) + pending
        end = self._last if self._subjects else self._last + pending
        self._progress.stream_last = max(self._progress.stream_last, end)
