"""What the monitor answers about the rule book's tools: comparisons of packs."""

from datetime import date, datetime

from pydantic import Field

from contracts.alerts import Severity
from services.console.answers.shape import Answer


class Named(Answer):
    """A pack by id and title."""

    id: str
    title: str


class Side(Answer):
    """An alert as one of two packs raises it."""

    severity: Severity
    summary: str


class Example(Answer):
    """One alert that two packs do not raise alike."""

    unit_id: str
    happened_on: date
    act: str | None = None
    now: Side | None = None
    before: Side | None = None


class RuleDifference(Answer):
    """What two packs find differently under one rule."""

    rule: str
    title: str
    same: int
    raised: int
    gone: int
    changed: int
    examples: dict[str, tuple[Example, ...]] = Field(default_factory=dict)


class Backtest(Answer):
    """A comparison of two packs over the facts of a place."""

    number: int
    at: datetime
    pack: Named
    against: Named
    jurisdiction: str
    since: date | None = None
    until: date | None = None
    acts: int
    position: int
    compared: tuple[str, ...] = ()
    rules: tuple[RuleDifference, ...] = ()

    def total(self, kind: str) -> int:
        """Return how many alerts differ in one way."""
        return sum(int(getattr(rule, kind)) for rule in self.rules)
