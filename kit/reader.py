"""Read a stream in order, in batches, without acknowledgements: the checkpoint is the reader's own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from nats.js import JetStreamContext


class Delivery(NamedTuple):
    """One message of a stream (a tuple, because it is made 40,000 times a second)."""

    seq: int
    subject: str
    body: bytes
    headers: Mapping[str, str]
    time: datetime
    """When the stream stored it (UTC)."""


Handle = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Handles one batch in one transaction that also stores the sequence of its last message."""


@dataclass(slots=True)
class Progress:
    """How far a reader is; feeds /readyz and the metrics."""

    last_seq: int = 0
    """Stream sequence of the last message whose batch was handled."""
    stream_last: int = 0
    """Last sequence known to be in the stream (that matches, when the reader filters)."""
    at: datetime | None = None
    """When the reader last made progress or proved that there is nothing to read."""
    error: str | None = None
    """Why the reader stands still; None while it runs."""

    @property
    def lag(self) -> int:
        """Return how many sequences lie between the last handled message and the end of the stream."""
        return max(0, self.stream_last - self.last_seq)

    def trouble(self) -> str | None:
        """Return why this reader is not ready, or None (a check for ``Readiness``)."""
        raise NotImplementedError


async def read(
    js: JetStreamContext,
    stream: str,
    *,
    subjects: Sequence[str] = (),
    start_after: int,
    handle: Handle,
    batch: int = 1000,
    wait: float = 0.01,
    progress: Progress,
) -> None:
    """Hand over every message after ``start_after`` in order, until cancelled.

    A batch has up to ``batch`` messages and is handed over at the latest ``wait`` seconds after its first message came;
    the next one is collected meanwhile. Without ``subjects`` the sequences are proved to have no gap. Lost connections,
    consumers and servers are mended from the last message received. An exception of ``handle`` is logged, kept in
    ``progress.error`` and raised.
    """
    raise NotImplementedError


async def follow(
    js: JetStreamContext,
    stream: str,
    *,
    subjects: Sequence[str] = (),
    checkpoint: Callable[[], Awaitable[int]],
    handle: Handle,
    batch: int = 1000,
    wait: float = 0.01,
    progress: Progress,
) -> None:
    """Read from the stored checkpoint, and begin again from it when PostgreSQL or NATS was away.

    Connection errors are retried with a pause of at most 5 s for as long as they last, ``progress.error`` set meanwhile;
    any other exception of ``handle`` stops the reader for good: a stopped ledger is better than one with a hole.
    """
    raise NotImplementedError
