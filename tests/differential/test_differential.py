"""The indexed engine finds what the oracle finds; ``make oracle`` shows it on ten thousand histories."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from services.monitor import relations, windows
from services.monitor.book import Book, evaluator_kinds
from services.monitor.judging import always_silent
from services.monitor.periods import Length, Period, periods
from tests.differential import oracle
from tests.differential.compare import compare, shrink
from tests.differential.histories import History, book, book_of, made, read, write
from tests.differential.tables import Tables

KEPT = sorted((Path(__file__).parent / "kept").iterdir())


@pytest.mark.parametrize("seed", range(0, 4000, 100))
def test_the_engine_finds_what_the_oracle_finds(seed: int) -> None:
    assert not compare(book(), made(seed)).differences


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_once_differed_no_longer_does(path: Path) -> None:
    came = compare(book(), read(path.read_text("utf-8")))
    assert came.verdicts
    assert not came.differences


def caught(planted: Book) -> History:
    """Return the first history on which a faulty engine differs: of those kept, then of the random ones."""
    kept = (read(path.read_text("utf-8")) for path in KEPT)
    return next(one for one in chain(kept, map(made, range(600))) if compare(planted, one).differences)


def with_fault(kind: str, **parts: Any) -> Book:
    """Return the book with a fault in one evaluator, of a part that the oracle does not use."""
    kinds = evaluator_kinds()
    return book_of({**kinds, kind: replace(kinds[kind], **parts)})


def test_a_silencer_that_is_silent_too_often_is_caught_and_shown_in_few_messages() -> None:
    planted = with_fault("event", silencer=lambda _bound: always_silent)
    least = shrink(caught(planted), lambda history: bool(compare(planted, history).differences))
    assert len(least.facts) <= 3
    assert read(write(least)) == least


def test_an_act_that_does_not_wake_another_is_caught() -> None:
    caught(with_fault("spawned", moved_by=lambda *_: False))


@pytest.mark.parametrize(
    ("side", "event", "family"),
    [
        ("_OFFERS", "plan.filed", "plans"),
        ("_OFFERS", "sec.started", "lent"),
        ("_NEEDS", "sec.started", "lent"),
        ("_OFFERS", "mtg.observed", "observed"),
        ("_REACHES", "mtg.convened", "observed"),
        ("_OFFERS", "doc.issued", "parts"),
        ("_OFFERS", "mtg.convened", "parts"),
    ],
)
def test_a_key_that_is_lost_is_caught(side: str, event: str, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table: dict[str, Any] = getattr(relations, side)
    make = table[event]
    monkeypatch.setitem(
        table, event, lambda act: (one for one in make(act) if family not in str(one).partition("|")[0])
    )
    caught(book())


def test_a_window_that_is_a_day_too_short_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(first: date, last: date, length: Length, most: int) -> Iterator[Period]:
        return periods(first, max(first, last - timedelta(days=1)), length, most)

    monkeypatch.setattr("services.monitor.windows.periods", short)
    caught(book())


def test_an_act_that_counts_for_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(windows._BY_EVENT, "mtg.convened", ())
    caught(book())


def test_a_timer_that_does_not_ring_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tables, "_due", lambda *_: ())
    caught(book())


def test_the_oracle_is_small_enough_to_be_believed() -> None:
    assert len(Path(oracle.__file__).read_text("utf-8").splitlines()) <= 300
