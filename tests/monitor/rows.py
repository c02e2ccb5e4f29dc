"""Cases of rule files by rule and name: what tables of golden checks and conflicts refer to."""

from typing import NamedTuple

from contracts.workdays import builtin
from services.monitor.book import load, shipped
from services.monitor.cases import run

BOOK = load(*shipped())
CALENDAR = builtin()


class Shown(NamedTuple):
    """A case of a rule file, by its name or the beginning of it, and what it must come to."""

    rule: str
    name: str
    outcome: str


def shown(one: Shown) -> None:
    """Assert that the rule file has exactly this case, and that it comes out so."""
    cases = [case for case in BOOK.rules[one.rule].cases if case.name.startswith(one.name)]
    cases = [case for case in cases if case.name == one.name] or cases
    assert [case.expect for case in cases] == [one.outcome], f"{one.rule} {one.name}"
    assert run(BOOK.rules[one.rule], cases[0], CALENDAR).failure is None
