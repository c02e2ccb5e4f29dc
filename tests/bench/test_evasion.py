"""No tactic gets by more than one time in five, and lawful years raise next to nothing: the short form of ``bench.evasion``."""

from functools import cache

import pytest

from bench.evasion import LEAST_RECALL, MOST_FALSE, Quiet, alerts, evade, lawful
from bench.lawful import Script
from bench.tactics import TACTICS, Tactic, split_documents
from contracts.catalog import BY_NAME
from deploy.demo.year.dice import on
from services.monitor.book import Book, load, shipped

FAMILIES = {"app", "cert", "chief", "dem", "doc", "duty", "fest", "grp", "ins", "kpi", "liab", "mtg", "plaque", "proj"}
FAMILIES |= {"res", "rpt", "sch", "sec", "study", "task", "ticket", "veto", "clue", "rect", "acct", "mech", "case"}


@cache
def book() -> Book:
    return load(*shipped())


@cache
def quiet() -> Quiet:
    return lawful(book(), ["1"])


@pytest.mark.parametrize("tactic", TACTICS, ids=lambda tactic: tactic.name)
def test_a_tactic_is_found(tactic: Tactic) -> None:
    found = evade(book(), tactic, ["1"], 40)
    assert found.recall >= LEAST_RECALL
    assert set(found.by_rule) <= set(tactic.rules)


def test_an_alert_of_a_rule_that_is_not_about_a_tactic_is_no_find() -> None:
    blind = Tactic("split-documents", "", ("DOC-14",), split_documents)
    assert evade(book(), blind, ["1"], 4).found == 0


def test_lawful_years_raise_less_than_one_alert_in_a_thousand_acts() -> None:
    assert quiet().acts > 2000
    assert quiet().per_thousand < MOST_FALSE, quiet().by_rule


def test_lawful_years_hold_every_family_of_acts() -> None:
    assert quiet().families >= FAMILIES
    assert {event.family for event in BY_NAME.values()} >= FAMILIES


def test_an_alert_on_a_lawful_year_would_be_seen() -> None:
    script = Script("1")
    script.surroundings()
    script.document(script.office(), on(9, 1), "关于有关工作的通知", char_count=5001)
    raised, _ = alerts(book(), script.facts)
    assert [verdict.rule for verdict in raised] == ["DOC-22"]
