"""The real documents raise what ``docs/real-documents.md`` justifies line by line, and nothing else."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.documents import DocumentIssued
from contracts.lexicons import read_phrases
from deploy.demo import DATA
from services.intake.domain import Candidate
from services.intake.reading import read as read_at_intake
from services.monitor.book import RULES, Book, Pack, bind, evaluator_kinds
from services.monitor.rulebook import Rule
from tests.demo.judged import book, judge, read

LINES = (DATA / "real_documents.ndjson").read_bytes().splitlines()
FACTS = read(LINES)
NAMES = {fact.fact_id: fact.id for fact in FACTS}
SOURCES = Path(str(RULES)).parent / "sources"
REPORT = (Path(__file__).parents[2] / "docs" / "real-documents.md").read_text("utf-8")
OF_ONE_TEXT = (
    *("DOC-06", "DOC-08", "DOC-14", "DOC-15", "DOC-16", "DOC-19", "DOC-22", "DOC-25", "DUT-05"),
    *("N-06", "N-08", "N-09", "N-51", "RPT-05"),
)
"""Rules that a document, or it and the one that it implements, decide alone; the others need an office's whole year."""
ALWAYS = date(1949, 10, 1)


def backtest() -> Book:
    """Return those rules as if they had been law everywhere and always."""
    rules: list[Rule] = [
        rule.model_copy(update={"effective_from": ALWAYS, "known_from": ALWAYS})
        for rule in book().rules.values()
        if rule.id in OF_ONE_TEXT
    ]
    pack = Pack.model_validate(
        {"id": "always", "title": "回测", "place": "00", "basis": "回测", "rules": {rule.id: {} for rule in rules}}
    )
    return bind(rules, [pack], evaluator_kinds())


def section(title: str) -> str:
    return REPORT.split(f"## {title}\n")[1].split("\n## ")[0]


def counted(verdicts) -> list[str]:
    """Return the table of verdicts as the report has it."""
    counts = Counter((verdict.rule, verdict.outcome) for verdict in verdicts)
    outcomes = ("complied", "violated", "excused", "undetermined")
    return [
        f"| {rule} | " + " | ".join(str(counts[rule, outcome]) for outcome in outcomes) + " |"
        for rule in sorted({rule for rule, _ in counts})
    ]


def rows(text: str, columns: int) -> list[str]:
    return [
        line for line in text.splitlines() if re.match(r"\| [A-Z]+-\d\d \|", line) and line.count("|") == columns + 1
    ]


def asked_table() -> list[str]:
    """Return what each source text and each real document that has a text asks for, as the report has it."""
    sources = {file.name[:3]: read_phrases(file.read_text("utf-8")) for file in sorted(SOURCES.glob("*.txt"))}
    told = [
        (name, {one.lexicon: len(one.sentences) for one in found}, "原文") for name, found in sorted(sources.items())
    ]
    told.extend(
        (NAMES[fact.fact_id], {one.lexicon: one.count for one in fact.event.phrases}, fact.event.heading)
        for fact in FACTS
        if isinstance(fact.event, DocumentIssued) and fact.event.phrases is not None
    )
    return [
        f"| {name} | {title.replace('|', '')} | {'、'.join(f'{word} {n}' for word, n in asked.items()) or '—'} |"
        for name, asked, title in told
    ]


def test_what_the_texts_ask_for_is_what_the_report_tells():
    text = section("What the texts ask for")
    assert [line for line in text.splitlines() if line.startswith("| ") and "document" not in line] == asked_table()


def test_by_the_law_of_their_places_they_raise_nothing():
    verdicts = judge(FACTS)
    assert [verdict for verdict in verdicts if verdict.severity is not None] == []
    assert rows(section("By the law of their places"), 5) == counted(verdicts)


def test_as_if_the_rules_had_always_been_law_they_raise_what_the_report_justifies():
    verdicts = judge(FACTS, backtest())
    text = section("As if the rules had been law everywhere and always")
    assert rows(text, 5) == counted(verdicts)
    alerts = sorted(
        f"| {verdict.rule} | {NAMES[verdict.subject]} | {verdict.reason} |"
        for verdict in verdicts
        if verdict.severity is not None
    )
    assert [row.rsplit(" | ", 1)[0] + " |" for row in rows(text, 4)] == alerts


def test_intake_takes_every_line():
    now = datetime(2026, 11, 30, tzinfo=UTC)
    fates = [read_at_intake(line, now=now) for line in LINES]
    assert all(isinstance(fate, Candidate) for fate in fates)
    assert len(NAMES) == len(LINES)


def test_no_text_and_no_contact_is_in_the_data():
    for line in LINES:
        data = json.loads(line)["data"]
        assert len(json.dumps({**data, "sketch": None}, ensure_ascii=False)) < 1500


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("浦府规〔2021〕5号", {"char_count": 7122, "form": "实施细则", "doc_class": "规范性"}),
        ("国办发〔2019〕2号", {"requires_matching": True}),
        ("国办发〔2018〕117号", {"requires_matching": None}),  # 有条件的省…可结合…出台配套措施
        ("闵古办〔2022〕20号", {"has_contact_name": True, "form": "实施方案"}),
        ("国办发〔2018〕108号", {"char_count": 630}),  # the 130 practices are an annex
        ("浦南规〔2026〕3号", {"form": None}),  # it revokes measures, it is none
    ],
)
def test_what_the_texts_say(number, expected):
    event = next(fact.event for fact in FACTS if isinstance(fact.event, DocumentIssued) and fact.event.doc_no == number)
    assert {name: getattr(event, name) for name in expected} == expected
