"""Which of very many documents hold much of one, told from their sketches without comparing each with each. Pure.

An inverted index: every value of every sketch beside the number of its document, in one sorted array. A lookup finds the documents
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
_PER_DRAWER: Final = 4
"""Words in a drawer on average, at least: a lookup reads one drawer, not the way of a binary search through memory."""
_MOST_HOLDERS: Final = 1000
"""A value in more documents is what everybody says: it names nobody, and is left out of the share."""
_EVERYBODY: Final = _NUMBER
"""Stands for the documents of such a value."""


class Match(NamedTuple):
    """A document that holds much of another."""

    document: int
    """Its number, in the order of being added."""
    share: float
    """Share of the values asked for that it has (0..1)."""


class SketchIndex:
    """The sketches of one method; documents are numbered as they were given."""

    def __init__(self, sketches: Iterable[Values]) -> None:
        """Sort them once; needed meanwhile are about 24 bytes a value."""
        self._words, self._count = _words(sketches)
        self._leave_out_what_everybody_says()
        bits = max((len(self._words) // _PER_DRAWER).bit_length() - 1, 1)
        self._shift = np.uint64(64 - bits)
        self._begins = np.zeros((1 << bits) + 1, np.uint32)
        drawers = (self._words >> self._shift).astype(np.int64)
        np.cumsum(np.bincount(drawers, minlength=1 << bits), out=self._begins[1:])

    def __len__(self) -> int:
        """Return how many documents it has."""
        return self._count

    @property
    def size(self) -> int:
        """Bytes that it holds in memory."""
        return self._words.nbytes + self._begins.nbytes

    def find(self, sketches: Sequence[Values], at_least: float) -> list[list[Match]]:
        """Return for each sketch the documents that have at least that share of its values, the closest first."""
        wanted, _ = _words(sketches)
        drawers = (wanted >> self._shift).astype(np.int64)
        begins = self._begins[drawers].astype(np.int64)
        which, places = _spread(begins, self._begins[drawers + 1] - begins)
        words = self._words[places]
        same = np.flatnonzero(words ^ wanted[which] <= _NUMBER)
        owners, documents = (wanted & _NUMBER)[which[same]], words[same] & _NUMBER
        told = documents != _EVERYBODY
        pairs, counts = np.unique((owners << _HALF | documents)[told], return_counts=True)
        asked = _counted(wanted & _NUMBER, len(sketches)) - _counted(owners[~told], len(sketches))
        who = (pairs >> _HALF).astype(np.int64)
        shares = counts / asked[who]
        found: list[list[Match]] = [[] for _ in sketches]
        for at in np.flatnonzero(shares >= at_least):
            found[who[at]].append(Match(int(pairs[at] & _NUMBER), float(shares[at])))
        return [sorted(some, key=lambda one: (-one.share, one.document)) for some in found]

    def _leave_out_what_everybody_says(self) -> None:
        """Put one word in the place of all that have the same value where they are too many."""
        words = self._words
        many = words[:-_MOST_HOLDERS][words[_MOST_HOLDERS:] ^ words[:-_MOST_HOLDERS] <= _NUMBER]
        said = np.unique(many | _NUMBER)
        ends = np.searchsorted(words, said, side="right")
        begins = np.searchsorted(words, said & ~_NUMBER)
        words[ends - 1] = said
        _, places = _spread(begins, ends - begins - 1)
        self._words = np.delete(words, places)


def _words(sketches: Iterable[Values]) -> tuple[Words, int]:
    """Return the words of sketches, each once, and how many sketches there are."""
    values = [one if isinstance(one, np.ndarray) else np.fromiter(one, np.uint64, len(one)) for one in sketches]
    sizes = [len(one) for one in values]
    words = np.concatenate([np.zeros(0, np.uint64), *values])
    del values
    words >>= _CUT
    words <<= _HALF
    words |= np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    words.sort()
    first = np.ones(len(words), np.bool_)
    np.not_equal(words[1:], words[:-1], out=first[1:])
    return words[first], len(sizes)


def _spread(begins: Numbers, sizes: Numbers) -> tuple[Numbers, Numbers]:
    """Return every place of every span, beside the number of its span."""
    ends = np.cumsum(sizes)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return owners, np.arange(len(owners)) + (begins - ends + sizes)[owners]


def _counted(owners: Words, number: int) -> Numbers:
    return np.bincount(owners.astype(np.int64), minlength=number)
