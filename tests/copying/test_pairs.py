"""Copied texts are told from own wording, on the real pairs; the page shows what is measured here."""

from pathlib import Path

import pytest

from tests.copying.measured import (
    HALVES,
    by_passages,
    by_sketch,
    pairs,
    planted_table,
    recall_and_precision,
    table,
)

PAGE = (Path(__file__).parents[2] / "docs" / "copying.md").read_text("utf-8")


def shown(title: str) -> list[str]:
    """Return the rows of a section's table, without its head."""
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("measure", [by_sketch, by_passages])
def test_copied_pairs_are_found_and_own_wording_is_not_taken_for_a_copy(measure, half):
    recall, precision = recall_and_precision(measure, half)
    assert recall >= 0.9
    assert precision == 1


def test_unrelated_documents_are_never_even_left_to_a_person():
    unrelated = [pair for pair in pairs() if pair.label == "unrelated"]
    assert len(unrelated) > 600
    assert {by_sketch(pair)[0] for pair in unrelated} <= {"own", "short"}


def test_what_is_too_short_is_not_compared():
    assert {measure(pair)[0] for pair in pairs() if pair.label == "short" for measure in (by_sketch, by_passages)} == {
        "short"
    }


def test_the_page_has_the_measured_tables():
    assert shown("Sketches") == table(by_sketch)
    assert shown("Aligned passages") == table(by_passages, 13)
    assert shown("Planted shares") == planted_table()
