"""Acts of one scope in the order of their time, kept so that one more costs the same however many there are. Pure."""

from bisect import insort
from datetime import date, datetime
from typing import NamedTuple

from services.monitor.domain import Act


class Entry(NamedTuple):
    """What is kept of an act, in the order in which entries compare."""

    time: datetime
    id: str
    made_of: tuple[str, ...]
    day: date


class Timeline:
    """A set of acts that knows its first one and its size."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: list[Entry] = []
        self._known: dict[str, Entry] = {}
        self.changes = 0
        """How often an act came or went."""

    def __len__(self) -> int:
        """Return how many acts there are."""
        return len(self._entries)

    @property
    def first(self) -> Entry:
        """The earliest act; there must be one."""
        return self._entries[0]

    def add(self, act: Act) -> None:
        """Take an act in."""
        entry = self._known[act.id] = Entry(act.time, act.id, act.made_of, act.day)
        insort(self._entries, entry)
        self.changes += 1

    def remove(self, act: Act) -> None:
        """Take an act out, if it is there."""
        entry = self._known.pop(act.id, None)
        if entry is not None:
            self._entries.remove(entry)
            self.changes += 1
