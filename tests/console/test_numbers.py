"""What the numbers and parameters of rules are called: every one that the rule book can show."""

import re

import pytest

from contracts.workdays import builtin
from services.console import numbers
from services.monitor.book import shipped
from services.monitor.cases import run
from services.monitor.rulebook import read_rule

LATIN = re.compile(r"[A-Za-z_@$]{2,}")


def test_every_number_and_parameter_of_the_rule_book_has_a_chinese_name() -> None:
    rules = [read_rule(text, name) for name, text in shipped()[0].items()]
    parameters = {name for rule in rules for name in rule.parameters}
    calendar = builtin()
    verdicts = [verdict for rule in rules for case in rule.cases for verdict in run(rule, case, calendar).verdicts]
    shown = parameters | {name for verdict in verdicts for name in verdict.numbers}
    assert sorted(name for name in shown if LATIN.search(numbers.fact_name(name))) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("parent_levels", [1, 2], "省级、市级"),
        ("levels", 3, "3"),
        ("lowest_level", 0, "国家级"),
        ("threshold", 0.2, "20%"),
        ("threshold", 40, "40"),
        ("counting", "@application_days", "自然日"),
        ("unit", "qh.hwz", "青禾县黄湾镇"),
        ("modes", ["电视电话", "网络视频"], "电视电话、网络视频"),
        ("modes", [], "—"),
        ("day", "", "—"),
        ("people", None, "—"),
        ("year", 2025, "2025"),
        ("cap", 2025, "2\u2009025"),
        ("connected", False, "否"),
    ],
)
def test_a_value_reads_by_what_it_counts(name: str, value: object, text: str) -> None:
    assert numbers.fact_value(name, value, lambda one: one.replace("qh.hwz", "青禾县黄湾镇")) == text
