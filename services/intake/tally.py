"""Counting what each source sends, and how late. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

LAGS: Final[tuple[tuple[str, timedelta], ...]] = (
    ("lag_minute", timedelta(minutes=1)),
    ("lag_hour", timedelta(hours=1)),
    ("lag_day", timedelta(days=1)),
    ("lag_week", timedelta(days=7)),
    ("lag_month", timedelta(days=30)),
)
"""Columns of accepted facts that were recorded at most so long after they happened; later ones are ``lag_more``."""
LAG_COLUMNS: Final = (*(name for name, _ in LAGS), "lag_more")
_BOUNDS: Final = [bound for _, bound in LAGS]
COLUMNS: Final = ("accepted", "duplicate", "conflict", "rejected", "secret", *LAG_COLUMNS)


def lag_column(time: datetime, recorded: datetime) -> str:
    """Return the column that counts a fact by how long after it happened it was recorded."""
    return LAG_COLUMNS[bisect_left(_BOUNDS, recorded - time)]


@dataclass(slots=True)
class Tally:
    """The counts of one source in one jurisdiction."""

    counts: dict[str, int] = field(default_factory=dict)
    last_time: datetime | None = None
    last_recorded: datetime | None = None

    def count(self, column: str, number: int = 1) -> None:
        """Add to one column."""
        self.counts[column] = self.counts.get(column, 0) + number

    def heard(self, time: datetime, recorded: datetime) -> None:
        """Move the two clocks forward."""
        if self.last_time is None or time > self.last_time:
            self.last_time = time
        if self.last_recorded is None or recorded > self.last_recorded:
            self.last_recorded = recorded


@dataclass(slots=True)
class Tallies:
    """The counts of one group of items."""

    by_source: dict[tuple[str, str], Tally] = field(default_factory=dict)

    def of(self, source: str | None, jurisdiction: str | None) -> Tally:
        """Return the counts of a source in a jurisdiction, begun when it is new."""
        key = (source or "", jurisdiction or "")
        tally = self.by_source.get(key)
        if tally is None:
            tally = self.by_source[key] = Tally()
        return tally

    def columns(self) -> list[Sequence[object]]:
        """Return the rows column by column: source, jurisdiction, both clocks, then ``COLUMNS``."""
        keys, tallies = list(self.by_source), list(self.by_source.values())
        return [
            [source for source, _ in keys],
            [jurisdiction for _, jurisdiction in keys],
            [tally.last_time for tally in tallies],
            [tally.last_recorded for tally in tallies],
            *[[tally.counts.get(column, 0) for tally in tallies] for column in COLUMNS],
        ]
