"""What requests in progress hold in memory, and how much more may come before a sender is told to wait."""

from typing import Final

from kit.metrics import Metrics

MOST_REQUESTS: Final = 2000
"""Requests that one process serves at the same time; event streams are not among them."""
RETRY_AFTER: Final = 1
"""Seconds after which a sender that was told to wait may try again: what is held is mostly gone by then."""


class Load:
    """Counts requests and the bytes of their bodies, from the first byte until the answer has ended."""

    def __init__(self, metrics: Metrics, *, most_bytes: int, most_requests: int = MOST_REQUESTS) -> None:
        """Begin with nothing in progress."""
        self._most_bytes, self._most_requests = most_bytes, most_requests
        self._bytes = self._requests = 0
        metrics.gauge("http_requests_in_progress", "Requests in progress, event streams not counted").ask(
            lambda: self._requests
        )
        metrics.gauge("http_body_bytes", "Bytes of bodies that requests in progress hold").ask(lambda: self._bytes)

    def enter(self) -> bool:
        """Count one request more, unless there are as many as may be; tell whether it was counted."""
        if self._requests >= self._most_requests:
            return False
        self._requests += 1
        return True

    def hold(self, size: int, own: int) -> bool:
        """Count bytes that a request which holds ``own`` has received, unless there is no room; tell whether there was.

        A body that is alone always has room: else one that is larger than all room would never be taken.
        """
        if self._bytes + size > self._most_bytes and self._bytes > own:
            return False
        self._bytes += size
        return True

    def drop(self, size: int) -> None:
        """Count bytes as no longer held."""
        self._bytes -= size

    def leave(self) -> None:
        """Count one request less."""
        self._requests -= 1
