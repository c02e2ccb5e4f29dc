"""What a benchmark says: medians of rounds with their spread, beside targets and the ceilings of the same run."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle


@dataclass(frozen=True)
class Figure:
    """One figure, with its value in each round."""

    name: str
    values: Sequence[float]
    unit: str = "acts/s"
    target: float | None = None
    at_most: bool = False
    """Whether the target is a limit from above, as for times."""

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "met" if (self.median <= self.target if self.at_most else self.median >= self.target) else "MISSED"


def ratio(figure: Figure, ceiling: Figure, target: float | None = None, *, at_most: bool = False) -> Figure:
    """Return a figure as a share of another one, round by round, so that what else the machine did cancels out.

    A ceiling that was measured once stands for every round.
    """
    name = f"  {figure.name} / {ceiling.name}"
    shares = [one / other for one, other in zip(figure.values, cycle(ceiling.values), strict=False)]
    return Figure(name, shares, "", target, at_most)


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as lines of text under a heading."""
    rows = [("", "median", "min", "max", "", "target", "")]
    rows += [
        (
            one.name,
            _shown(one.median),
            _shown(min(one.values)),
            _shown(max(one.values)),
            one.unit,
            "" if one.target is None else f"{'<=' if one.at_most else '>='} {_shown(one.target)}",
            one.verdict,
        )
        for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in (1, 2, 3, 5) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
