"""When a message that did not arrive is tried again, and when it is given up."""

from datetime import datetime, timedelta
from typing import Final

FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(minutes=15)
FARTHEST: Final = LONGEST * 1.25
"""No pause is longer, the spread included."""


def backoff(attempts: int, *, jitter: float, asked: timedelta | None = None) -> timedelta:
    """Return the pause after the ``attempts``-th failure: doubling from 2 s to 15 min, spread by ``jitter`` in [0, 1).

    What the receiver ``asked`` for is waited at least, up to the longest pause. The spread is 75 to 125 %.
    """
    doubled = LONGEST if attempts > 10 else min(LONGEST, FIRST * 2.0 ** (attempts - 1))  # noqa: PLR2004 - 2 s * 2**9 > 15 min
    pause = doubled * (0.75 + jitter / 2)
    return max(pause, min(asked, LONGEST)) if asked else pause


def next_try(
    now: datetime, expires_at: datetime, attempts: int, *, jitter: float, asked: timedelta | None
) -> datetime | None:
    """Return when to try again; None when that would be too late, so the message is given up."""
    at = now + backoff(attempts, jitter=jitter, asked=asked)
    return at if at < expires_at else None
