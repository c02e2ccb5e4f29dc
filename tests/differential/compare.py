"""The engine against the oracle on one history, and the smallest part of a history on which they still differ."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from contracts.workdays import Workdays, builtin
from kit.cursor import Delivery
from services.monitor.apply import apply
from services.monitor.book import Book
from services.monitor.domain import Verdict, alert_id
from services.monitor.findings import _digest
from services.monitor.reading import unpack
from services.monitor.state import State
from tests.differential import oracle
from tests.differential.histories import History
from tests.differential.tables import Tables

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
BASE: Final[Workdays] = builtin()
Told = dict[str, tuple[str, str, str]]
"""Alert id -> (rule, subject, digest of all that the alert says: outcome, numbers, exceptions, acts, words)."""


class Compared(NamedTuple):
    """What came of a history."""

    engine: Told
    oracle: Told
    verdicts: Sequence[Verdict]

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """Return (rule, subject, what is wrong with the engine)."""
        return sorted(
            (*(self.oracle.get(name) or self.engine[name])[:2], _fault(name in self.engine, name in self.oracle))
            for name in self.engine.keys() | self.oracle.keys()
            if self.engine.get(name) != self.oracle.get(name)
        )


def _fault(told: bool, wanted: bool) -> str:
    return "other" if told and wanted else "too much" if told else "missed"


def compare(book: Book, history: History) -> Compared:
    """Give a history to both."""
    verdicts = oracle.verdicts(book, history.facts, BASE)
    wanted = {
        alert_id(one.rule, one.version, one.subject): (one.rule, one.subject, _digest(book, one))
        for one in verdicts
        if one.severity is not None
    }
    return Compared(asyncio.run(_told(book, history)), wanted, verdicts)


async def _told(book: Book, history: History) -> Told:
    """Return the alerts that stand when the engine was given a history batch by batch."""
    tables, state = Tables(), State(book, BASE)
    db: Any = tables
    messages = [Delivery(seq, "facts.99.x.y", body, {}, NOW) for seq, body in enumerate(history.facts, 1)]
    for begin, end in pairwise((0, *history.cuts, len(messages))):
        if begin == end:
            continue
        await apply(db, state, await unpack(book, messages[begin:end]))
    rows = tables.alerts.values()
    return {row["alert_id"]: (row["rule"], row["subject"], row["digest"]) for row in rows if row["state"] == "standing"}


def shrink(history: History, fails: Callable[[History], bool]) -> History:
    """Return a smallest part of a history that fails: no message and no cut of it can be left out."""
    size = len(history.facts)
    while size:
        start = 0
        while start < len(history.facts):
            smaller = _without(history, start, start + size)
            if fails(smaller):
                history = smaller
            else:
                start += size
        size //= 2
    for cut in history.cuts:
        fewer = History(history.facts, tuple(one for one in history.cuts if one != cut))
        history = fewer if fails(fewer) else history
    return history


def _without(history: History, start: int, end: int) -> History:
    facts = (*history.facts[:start], *history.facts[end:])
    moved = (cut if cut <= start else max(start, cut - (end - start)) for cut in history.cuts)
    return History(facts, tuple(sorted({cut for cut in moved if 0 < cut < len(facts)})))
