"""The only reader of the clock; everything else takes the time as an argument."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Official time of the whole country, without daylight saving since 1991."""


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)
