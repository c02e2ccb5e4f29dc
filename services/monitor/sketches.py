"""Which documents of one unit and time are mostly in another one, told without comparing each with each. Pure.

A sketch keeps hash values, which are spread evenly; so only the smallest of them are indexed, and of these fewer than a known number
may be missing when most of the whole sketch is to be found. What is told here is never too little; it may be too much, and is
compared in full by who asks.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from math import ceil
from typing import Final

from contracts.documents import DocumentIssued, Sketch
from contracts.text import SCALE, SKETCH_METHOD
from services.monitor.domain import Act
from services.monitor.world import World

_MARGIN: Final = 0.2
"""The share of values indexed beyond those that may all be missing: more costs memory, less lets more pass."""
_HIGHEST: Final = 2**64 // SCALE
_EVERYTHING: Final = float("inf")
_EPSILON: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Document:
    """One document as far as the comparison needs it."""

    id: str
    method: str
    order: tuple[date, datetime, str]
    fewest: int
    """So many of its indexed values must be in another document for most of it to be there."""
    alone: tuple[str]
    """Its id, as the index has it under values that no other document has."""


class Sketches:
    """The documents of one unit and bucket of time."""

    def __init__(self, threshold: float) -> None:
        """Begin empty; ``threshold``: the share of a sketch that counts as most of it."""
        self._threshold = threshold
        self._border = min(1.0, 1 - threshold + _MARGIN) * _HIGHEST
        self._documents: dict[str, _Document] = {}
        self._by_value: dict[int, tuple[str, ...]] = {}
        self._loose: set[str] = set()
        """Documents of which so few values are indexed that all might be missing."""
        self._least = 0
        """The smallest ``fewest`` of the other documents."""
        self._latest: tuple[date, datetime, str] | None = None

    def add(self, act: Act, _world: World) -> None:
        """Take a document in; one without a sketch is like none."""
        sketch = act.read(DocumentIssued).sketch
        if sketch is None or not sketch.values:
            return
        low, fewest = self._low(act, sketch)
        document = _Document(act.id, sketch.method, _order(act), fewest, (act.id,))
        self._documents[act.id] = document
        if fewest <= 0:
            self._loose.add(act.id)
        else:
            self._least = min(self._least or fewest, fewest)
        common = self._by_value.keys() & low
        self._by_value.update(dict.fromkeys(low - common, document.alone))
        for value in common:
            self._by_value[value] += (act.id,)
        self._latest = document.order if self._latest is None else max(self._latest, document.order)

    def remove(self, act: Act) -> None:
        """Take a document out."""
        document = self._documents.pop(act.id, None)
        sketch = act.read(DocumentIssued).sketch
        if document is None or sketch is None:
            return
        self._loose.discard(act.id)
        for value in self._low(act, sketch)[0]:
            holders = tuple(name for name in self._by_value[value] if name != act.id)
            if len(holders) == 1:
                self._by_value[value] = self._documents[holders[0]].alone
            elif holders:
                self._by_value[value] = holders
            else:
                del self._by_value[value]

    def state(self, _world: World) -> Hashable:
        """Nothing is judged by bucket."""
        return None

    def hold_most_of(self, act: Act) -> bool:
        """Tell whether an earlier document may hold most of this one."""
        sketch = act.read(DocumentIssued).sketch
        if sketch is None or not self._documents:
            return False
        order, (low, fewest) = _order(act), self._low(act, sketch)
        found = self._documents if fewest <= 0 else self._hits(act, low, fewest)
        return any(
            one.method == sketch.method and one.order < order for one in (self._documents[name] for name in found)
        )

    def mostly_in(self, act: Act) -> Iterator[str]:
        """Yield the ids of later documents most of which may be in this one."""
        sketch, order = act.read(DocumentIssued).sketch, _order(act)
        if sketch is None or self._latest is None or self._latest <= order:
            return
        hits = self._hits(act, self._low(act, sketch)[0], self._least)
        for name in hits.keys() | self._loose:
            one = self._documents[name]
            if one.method == sketch.method and one.order > order and hits.get(name, 0) >= one.fewest:
                yield name

    def _hits(self, act: Act, low: frozenset[int], fewest: int) -> Mapping[str, int]:
        """Return the other documents that have at least so many of the values, with their numbers."""
        own, find = self._documents.get(act.id), self._by_value.get
        alone = own.alone if own else None
        shared = [holders for value in low if (holders := find(value)) is not None and holders is not alone]
        if len(shared) < fewest:
            return {}
        hits = Counter(chain.from_iterable(shared))
        hits.pop(act.id, None)
        return {name: count for name, count in hits.items() if count >= fewest}

    def _low(self, act: Act, sketch: Sketch) -> tuple[frozenset[int], int]:
        """Return the values that are indexed, and how many of them another document must have to hold most of the sketch.

        The lowest are, or all where nothing is known of how a method spreads them.
        """
        key = f"low {self._threshold}"
        found: tuple[frozenset[int], int] | None = act.memo.get(key)
        if found is None:
            values = set(sketch.values)
            border = self._border if sketch.method == SKETCH_METHOD else _EVERYTHING
            low = frozenset([value for value in values if value <= border])
            fewest = ceil(self._threshold * len(values) - _EPSILON) - (len(values) - len(low))
            found = act.memo[key] = (low, fewest)
        return found


def _order(act: Act) -> tuple[date, datetime, str]:
    return act.read(DocumentIssued).dated, act.time, act.id
