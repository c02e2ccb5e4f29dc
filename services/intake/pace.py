"""How much one sender may bring within a moving minute; pure: whoever asks says what time it is."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from kit.errors import Overloaded

Sender = tuple[Literal["token", "source"], str]
"""A token's subject, or a source of events."""
WINDOW: Final = 60
"""Seconds of the window, which moves by one second at a time."""


@dataclass(slots=True)
class _Brought:
    """What one sender brought within the window."""

    total: int = 0
    by_second: deque[tuple[int, int]] = field(default_factory=deque)
    """(second, items), the oldest first."""

    def forget(self, before: int) -> None:
        while self.by_second and self.by_second[0][0] <= before:
            self.total -= self.by_second.popleft()[1]

    def add(self, second: int, count: int) -> None:
        self.total += count
        if self.by_second and self.by_second[-1][0] == second:
            count += self.by_second.pop()[1]
        self.by_second.append((second, count))

    def frees(self, wanted: int) -> int:
        """Return the second at whose end at least ``wanted`` items, or all there are, have left the window."""
        left = 0
        for second, count in self.by_second:
            left += count
            if left >= wanted:
                return second + WINDOW
        return self.by_second[-1][0] + WINDOW


class Pace:
    """Counts items by sender and refuses what is more than ``most`` a minute; who waits as told is taken."""

    def __init__(self, most: int) -> None:
        """Begin with nothing brought."""
        self._most = most
        self._senders: dict[Sender, _Brought] = {}
        self._second = 0
        self._swept = 0

    def take(self, brought: Mapping[Sender, int], now: datetime) -> None:
        """Count ``brought`` (sender -> items), all or nothing; raise ``Overloaded`` that says how long to wait.

        More at once than the limit is taken when nothing else is in the window: else it would never be.
        """
        moment = now.timestamp()
        self._second = max(self._second, math.floor(moment))  # a clock set back stops the window, it does not undo it
        self._sweep()
        wait = max((self._wait(sender, count, moment) for sender, count in brought.items()), default=0)
        if wait:
            raise Overloaded(f"报送过快：每分钟最多 {self._most} 件，请稍后重试", code="too_fast", retry_after=wait)
        for sender, count in brought.items():
            self._senders.setdefault(sender, _Brought()).add(self._second, count)

    def _wait(self, sender: Sender, count: int, moment: float) -> int:
        known = self._senders.get(sender)
        if known is None:
            return 0
        known.forget(self._second - WINDOW)
        over = known.total + count - self._most
        if over <= 0 or not known.total:
            return 0
        return min(WINDOW, max(1, math.ceil(known.frees(over) - moment)))

    def _sweep(self) -> None:
        """Forget senders that brought nothing for a whole window, once in each."""
        if self._second - self._swept < WINDOW:
            return
        self._swept = self._second
        self._senders = {
            sender: one
            for sender, one in self._senders.items()
            if one.by_second and one.by_second[-1][0] > self._second - WINDOW
        }
