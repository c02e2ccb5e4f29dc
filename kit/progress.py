"""How far a reader is: what /readyz and the metrics tell about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kit import clock

STALLED: Final = timedelta(seconds=30)
"""A reader that has something to read and gets nowhere for this long is not ready."""


@dataclass(slots=True)
class Progress:
    """How far a reader is; written by the reader, read by anybody."""

    last_seq: int = 0
    """Stream sequence of the last message whose batch was handled."""
    stream_last: int = 0
    """The last stream sequence that the reader knows of."""
    at: datetime | None = None
    """When the reader last handled something or learned that there is nothing to handle."""
    error: str | None = None
    """Why the reader stands still; None while it runs."""
    lag: int = 0
    """How many messages wait to be handled."""

    def trouble(self) -> str | None:
        """Return why this reader is not ready, or None (a check for ``Readiness``)."""
        if self.error is not None:
            return self.error
        if self.at is None:
            return "not started"
        if self.lag and clock.now() - self.at > STALLED:
            return f"{self.lag} messages wait and none was handled for {STALLED.total_seconds():g} s"
        return None
