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
Numbers = NDArray[np.int64]
Values = Sequence[int] | NDArray[np.uint64]
"""The values of one sketch."""

_CUT: Final = np.uint64(28)
"""Bits of a 60-bit value that are left out."""
_HALF: Final = np.uint64(32)
_NUMBER: Final = np.uint64(2**32 - 1)
_PER_DRAWER: Final = 8
"""Words in a drawer on average: a lookup reads one drawer, not the way of a binary search through memory."""
_FULL: Final = 64
"""A drawer with more words holds one that very many documents have, and is searched."""
_MOST_HOLDERS: Final = 1000
"""A value in more documents is what everybody says: it names nobody, and is left out of the share."""


class Match(NamedTuple):
    """A document that holds much of another."""

    document: int
    """Its number, in the order of being added."""
    share: float
    """Share of the values asked for that it has (0..1)."""


class _Segment:
    """Sorted words, and where each drawer of them begins; drawers are told by the upper bits."""

    def __init__(self, words: Words) -> None:
        bits = max(len(words) // _PER_DRAWER, 1).bit_length() - 1
        self.words = words
        self._shift = np.uint64(min(64 - bits, 63))
        drawers = (words >> self._shift).astype(np.int64)
        self._begins = np.zeros((1 << max(bits, 1)) + 1, np.int64)
        np.cumsum(np.bincount(drawers, minlength=len(self._begins) - 1), out=self._begins[1:])

    def spans(self, wanted: Words) -> tuple[Numbers, Numbers]:
        """Return for each value (as the upper half of a word) where its words begin, and how many they are."""
        drawers = (wanted >> self._shift).astype(np.int64)
        begins = self._begins[drawers]
        sizes = self._begins[drawers + 1] - begins
        full = sizes > _FULL
        sizes[full] = 0
        owners, places = _spread(begins, sizes)
        words, sought = self.words[places], wanted[owners]
        before = np.bincount(owners[words < sought], minlength=len(wanted))
        equal = np.bincount(owners[words >> _HALF == sought >> _HALF], minlength=len(wanted))
        begins += before
        begins[full] = np.searchsorted(self.words, wanted[full])
        equal[full] = np.searchsorted(self.words, wanted[full] | _NUMBER, side="right") - begins[full]
        return begins, equal


class SketchIndex:
    """The sketches of one method."""

    def __init__(self) -> None:
        """Begin empty."""
        self._segments: list[_Segment] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many documents were added."""
        return self._count

    @property
    def words(self) -> int:
        """How many words of eight bytes the index holds."""
        return sum(len(segment.words) for segment in self._segments)

    def add(self, sketches: Iterable[Values]) -> None:
        """Add documents; many at once cost less."""
        found = [np.zeros(0, np.uint64)]
        for values in sketches:
            found.append((_keys(values) << _HALF) | np.uint64(self._count))
            self._count += 1
        words = np.sort(np.concatenate(found))
        while self._segments and len(self._segments[-1].words) <= 2 * len(words):
            words = np.sort(np.concatenate((self._segments.pop().words, words)), kind="stable")
        self._segments.append(_Segment(words))

    def find(self, sketches: Sequence[Values], at_least: float) -> list[list[Match]]:
        """Return for each sketch the documents that have at least that share of its values, the closest first."""
        keys = [_keys(values) for values in sketches]
        owners = np.repeat(np.arange(len(keys), dtype=np.uint64), [len(one) for one in keys])
        wanted = np.concatenate([np.zeros(0, np.uint64), *keys]) << _HALF
        spans = [segment.spans(wanted) for segment in self._segments]
        telling = np.sum([sizes for _, sizes in spans], axis=0, dtype=np.int64) <= _MOST_HOLDERS
        telling = np.broadcast_to(telling, wanted.shape)
        hits = [np.zeros(0, np.uint64)]
        for segment, (begins, sizes) in zip(self._segments, spans, strict=True):
            which, places = _spread(begins, np.where(telling, sizes, 0))
            hits.append((owners[which] << _HALF) | (segment.words[places] & _NUMBER))
        pairs, counts = np.unique(np.concatenate(hits), return_counts=True)
        asked = np.bincount(owners[telling].astype(np.int64), minlength=len(keys))
        who = (pairs >> _HALF).astype(np.int64)
        shares = counts / asked[who]
        found: list[list[Match]] = [[] for _ in keys]
        for at in np.flatnonzero(shares >= at_least):
            found[who[at]].append(Match(int(pairs[at] & _NUMBER), float(shares[at])))
        return [sorted(some, key=lambda one: (-one.share, one.document)) for some in found]


def _spread(begins: Numbers, sizes: Numbers) -> tuple[Numbers, Numbers]:
    """Return every place of every span, beside the number of its span."""
    ends = np.cumsum(sizes)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return owners, np.arange(len(owners)) + (begins - ends + sizes)[owners]


def _keys(values: Values) -> Words:
    return np.unique(np.asarray(values, np.uint64) >> _CUT)
