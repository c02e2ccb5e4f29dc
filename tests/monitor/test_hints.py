"""A hint is for a person: whatever happens, none becomes an alert."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import decode
from contracts.workdays import builtin
from services.monitor.book import Book, load, shipped
from services.monitor.domain import Verdict, fold
from services.monitor.judging import Scene
from services.monitor.world import REFERENCE, build
from tests.monitor.histories import history
from tests.oracle import judge_all

TEXTS, PACKS = shipped()
BOOK = load(TEXTS, PACKS)
HISTORIES = st.builds(history, st.integers(0, 10**6), st.integers(20, 60), dense=st.booleans())


@pytest.fixture(scope="module")
def all_hints() -> Book:
    """Give the whole book as if no rule had any weight."""
    texts = {
        name: re.sub(
            '(?m)^severity = "[a-z]+"$',
            'severity = "info"',
            text if "\nmode = " in text else re.sub("(?m)^version = ", 'mode = "hint"\nversion = ', text, count=1),
        )
        for name, text in TEXTS.items()
    }
    return load(texts, PACKS)


def verdicts(book: Book, facts: list[bytes]) -> list[Verdict]:
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    return judge_all(book, [act for act in acts if not isinstance(act.event, REFERENCE)], world)


def alerts_of_hints(book: Book, facts: list[bytes]) -> list[Verdict]:
    return [one for one in verdicts(book, facts) if one.severity is not None and book.rules[one.rule].mode == "hint"]


@given(HISTORIES)
def test_no_hint_becomes_an_alert(facts: list[bytes]) -> None:
    assert alerts_of_hints(BOOK, facts) == []


@given(facts=HISTORIES)
def test_no_rule_of_any_kind_raises_an_alert_once_it_is_a_hint(all_hints: Book, facts: list[bytes]) -> None:
    assert {rule.mode for rule in all_hints.rules.values()} == {"hint"}
    assert alerts_of_hints(all_hints, facts) == []


def test_a_hint_that_did_raise_one_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = history(1, 300)
    assert [one for one in verdicts(BOOK, facts) if one.severity], "the history breaks rules"
    say = Scene.say

    def forgetful(scene, outcome, act, **parts):
        found = say(scene, outcome, act, **parts)
        return Verdict(**{name: getattr(found, name) for name in found.__slots__} | {"severity": "info"})

    monkeypatch.setattr(Scene, "say", forgetful)
    assert alerts_of_hints(BOOK, facts)


def test_writers_never_ask_for_a_hint() -> None:
    facts = history(1, 100)
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    asked = [
        one.silent(act, world, lambda _key: None)
        for act in acts
        for one in BOOK.speaking(act.place, act.name)
        if one.bound.rule.mode == "hint"
    ]
    assert asked
    assert all(asked)
