"""What the monitor answers about the rule book's tools: comparisons of packs, data coverage."""

from datetime import date, datetime

from pydantic import Field

from contracts.alerts import Severity
from services.console.answers.shape import Answer, Current


class Named(Answer):
    """A pack by id and title."""

    id: str
    title: str


class Side(Answer):
    """An alert as one of two packs raises it."""

    severity: Severity
    summary: str
    clause: str = ""


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


class Shadow(Answer):
    """The candidate that judges beside the live book."""

    number: int
    started_at: datetime
    pack: str
    against: str
    jurisdiction: str
    acts: int
    position: int
    behind: int
    trouble: str | None = None
    report: Backtest | None = None

    @property
    def percent(self) -> int:
        """Return how much of the log it has judged."""
        return 100 * self.position // max(1, self.position + self.behind)


class ShadowAnswer(Answer):
    """The candidate, if there is one."""

    shadow: Shadow | None = None
    current: Current | None = None


class MissingField(Answer):
    """A field that was not there, and for how many subjects."""

    field: str
    n: int


class CoverageLine(Answer):
    """How much of what a source sent one rule could decide."""

    source: str
    rule: str
    title: str
    judged: int
    decided: int
    missing: tuple[MissingField, ...] = ()


class SampledSource(Answer):
    """A source: how many acts of it were seen, and how many were judged."""

    source: str
    acts: int
    judged: int


class Coverage(Answer):
    """Data coverage over a sample."""

    items: tuple[CoverageLine, ...]
    sources: tuple[SampledSource, ...]
    looked: int
    whole: bool
    current: Current | None = None
