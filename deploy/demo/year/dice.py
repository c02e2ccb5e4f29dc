"""Seeded chance: the same seed gives the same year on every machine and Python version."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, TypeVar

from contracts.workdays import builtin

T = TypeVar("T")

YEAR: Final = 2025
_CALENDAR: Final = builtin()
WORKDAYS: Final = tuple(
    day for day in (date(YEAR, 1, 1) + timedelta(days=n) for n in range(365)) if _CALENDAR.is_workday(day)
)
"""The working days of the year."""


def on(month: int, day: int) -> date:
    """Return a day of the year."""
    return date(YEAR, month, day)


class Dice:
    """Draws by ``random.random`` only, whose sequence for a seed never changes between Python versions."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence of a seed."""
        self._next = random.Random(seed).random  # noqa: S311 - a script, not a secret

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.between(0, len(choices) - 1)]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different choices in their order."""
        left = list(range(len(choices)))
        taken = sorted(left.pop(self.between(0, len(left) - 1)) for _ in range(min(count, len(choices))))
        return [choices[number] for number in taken]

    def chance(self, share: float) -> bool:
        """Return true in a share of cases."""
        return self._next() < share

    def workday(self, first: date, last: date) -> date:
        """Return a working day of a span."""
        return self.pick([day for day in WORKDAYS if first <= day <= last])

    def spread(self, count: int, first: date, last: date) -> list[date]:
        """Return ``count`` working days over a span, in order, one from each part of it."""
        days = [day for day in WORKDAYS if first <= day <= last]
        edges = [len(days) * number // count for number in range(count + 1)]
        return [days[self.between(low, max(low, high - 1))] for low, high in pairwise(edges)]

    def fingerprint(self, count: int) -> list[int]:
        """Return that many ascending values below 2**60, as the sketch of a text that is like no other."""
        return sorted(int(self._next() * 2**60) for _ in range(count))
