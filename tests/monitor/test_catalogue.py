"""Every clause of the catalogue has a state, and every rule is a clause of it."""

import re

import pytest
from pydantic import ValidationError

from services.monitor.book import load, shipped
from services.monitor.catalogue import Catalogue, Entry, State, read_catalogue, state_of
from services.monitor.rules_table import FILE, table

RULES, PACKS = shipped()
BOOK = load(RULES, PACKS)
CATALOGUE = read_catalogue()
SEEDS = {
    "DOC": 31, "MTG": 26, "INS": 21, "KPI": 8, "RES": 10, "LIA": 5, "DEM": 10, "RPT": 10, "APP": 11, "SEC": 6, "PLQ": 2, "DUT": 5,
    "SCH": 4, "FES": 4, "CRT": 3, "CHF": 3, "PRJ": 4, "STK": 6, "GOV": 10, "CLU": 7, "DAT": 3,
}  # fmt: skip


def test_no_clause_is_absent() -> None:
    numbers = {f"{family}-{number:02}" for family, count in SEEDS.items() for number in range(1, count + 1)}
    assert set(CATALOGUE.seeds) == numbers
    assert len(CATALOGUE.seeds) == 189
    assert set(CATALOGUE.norms) == {f"N-{number:02}" for number in range(1, 75)}


def test_every_rule_is_a_clause_of_the_catalogue() -> None:
    assert set(BOOK.rules) <= set(CATALOGUE.all)


def test_a_clause_in_another_rule_names_clauses_that_have_one_or_will() -> None:
    for id_, entry in CATALOGUE.all.items():
        assert set(entry.within) <= set(CATALOGUE.all)
        assert id_ not in entry.within
        assert not [name for name in entry.within if CATALOGUE.all[name].within or CATALOGUE.all[name].why]


def test_a_clause_with_a_rule_of_its_own_gives_no_reason_for_having_none() -> None:
    assert not [id_ for id_ in BOOK.rules if CATALOGUE.all[id_].within or CATALOGUE.all[id_].why]


def test_the_table_has_every_clause_once() -> None:
    rows = re.findall(r"^\| ([A-Z]+-\d\d) \|", FILE.read_text("utf-8").split("## Every clause")[1], re.MULTILINE)
    assert rows == list(CATALOGUE.all)


def test_states_are_told_apart() -> None:
    def state(id_: str, text: str | None = None) -> State:
        book = load(RULES if text is None else {**RULES, f"{id_}.toml": text}, PACKS)
        return state_of(id_, CATALOGUE.all[id_], book)

    assert state("MTG-19").word == "live"
    assert state("DOC-13").word == "hint"
    assert state("N-05") == ("in another rule", "DOC-22")
    assert state("N-47").word == "parameter missing"
    assert "most_second" in state("N-47").names
    assert "most_fourth" not in state("N-47").names
    assert state("N-54").word == "not machine-checkable"
    assert state("MTG-19", RULES["MTG-19.toml"].replace('"live"', '"draft"')).word == "draft"
    without = {name: text for name, text in RULES.items() if name != "N-70.toml"}
    packs = {name: text for name, text in PACKS.items() if name != "zhengzhou-2019.toml"}
    packs["demo-county.toml"] = re.sub(r"N-70 = .*\n", "", packs["demo-county.toml"])
    assert state_of("N-70", CATALOGUE.all["N-70"], load(without, packs)).word == "not yet"
    assert "| N-70 | 请示、报告不超过 6 页（郑州） | not yet | — |" in table(load(without, packs), CATALOGUE)


def test_a_pack_that_sets_what_no_source_gives_makes_the_clause_live() -> None:
    pack = 'id = "centre"\ntitle = "测试"\nplace = "00"\nbasis = "测试"\n[rules.N-47]\nnote = "测试"\n'
    pack += "parameters = { most_days = 2, most_second = 300, most_third = 150 }\n"
    assert state_of("N-47", CATALOGUE.all["N-47"], load(RULES, {**PACKS, "centre.toml": pack})).word == "live"


def test_a_clause_is_not_both_in_another_rule_and_undecidable() -> None:
    with pytest.raises(ValidationError, match="needs no reason"):
        Entry.model_validate({"title": "测试", "in": ["DOC-22"], "why": "none can"})
    with pytest.raises(ValidationError, match="mood"):
        Catalogue.model_validate({"seeds": {"DOC-01": {"title": "测试", "mood": 1}}, "norms": {}})
