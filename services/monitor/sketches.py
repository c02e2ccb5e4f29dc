"""Which documents of one unit and time are mostly in another one, told without comparing each with each. Pure.

A sketch keeps hash values, which are spread evenly; so only the smallest of them are indexed, and of these fewer than a known number
may be missing when most of the whole sketch is to be found. What is told here is never too little; it may be too much, and is
compared in full by who asks.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, datetime
from itertools import chain
from math import ceil
from typing import Final, NamedTuple

from contracts.documents import DocumentIssued, Sketch
from contracts.text import SCALE, SKETCH_METHOD
from services.monitor.domain import Act
from services.monitor.world import World

_MARGIN: Final = 0.15
"""The share of values indexed beyond those that may all be missing: more costs memory, less lets more pass."""
_HIGHEST: Final = 2**64 // SCALE
_EVERYTHING: Final = float("inf")
_EPSILON: Final = 1e-9


class _Document(NamedTuple):
    """One document as far as the comparison needs it."""

    id: str
    method: str
    order: tuple[date, datetime, str]
    fewest: int
    """So many of its indexed values must be in another document for most of it to be there."""


class Sketches:
    """The documents of one unit and bucket of time."""

    def __init__(self, threshold: float) -> None:
        """Begin empty; ``threshold``: the share of a sketch that counts as most of it."""
        self._threshold = threshold
        self._name = f"low {threshold}"
        self._border = min(1.0, 1 - threshold + _MARGIN) * _HIGHEST
        self._documents: dict[str, _Document] = {}
        self._single: dict[int, str] = {}
        """Indexed value -> the one document that has it."""
        self._shared: dict[int, tuple[str, ...]] = {}
        """The same of the values that several have: of most documents these are few."""
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
        document = _Document(act.id, sketch.method, _order(act), fewest)
        self._documents[act.id] = document
        if fewest <= 0:
            self._loose.add(act.id)
        else:
            self._least = min(self._least or fewest, fewest)
        again, more = self._single.keys() & low, self._shared.keys() & low
        self._single.update(dict.fromkeys(low - again - more, act.id))
        for value in again:
            self._shared[value] = self._single.pop(value), act.id
        for value in more:
            self._shared[value] += (act.id,)
        self._latest = document.order if self._latest is None else max(self._latest, document.order)

    def remove(self, act: Act) -> None:
        """Take a document out."""
        document = self._documents.pop(act.id, None)
        sketch = act.read(DocumentIssued).sketch
        if document is None or sketch is None:
            return
        self._loose.discard(act.id)
        for value in self._low(act, sketch)[0]:
            holders = tuple(name for name in self._shared.pop(value, ()) if name != act.id)
            if len(holders) > 1:
                self._shared[value] = holders
            elif holders:
                self._single[value] = holders[0]
            else:
                del self._single[value]

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
        shared = self._shared.keys() & low
        alone = () if act.id in self._documents else self._single.keys() & low
        if len(shared) + len(alone) < fewest:
            return {}
        hits = Counter(chain.from_iterable(self._shared[value] for value in shared))
        hits.update(self._single[value] for value in alone)
        hits.pop(act.id, None)
        return {name: count for name, count in hits.items() if count >= fewest}

    def _low(self, act: Act, sketch: Sketch) -> tuple[frozenset[int], int]:
        """Return the values that are indexed, and how many of them another document must have to hold most of the sketch.

        The lowest are, or all where nothing is known of how a method spreads them.
        """
        found: tuple[frozenset[int], int] | None = act.memo.get(self._name)
        if found is None:
            border = self._border if sketch.method == SKETCH_METHOD else _EVERYTHING
            values = sorted(sketch.values)
            cut = bisect_right(values, border)
            low = frozenset(values[:cut])
            rest = len(values) - cut  # a value given twice counts twice here, which asks for less
            fewest = ceil(self._threshold * (len(low) + rest) - _EPSILON) - rest
            found = act.memo[self._name] = (low, fewest)
        return found


def _order(act: Act) -> tuple[date, datetime, str]:
    return act.read(DocumentIssued).dated, act.time, act.id
