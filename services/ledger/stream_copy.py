"""The bodies that a stream holds, by sequence, as far as the journal is compared with them; gaps are left to be seen."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from nats.js import JetStreamContext

from kit.cursor import Delivery
from kit.progress import Progress
from kit.source import Source

SUBJECTS: Final = {"FACTS": ("facts.>",), "ALERTS": ("alerts.>",)}
"""All of a stream's, named so that a missing message is passed over and shows, instead of stopping the reader."""
_SIZE: Final = 5000
_PORTION: Final = 2000
_WAIT: Final = 0.01


class StreamCopy:
    """Reads a stream from its first message; use ``open_copy``."""

    def __init__(self, source: Source, *, last: int, messages: int) -> None:
        """Take a source and what the stream said of itself: its last sequence and how many messages it holds."""
        self.last = last
        self.read = 0
        """Messages that were read."""
        self._source = source
        self._messages = messages
        self._at = 0
        self._bodies: dict[int, bytes] = {}

    async def take(self, first: int, upto: int) -> dict[int, bytes]:
        """Return the bodies from ``first`` to ``upto``, as far as the stream holds them; older ones are forgotten."""
        while self._at < min(upto, self.last) and self.read < self._messages:
            for one in await self._source.take(_WAIT):
                self._bodies[one.seq] = one.body
                self._at = one.seq
                self.read += 1
        bodies = self._bodies
        if self._at <= upto:
            self._bodies = {}
            return bodies
        return {seq: bodies.pop(seq) for seq in range(first, upto + 1) if seq in bodies}

    async def close(self) -> None:
        """Stop reading."""
        await self._source.close()


async def messages(js: JetStreamContext, stream: str) -> AsyncIterator[Sequence[Delivery]]:
    """Yield what a stream holds now, in portions; gaps are passed over."""
    state = (await js.stream_info(stream)).state
    after = max(0, int(state.first_seq) - 1)
    source = Source(js, stream, subjects=SUBJECTS[stream], start_after=after, size=_PORTION, progress=Progress())
    try:
        left = int(state.messages)
        while left > 0:
            some = (await source.take(_WAIT))[:left]
            left -= len(some)
            yield some
    finally:
        await source.close()


async def open_copy(js: JetStreamContext, stream: str = "FACTS") -> StreamCopy:
    """Begin to read a stream."""
    state = (await js.stream_info(stream)).state
    start = max(0, int(state.first_seq) - 1)
    source = Source(js, stream, subjects=SUBJECTS[stream], start_after=start, size=_SIZE, progress=Progress())
    return StreamCopy(source, last=int(state.last_seq), messages=int(state.messages))
