"""Evasions that the rule book finds, tactic by tactic, and alerts that it raises on lawful years: ``docs/evasion.md`` has the figures.

Everything is drawn from seeds and judged in memory by the pure engine, so the figures are the same on every machine.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from bench.figures import Figure
from bench.harness import Rounds, command
from bench.lawful import Script, year
from bench.tactics import TACTICS, Group, Tactic
from contracts.event import Event, Recorded
from contracts.workdays import builtin
from services.monitor.book import Book, load, shipped
from services.monitor.domain import Verdict, fold
from services.monitor.engine import Index, judge
from services.monitor.world import REFERENCE, UNJUDGED, build

LEAST_RECALL: Final = 0.8
MOST_FALSE: Final = 1.0
"""Alerts on 1,000 lawful acts."""
_EACH: Final = 60
"""Evasions of a tactic in a round."""
_YEARS: Final = 4
"""Lawful years of a round."""
_TODAY: Final = date(2026, 2, 28)
"""When all quarters and waiting times are over."""


@dataclass
class Found:
    """How many evasions of a tactic were found, and by which rules."""

    groups: int = 0
    found: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """Return the share that was found."""
        return self.found / self.groups


@dataclass
class Quiet:
    """Alerts on lawful years."""

    acts: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    families: set[str] = field(default_factory=set)

    @property
    def per_thousand(self) -> float:
        """Return the alerts on 1,000 acts."""
        return sum(self.by_rule.values()) * 1000 / self.acts


def alerts(
    book: Book, facts: Sequence[Recorded[Event]], rules: frozenset[str] | None = None
) -> tuple[list[Verdict], int]:
    """Return the alerts of these rules, or of all, on a history, and the number of acts that were judged."""
    acts = fold(facts)
    world = replace(build([act for act in acts if isinstance(act.event, REFERENCE)], builtin()), today=_TODAY)
    judged = [act for act in acts if not isinstance(act.event, UNJUDGED)]
    index = Index(judged)
    pairs = sorted({pair for act in judged for pair in book.scopes(act) if rules is None or pair[0] in rules})
    found = [
        verdict
        for rule, scope in pairs
        for verdict in judge(book, rule, scope, index.scene(scope, book.looks(rule)), world, terse=True)
        if verdict.severity is not None
    ]
    return found, sum(not isinstance(act.event, REFERENCE) for act in judged)


def evade(book: Book, tactic: Tactic, seeds: Sequence[str], each: int) -> Found:
    """Play a tactic, so many evasions for each seed, and return what was found of it."""
    total = Found()
    for seed in seeds:
        script = Script(f"{tactic.name} {seed}")
        script.surroundings()
        groups = list(tactic.make(script, each))
        raised, _ = alerts(book, script.facts, frozenset(tactic.rules))
        for group in groups:
            rules = _on(group, raised)
            total.groups += 1
            total.found += bool(rules)
            total.by_rule.update(rules)
    return total


def _on(group: Group, raised: Iterable[Verdict]) -> set[str]:
    """Return the rules whose alerts stand on an evasion; a warning that a border is near is no find."""
    return {
        verdict.rule
        for verdict in raised
        if verdict.outcome == "violated" and not group.acts.isdisjoint((verdict.subject, *verdict.acts))
    }


def lawful(book: Book, seeds: Sequence[str]) -> Quiet:
    """Judge lawful years with every rule."""
    total = Quiet()
    for seed in seeds:
        script = year(seed)
        raised, acts = alerts(book, script.facts)
        total.acts += acts
        total.by_rule.update(verdict.rule for verdict in raised)
        total.families.update(type(fact.event).family for fact in script.facts)
    return total


async def measure(rounds: Rounds) -> list[Figure]:
    """Play every tactic and judge lawful years, with other seeds in every round."""
    book = load(*shipped())
    each, years = rounds.acts(_EACH), rounds.acts(_YEARS)
    figures = []
    for tactic in TACTICS:
        found = [evade(book, tactic, [f"{number}"], each) for number in rounds]
        by_rule = sum((one.by_rule for one in found), Counter[str]())
        rules = "、".join(f"{rule} {count}" for rule, count in sorted(by_rule.items()))
        name = (
            f"{tactic.title}: {sum(one.found for one in found)} of {sum(one.groups for one in found)} found ({rules})"
        )
        figures.append(Figure(name, [one.recall for one in found], "", LEAST_RECALL))
    quiet = [lawful(book, [f"{number}-{year_}" for year_ in range(years)]) for number in rounds]
    name = (
        f"false alarms: {sum(one.by_rule.total() for one in quiet)} in {sum(one.acts for one in quiet):,} lawful acts"
    )
    per_thousand = [one.per_thousand for one in quiet]
    return [*figures, Figure(name, per_thousand, "of 1,000", MOST_FALSE, at_most=True)]


if __name__ == "__main__":
    command(measure, __doc__ or "")
