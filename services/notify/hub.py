"""The event stream for browsers: one buffer in memory that every client reads at its own pace, and the table behind it.

A client is a cursor, so a thousand of them cost no more memory than one. What is older than the buffer comes from the
table of alert changes, page by page; a client that has caught up and then falls out of the buffer is dropped and told
where to go on.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.jurisdiction import is_within
from services.notify.queries import Wanted
from services.notify.wire import AlertChange, as_json, for_browsers

PING: Final = timedelta(seconds=15)
LIFETIME: Final = timedelta(hours=1)
"""After this a client connects anew, with a token that is still good."""
PAGE: Final = 200
RETRY: Final = b"retry: 3000\n"

History = Callable[[int, int, int], Awaitable[Sequence[AlertChange]]]
"""(after, to, limit) -> stored changes with after < seq <= to that the client wants, oldest first."""


@dataclass(frozen=True, slots=True)
class _Entry:
    seq: int
    place: str
    severity: str
    rule: str
    frame: bytes

    def wanted(self, wanted: Wanted) -> bool:
        return (
            is_within(self.place, wanted.jurisdiction)
            and (not wanted.severity or self.severity in wanted.severity)
            and (not wanted.rule or self.rule in wanted.rule)
        )


class Hub:
    """The newest changes of alerts in memory; fed after each commit."""

    def __init__(self, size: int) -> None:
        """Keep at least the ``size`` newest changes and at most twice as many."""
        self.size = size
        self._entries: list[_Entry] = []
        self._changed = asyncio.Event()
        self.floor = 0
        """Every change with a greater sequence, up to ``last``, is in memory."""
        self.last = 0
        """Up to here the stream has been applied."""

    def refill(self, newest: Sequence[AlertChange], last: int) -> None:
        """Hold the newest stored changes, oldest first, at most as many as the buffer's size."""
        self._entries = [_entry(change) for change in newest]
        self.floor = self._entries[0].seq - 1 if len(newest) >= self.size else 0
        self._now_at(last)

    def publish(self, changes: Sequence[AlertChange], last: int) -> None:
        """Add committed changes and wake the clients; ``last`` is the sequence of the batch's last message."""
        self._entries += [_entry(change) for change in changes]
        if len(self._entries) > 2 * self.size:
            dropped = len(self._entries) - self.size
            self.floor = self._entries[dropped - 1].seq
            self._entries = self._entries[dropped:]
        self._now_at(last)

    async def follow(
        self,
        wanted: Wanted,
        *,
        after: int | None,
        history: History,
        ping: timedelta = PING,
        lifetime: timedelta = LIFETIME,
    ) -> AsyncGenerator[bytes]:
        """Yield frames of server-sent events for every wanted change after ``after`` (None: from now on).

        They are ordered by sequence, without gap or repetition. The first one tells the position, so that a client that
        loses its connection before any event loses nothing either.
        """
        cursor = self.last if after is None else min(after, self.last)
        yield RETRY + _position(cursor)
        end = asyncio.get_running_loop().time() + lifetime.total_seconds()
        while cursor < self.floor:
            to = self.floor
            page = await history(cursor, to, PAGE)
            for change in page:
                yield _entry(change).frame
            cursor = page[-1].seq if len(page) == PAGE else to
        while asyncio.get_running_loop().time() < end:
            if cursor < self.floor:
                yield _farewell("behind", cursor)
                return
            changed, upto = self._changed, self.last
            entries = self._after(cursor, PAGE)
            for entry in entries:
                if entry.wanted(wanted):
                    yield entry.frame
            cursor = entries[-1].seq if entries else max(cursor, upto)
            if not entries and not await _soon(changed, ping):
                yield b": ping\n" + _position(cursor)
        yield _farewell("renew", cursor)

    def _now_at(self, last: int) -> None:
        self.last = last
        self._changed.set()
        self._changed = asyncio.Event()

    def _after(self, cursor: int, limit: int) -> list[_Entry]:
        start = bisect_right(self._entries, cursor, key=lambda entry: entry.seq)
        return self._entries[start : start + limit]


def frame(name: str, position: int, value: object) -> bytes:
    """Return one server-sent event; an empty name is the default event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"id: %d\ndata: " % position + as_json(value) + b"\n\n"


def _entry(change: AlertChange) -> _Entry:
    alert = change.alert
    return _Entry(change.seq, alert.place, alert.severity, alert.rule, frame("", change.seq, for_browsers(change)))


def _position(cursor: int) -> bytes:
    """Return a frame that browsers do not show and remember the id of."""
    return b"id: %d\n\n" % cursor


_FAREWELLS: Final = {"behind": "接收太慢，连接已断开，请从最后的编号重新连接", "renew": "连接时间已到，请重新连接"}


def _farewell(reason: str, cursor: int) -> bytes:
    return frame("end", cursor, {"reason": reason, "detail": _FAREWELLS[reason], "last_event_id": cursor})


async def _soon(event: asyncio.Event, within: timedelta) -> bool:
    try:
        async with asyncio.timeout(within.total_seconds()):
            await event.wait()
    except TimeoutError:
        return False
    return True
