"""What one text took over from another, passage by passage, where both are at hand.

Runs of the same ideographs are found by greedy string tiling (M. Wise, 1993): the longest first, each ideograph of either text used
once, so that a name which a text repeats counts as often as the other one has it. Neighbouring runs are one passage, for who copies
changes names and dates; a passage counts from a length that texts of their own wording do not share by chance. Compared are the
ideographs of the own wording (``contracts.text``). Pure; only the standard library is used.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from contracts.text import own_ideographs

SHORTEST_RUN: Final = 8
"""Ideographs; a shorter run may be any phrase."""
WIDEST_GAP: Final = 24
"""Ideographs between two runs of one passage, in either text."""
SHORTEST_PASSAGE: Final = 20
"""Ideographs that the runs of a passage have together."""
COPIED: Final = 0.2
"""Share of the own wording in such passages from which a text counts as copied (ours; measured in ``docs/copying.md``)."""
OWN: Final = 0.12
"""Below this share it counts as its own wording; in between a person has to look."""
SHORTEST_TEXT: Final = 200
"""Ideographs of own wording; in a shorter text a few formulas are a large share."""
_MOST_PLACES: Final = 16
"""A shingle with more places in the other text is paired in turn, its first time here with its first there, and so on: texts made of
repetition would cost the square of their length."""

Result = Literal["copied", "open", "own", "short"]


class Run(NamedTuple):
    """The same ideographs in both texts: where they begin among the own ones of each, and how many they are."""

    child: int
    parent: int
    length: int


class Piece(NamedTuple):
    """A part of a passage as printed, and whether it is the same in the other text."""

    text: str
    same: bool


class Passage(NamedTuple):
    """A passage as it stands in both texts."""

    child: tuple[Piece, ...]
    parent: tuple[Piece, ...]
    same: int
    """Ideographs that are the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much of a text was taken over."""

    own: int
    """Ideographs of its own wording."""
    copied: int
    """Ideographs of them in passages of the other text."""
    passages: tuple[Passage, ...]

    @property
    def result(self) -> Result:
        """What the share means."""
        if self.own < SHORTEST_TEXT:
            return "short"
        return "copied" if self.share >= COPIED else "open" if self.share >= OWN else "own"

    @property
    def share(self) -> float:
        """Share of the own wording that was taken over (0..1)."""
        return self.copied / self.own if self.own else 0.0


def compare(child: str, parent: str) -> Comparison:
    """Return the passages of ``child`` that stand in ``parent``, in the child's order."""
    mine, theirs = _Own(child), _Own(parent)
    groups = [
        group
        for group in grouped(tiles(mine.text, theirs.text), WIDEST_GAP)
        if sum(run.length for run in group) >= SHORTEST_PASSAGE
    ]
    found = tuple(
        Passage(
            mine.pieces([(run.child, run.length) for run in group]),
            theirs.pieces([(run.parent, run.length) for run in group]),
            sum(run.length for run in group),
        )
        for group in groups
    )
    return Comparison(len(mine.text), sum(one.same for one in found), found)


def tiles(child: str, parent: str, shortest: int = SHORTEST_RUN) -> list[Run]:
    """Return the runs of at least ``shortest`` characters that stand in both, each character used once, in the child's order."""
    heap = [(-run.length, run) for run in _longest_runs(child, parent, shortest)]
    heapq.heapify(heap)
    mine, theirs = bytearray(len(child)), bytearray(len(parent))
    found = []
    while heap:
        _, run = heapq.heappop(heap)
        free = list(_free(run, mine, theirs))
        if free == [run]:
            mine[run.child : run.child + run.length] = b"\1" * run.length
            theirs[run.parent : run.parent + run.length] = b"\1" * run.length
            found.append(run)
        for part in free if free != [run] else ():
            if part.length >= shortest:
                heapq.heappush(heap, (-part.length, part))
    return sorted(found)


def grouped(runs: Sequence[Run], widest: int) -> list[list[Run]]:
    """Put runs together that follow each other in both texts with at most ``widest`` characters between them."""
    groups: list[list[Run]] = []
    for run in runs:
        last = groups[-1][-1] if groups else None
        if (
            last
            and run.child - last.child - last.length <= widest
            and 0 <= run.parent - last.parent - last.length <= widest
        ):
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _longest_runs(child: str, parent: str, shortest: int) -> Iterator[Run]:
    """Yield the runs that can be extended to neither side."""
    places: dict[str, list[int]] = defaultdict(list)
    for at in range(len(parent) - shortest + 1):
        places[parent[at : at + shortest]].append(at)
    ends: dict[int, int] = {}  # diagonal -> where in the child its last run ends
    turns: dict[str, int] = defaultdict(int)
    for at in range(len(child) - shortest + 1):
        here: Sequence[int] = places.get(shingle := child[at : at + shortest], ())
        if len(here) > _MOST_PLACES:
            turn = turns[shingle]
            turns[shingle] += 1
            here = here[turn : turn + 1]
        for other in here:
            if at < ends.get(at - other, 0):
                continue
            start = _back(child, parent, at, other)
            end = at + shortest
            while end < len(child) and end - at + other < len(parent) and child[end] == parent[end - at + other]:
                end += 1
            ends[at - other] = end
            yield Run(start, start - at + other, end - start)


def _back(child: str, parent: str, at: int, other: int) -> int:
    while at and other and child[at - 1] == parent[other - 1]:
        at, other = at - 1, other - 1
    return at


def _free(run: Run, mine: bytearray, theirs: bytearray) -> Iterator[Run]:
    """Yield the parts of a run that are not yet used in either text."""
    start = None
    for step in range(run.length + 1):
        used = step == run.length or mine[run.child + step] or theirs[run.parent + step]
        if used and start is not None:
            yield Run(run.child + start, run.parent + start, step - start)
            start = None
        elif not used and start is None:
            start = step


class _Own:
    """The own ideographs of a text, and where they are printed."""

    def __init__(self, body: str) -> None:
        runs = list(own_ideographs(body))
        self._body = body
        self._places = [at for start, run in runs for at in range(start, start + len(run))]
        self.text = "".join(run for _, run in runs)

    def pieces(self, same: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
        """Return what is printed from the first of the given runs to the last, with what stands between them."""
        pieces, last = [], None
        for start, length in same:
            first, end = self._places[start], self._places[start + length - 1] + 1
            if last is not None and last < first:
                pieces.append(Piece(self._body[last:first], same=False))
            pieces.append(Piece(self._body[first:end], same=True))
            last = end
        return tuple(pieces)
