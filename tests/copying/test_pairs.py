"""Copied texts are told from own wording, on the real pairs; the page shows what is measured here."""

from pathlib import Path
from typing import Any

import pytest

from contracts.text import SKETCH_METHOD
from services.monitor.book import load, shipped
from tests.copying.measured import (
    HALVES,
    by_passages,
    by_sketch,
    pairs,
    planted_table,
    recall_and_precision,
    sketched,
    table,
)
from tests.factories import issued
from tests.monitor.test_scenarios import outcome

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


@pytest.mark.parametrize(("child", "parent", "said"), [(2, 1, "violated"), (5, 4, "violated"), (6, 7, "complied")])
def test_a_child_is_judged_by_the_text_of_its_parent_also_when_that_arrives_later(child, parent, said):
    upper = issued(doc_no="演办发〔2025〕7号", place="99", unit="99.office", dated="2025-03-01", sketch=wired(parent))
    lower = issued(
        doc_no="青办发〔2025〕3号",
        implements=[{"doc_no": "演办发〔2025〕7号"}],
        dated="2025-03-10",
        sketch=wired(child),
    )
    book = load(*shipped())
    assert outcome(book, "DOC-16", [lower], lower) == "undetermined"
    assert outcome(book, "DOC-16", [lower, upper], lower) == said


def wired(n: int) -> dict[str, Any]:
    return {"method": SKETCH_METHOD, "values": list(sketched(n))}


def test_the_page_has_the_measured_tables():
    assert shown("Sketches") == table(by_sketch)
    assert shown("Aligned passages") == table(by_passages, 13)
    assert shown("Planted shares") == planted_table()
