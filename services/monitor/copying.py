"""Who copied whom in a place: every stored document against all that were issued before it by others.

Documents are read in portions, each in a short transaction; held are their sketches, and an index of them (about 3 kB a document).
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np

from contracts.documents import DocumentIssued
from contracts.text import SKETCH_METHOD
from contracts.workdays import Workdays
from kit.db import Pool
from services.monitor import queries_policy
from services.monitor.book import Book
from services.monitor.copies import SketchIndex, Words
from services.monitor.domain import Act
from services.monitor.reading import load_acts
from services.monitor.state import State

PORTION: Final = 1000
"""Facts of one transaction."""
_AT_ONCE: Final = 64
"""Documents of one lookup."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What is shown of a document and compared of it."""

    act: str
    unit: str
    place: str
    order: tuple[date, datetime, str]
    name: str
    """Its 发文字号, else its title."""
    values: Words


class Copy(NamedTuple):
    """A document, the earlier one of another unit that has most of it, and how much."""

    later: Issued
    earlier: Issued
    share: float


Progress = Callable[[int, int], Awaitable[None]]
"""Told how many facts were looked at, and of how many."""


async def documents(
    pool: Pool, book: Book, calendar: Workdays, place: str, fewest: int, progress: Progress
) -> list[Issued]:
    """Return the documents of a place as they stand, those whose sketch says something, in the order of their days."""
    state = State(book, calendar)
    async with pool.acquire() as db:
        total = await queries_policy.count_acts(db, place)
    found: list[Issued] = []
    looked, after = 0, 0
    while True:
        async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            names = await queries_policy.acts_after(db, place, after, PORTION)
            acts = await load_acts(db, state, names)
        if not names:
            return sorted(found, key=lambda one: one.order)
        found += [one for act in acts.values() if (one := issued(act)) and len(one.values) >= fewest]
        state.trim()
        after, looked = max(names.values()), looked + len(names)
        await progress(looked, max(total, looked))


def issued(act: Act) -> Issued | None:
    """Return what is compared of an act; ``None`` where there is nothing: no document, no sketch, or one of an older method."""
    event = act.event
    if not isinstance(event, DocumentIssued) or event.sketch is None or event.sketch.method != SKETCH_METHOD:
        return None
    name = event.doc_no or f"《{event.heading}》"
    return Issued(
        act.id,
        act.unit,
        act.place,
        (event.dated, act.time, act.id),
        name,
        np.array(event.sketch.values, np.uint64),
    )


def copies(found: Sequence[Issued], at_least: float) -> Iterator[Copy]:
    """Yield the documents that have at least that share from an earlier one of another unit, with the one that has most.

    ``found``: in the order of their days. Where several have as much, the earliest is named; a document that has most from one of
    its own unit copies nobody (DOC-15 speaks of it).
    """
    index = SketchIndex(one.values for one in found)
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        for at, matches in enumerate(index.find([one.values for one in some], at_least), start):
            first = next((one for one in matches if one.document < at), None)
            if first is not None and found[first.document].unit != found[at].unit:
                yield Copy(found[at], found[first.document], first.share)
