"""What the overview works out of the services' answers. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.alerts import Severity
from services.console.answers.intake import Source
from services.console.answers.ledger import Count, Plan
from services.console.answers.monitor import Forecast, RuleCount, Sheet
from services.console.wording import FAMILIES, SEVERITIES

MONTHS = 12
NEARLY_USED = 0.8
STRAYS = 10
HOURS = 24
SILENT_DAYS = 7
"""A source is called silent when it is this many days behind."""


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How many alerts of one rule stand."""

    rule: str
    title: str
    severity: Severity
    n: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The standing alerts, counted."""

    total: int
    by_severity: Mapping[str, int]
    by_rule: tuple[RuleTally, ...]

    @property
    def most(self) -> int:
        """The greatest count of one rule."""
        return max((rule.n for rule in self.by_rule), default=0)


def tally(counts: Iterable[RuleCount], titles: Mapping[str, str]) -> Tally:
    """Sum standing alerts by severity and by rule, the most frequent rule first."""
    order = list(SEVERITIES)
    by_severity: Counter[str] = Counter()
    by_rule: Counter[str] = Counter()
    worst: dict[str, Severity] = {}
    for count in counts:
        by_severity[count.severity] += count.n
        by_rule[count.rule] += count.n
        worst[count.rule] = min(worst.get(count.rule, count.severity), count.severity, key=order.index)
    rules = (RuleTally(rule, titles.get(rule, ""), worst[rule], n) for rule, n in by_rule.items())
    return Tally(
        total=by_rule.total(),
        by_severity={severity: by_severity[severity] for severity in order},
        by_rule=tuple(sorted(rules, key=lambda rule: (-rule.n, order.index(rule.severity), rule.rule))),
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """A family's acts by month of a year, beside the year before."""

    family: str
    title: str
    this_year: tuple[int, ...]
    last_year: tuple[int, ...]
    until: int
    """The last month (1..12) that has begun; sums compare the same months of both years."""

    @property
    def total(self) -> int:
        """Acts of this year."""
        return sum(self.this_year[: self.until])

    @property
    def total_before(self) -> int:
        """Acts of the same months of the year before."""
        return sum(self.last_year[: self.until])


def trends(counts: Iterable[Count], *, year: int, until: int) -> tuple[Trend, ...]:
    """Sum counts over units for each family of the overview and each month of ``year``."""
    now: Counter[tuple[str, int]] = Counter()
    before: Counter[tuple[str, int]] = Counter()
    for count in counts:
        counted_year, _, month = count.month.partition("-")
        if counted_year == str(year) and month.isdigit():
            now[count.family, int(month)] += count.n
            before[count.family, int(month)] += count.n_last_year
    return tuple(
        Trend(
            family=family,
            title=title,
            this_year=tuple(now[family, month] for month in range(1, MONTHS + 1)),
            last_year=tuple(before[family, month] for month in range(1, MONTHS + 1)),
            until=until,
        )
        for family, title in FAMILIES.items()
    )


def is_populated(year: Iterable[Trend]) -> bool:
    """Tell whether the acts of a year have arrived: at least a tenth of what the year before had in the same months."""
    shown = tuple(year)
    total, before = sum(trend.total for trend in shown), sum(trend.total_before for trend in shown)
    return total > 0 and STRAYS * total >= before


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A unit's yearly plan with what is used of it and what is to be expected."""

    owner: str
    kind: str
    cap: int | None
    used: int
    exceeds_on: date | None
    unplanned: int

    @property
    def state(self) -> str:
        """``over``, ``near``, ``ahead`` (it will be exceeded if things go on so) or ``fine``."""
        if self.cap is None:
            return "fine"
        if self.used > self.cap:
            return "over"
        if self.used >= NEARLY_USED * self.cap:
            return "near"
        return "ahead" if self.exceeds_on else "fine"

    @property
    def share(self) -> int:
        """Used, in percent of the cap, at most 100."""
        return min(100, round(100 * self.used / self.cap)) if self.cap else 0


_URGENCY = ("over", "near", "ahead", "fine")


def plan_lines(plans: Iterable[Plan], forecasts: Iterable[Forecast]) -> tuple[PlanLine, ...]:
    """Join plans and forecasts, the most urgent first."""
    expected = {(one.unit_id, one.kind, one.cap): one.exceeds_on for one in forecasts}
    lines = [
        PlanLine(
            owner=plan.owner,
            kind=plan.kind,
            cap=plan.cap,
            used=plan.used,
            exceeds_on=expected.get((plan.owner, plan.kind, plan.cap)),
            unplanned=plan.unplanned,
        )
        for plan in plans
    ]
    return tuple(sorted(lines, key=lambda line: (_URGENCY.index(line.state), -line.share, line.owner, line.kind)))


def other_quotas(plans: Iterable[Plan], forecasts: Iterable[Forecast]) -> tuple[Forecast, ...]:
    """Return the forecasts of caps that are no plan's, in the order in which they are exceeded; those without a cap are left out."""
    planned = {(plan.owner, plan.kind, plan.cap) for plan in plans}
    return tuple(one for one in forecasts if one.cap is not None and (one.unit_id, one.kind, one.cap) not in planned)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source and how far it is behind the one that spoke last."""

    source: Source
    behind: int | None
    """Whole days; ``None`` when it never sent a fact."""

    @property
    def silent(self) -> bool:
        """Whether it is behind for long: nothing happened there, or it does not tell."""
        return self.behind is None or self.behind >= SILENT_DAYS


@dataclass(frozen=True, slots=True)
class Feed:
    """All sources together."""

    lines: tuple[SourceLine, ...]
    quiet: int | None
    """Whole days since any source sent a fact; ``None`` when none ever did."""

    @property
    def numbered(self) -> tuple[Source, ...]:
        """The sources whose senders number what they keep, those with missing numbers first."""
        found = (line.source for line in self.lines if line.source.numbered)
        return tuple(sorted(found, key=lambda one: (-(one.numbered.missing if one.numbered else 0), one.source)))

    @property
    def silent(self) -> int:
        """How many sources are silent while others speak."""
        return sum(line.silent for line in self.lines)

    @property
    def stale(self) -> bool:
        """Whether nothing comes from anywhere."""
        return self.quiet is None or self.quiet >= SILENT_DAYS


def feed_of(sources: Sequence[Source]) -> Feed:
    """Compare sources with the one that spoke last, so that a silent one is seen apart from a stop of everything."""
    least = min((source.silent_hours for source in sources if source.silent_hours is not None), default=None)
    lines = (
        SourceLine(
            source,
            None if source.silent_hours is None or least is None else int((source.silent_hours - least) // HOURS),
        )
        for source in sources
    )
    return Feed(tuple(lines), None if least is None else int(least // HOURS))


def merged(sheets: Sequence[Sheet]) -> Sheet:
    """Return what the rules say of the facts of one act, each thing once; a rule that speaks of one is not silent."""
    verdicts = {(one.rule, one.outcome, one.reason): one for sheet in sheets for one in sheet.verdicts}
    spoke = {one.rule for one in verdicts.values()}
    silent = {one.rule: one for sheet in sheets for one in sheet.not_applicable if one.rule not in spoke}
    return Sheet(verdicts=tuple(verdicts.values()), not_applicable=tuple(silent[rule] for rule in sorted(silent)))
