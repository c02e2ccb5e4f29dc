"""Which of very many documents hold much of one, told from their sketches without comparing each with each. Pure.

An inverted index: every value of every sketch beside the number of its document, in a few sorted arrays. A lookup finds the documents
that have a value, and counts. A value keeps its upper 32 bits: a document is taken to have one value too many about once in 25 lookups
at a million documents, which no share shows.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""Sorted: the upper 32 bits of a value, then the number of the document that has it."""
Values = Sequence[int] | NDArray[np.uint64]
"""The values of one sketch."""

_CUT: Final = np.uint64(28)
"""Bits of a 60-bit value that are left out."""
_HALF: Final = np.uint64(32)
_NUMBER: Final = np.uint64(2**32 - 1)
_MOST_HOLDERS: Final = 1000
"""A value in more documents is what everybody says: it names nobody, and is left out of the share."""


class Match(NamedTuple):
    """A document that holds much of another."""

    document: int
    """Its number, in the order of being added."""
    share: float
    """Share of the values asked for that it has (0..1)."""


class SketchIndex:
    """The sketches of one method."""

    def __init__(self) -> None:
        """Begin empty."""
        self._segments: list[Words] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many documents were added."""
        return self._count

    @property
    def size(self) -> int:
        """Bytes that the index takes."""
        return sum(segment.nbytes for segment in self._segments)

    def add(self, sketches: Iterable[Values]) -> None:
        """Add documents; many at once cost less."""
        found = [np.zeros(0, np.uint64)]
        for values in sketches:
            found.append((_keys(values) << _HALF) | np.uint64(self._count))
            self._count += 1
        self._segments.append(np.sort(np.concatenate(found)))
        while len(self._segments) > 1 and len(self._segments[-2]) <= 2 * len(self._segments[-1]):
            last = self._segments.pop()
            self._segments[-1] = np.sort(np.concatenate((self._segments[-1], last)), kind="stable")

    def find(self, sketches: Sequence[Values], at_least: float) -> list[list[Match]]:
        """Return for each sketch the documents that have at least that share of its values, the closest first."""
        keys = [_keys(values) for values in sketches]
        owners = np.repeat(np.arange(len(keys), dtype=np.uint64), [len(one) for one in keys])
        wanted = np.concatenate([np.zeros(0, np.uint64), *keys]) << _HALF
        starts = [np.searchsorted(segment, wanted) for segment in self._segments]
        ends = [np.searchsorted(segment, wanted | _NUMBER, side="right") for segment in self._segments]
        spans = [end - start for start, end in zip(starts, ends, strict=True)]
        telling = np.sum(spans, axis=0, dtype=np.int64) <= _MOST_HOLDERS if spans else np.ones(len(wanted), bool)
        hits = [np.zeros(0, np.uint64)]
        for segment, start, span in zip(self._segments, starts, spans, strict=True):
            many = np.where(telling, span, 0)
            holders = segment[np.repeat(start - np.cumsum(many) + many, many) + np.arange(many.sum())] & _NUMBER
            hits.append((np.repeat(owners, many) << _HALF) | holders)
        pairs, counts = np.unique(np.concatenate(hits), return_counts=True)
        asked = np.bincount(owners[telling].astype(np.int64), minlength=len(keys))
        who = (pairs >> _HALF).astype(np.int64)
        shares = counts / asked[who]
        found: list[list[Match]] = [[] for _ in keys]
        for at in np.flatnonzero(shares >= at_least):
            found[who[at]].append(Match(int(pairs[at] & _NUMBER), float(shares[at])))
        return [sorted(some, key=lambda one: (-one.share, one.document)) for some in found]


def _keys(values: Values) -> Words:
    return np.unique(np.asarray(values, np.uint64) >> _CUT)
