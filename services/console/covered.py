"""Data coverage as the page shows it: summed by source and by rule. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.console.answers.policy import Coverage, CoverageLine

_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A source or a rule: how many subjects were judged and decided, and what lacked most."""

    name: str
    title: str
    judged: int
    decided: int
    missing: tuple[tuple[str, int], ...]
    acts: int = 0

    @property
    def share(self) -> int:
        """The percentage that was decided, rounded down: 100 means all."""
        return 100 * self.decided // self.judged if self.judged else 0


@dataclass(frozen=True, slots=True)
class Covered:
    """Both sums, the least decided first."""

    sources: tuple[Line, ...]
    rules: tuple[Line, ...]


def covered(coverage: Coverage) -> Covered:
    """Sum the lines of a coverage by source and by rule; sources of which nothing could be judged are there too."""
    sources = [
        _line(one.source, "", [line for line in coverage.items if line.source == one.source], one.acts)
        for one in coverage.sources
    ]
    titles = {line.rule: line.title for line in coverage.items}
    rules = [
        _line(rule, title, [line for line in coverage.items if line.rule == rule]) for rule, title in titles.items()
    ]
    return Covered(_sorted(sources), _sorted(rules))


def _line(name: str, title: str, lines: Sequence[CoverageLine], acts: int = 0) -> Line:
    missing: Counter[str] = Counter()
    for line in lines:
        missing.update({one.field: one.n for one in line.missing})
    judged, decided = sum(line.judged for line in lines), sum(line.decided for line in lines)
    return Line(name, title, judged, decided, tuple(missing.most_common(_FIELDS)), acts)


def _sorted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.decided / line.judged if line.judged else 1, line.name)))
