"""What acts count for: a unit's year, a target's year, a leader's month, an app's owner. Pure.

An act *offers* the keys of its windows and nothing looks along them: they are scopes, judged as a whole by rules that count or
add up (``quota``, ``share``). What lasts counts for every period that it touches. One row is one family of keys, and rules name it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from contracts.activities import (
    DemonstrationAccepted,
    DemonstrationEnded,
    DemonstrationStarted,
    PlaqueHung,
    PlaqueRemoved,
)
from contracts.inspections import InspectionVisited
from contracts.meetings import MeetingConvened
from contracts.oversight import TicketClosed
from contracts.reports import ReportDemanded
from contracts.research import ResearchVisited
from contracts.secondments import SecondmentStarted
from services.monitor.domain import CHINA, Act
from services.monitor.periods import Length, Period, add_months, periods, read_period

Values = Callable[[Act], str | None]
Span = Callable[[Act], tuple[date, date | None]]
_MOST_PERIODS: Final = 10
"""Years or months that one act counts for."""
_CITY: Final = 2
_YEAR: Final = 12


class Counted(NamedTuple):
    """How acts of one event count in a window: for what, and on which days (by default that of the fact)."""

    value: Values
    span: Span = lambda act: (act.day, None)


@dataclass(frozen=True, slots=True)
class Window:
    """One family of keys."""

    family: str
    per: Length | None
    """``None``: for ever, what stands counts."""
    of: Mapping[str, Counted] = field(default_factory=dict)


def _unit(act: Act) -> str:
    return act.unit


def _target(act: Act) -> str:
    return act.read(InspectionVisited).target.unit


def _firm(act: Act) -> str | None:
    event = act.read(InspectionVisited)
    return f"{act.unit}|{event.target.unit}" if event.target.kind == "企业" else None


def _visited(act: Act) -> tuple[date, None]:
    return act.read(InspectionVisited).visited_at.astimezone(CHINA).date(), None


def _owner(act: Act) -> str:
    return getattr(act.event, "owner", None) or act.unit


def _leader(act: Act) -> str | None:
    return act.read(ResearchVisited).leader


def _toured(act: Act) -> tuple[date, date | None]:
    event = act.read(ResearchVisited)
    return event.starts_on, event.ends_on


def _ran(act: Act) -> tuple[date, date | None]:
    event = act.read(DemonstrationStarted)
    return event.starts_on, event.cycle_ends


def _stopped(act: Act) -> tuple[date, date]:
    """Return the years in which an end is told of: what ended might have run on."""
    day = act.read(DemonstrationEnded).closed_on
    return day, date(min(day.year + _MOST_PERIODS - 1, date.max.year - 1), 1, 1)


def _acceptance(act: Act) -> str:
    event = act.read(DemonstrationAccepted)
    return f"{event.demonstration}|{event.target.unit}"


def _system(act: Act) -> str | None:
    """Only comprehensive meetings of a stated system count for its year."""
    event = act.read(MeetingConvened)
    return f"{act.place}|{event.system}" if event.system and event.kind == "综合" else None


def _started(act: Act) -> tuple[date, None]:
    return act.read(MeetingConvened).starts_at.astimezone(CHINA).date(), None


def _borrower(act: Act) -> str | None:
    """Loans from above the county: those that are surely from below do not count."""
    event = act.read(SecondmentStarted)
    return None if event.from_level is not None and event.from_level > _CITY else event.to_unit


def _asking(act: Act) -> str | None:
    """Only demands about the relief of burdens itself count: what the mechanism asks for."""
    words = act.read(ReportDemanded).subject_matter
    return act.unit if "减负" in words or "形式主义" in words else None


def _ticketed(act: Act) -> tuple[date, date | None]:
    """Return the days of a ticket: one of a year may be closed in the next, so its closing is told of in both."""
    if isinstance(act.event, TicketClosed):
        day = act.event.closed_at.astimezone(CHINA).date()
        return add_months(day, -_YEAR), day
    return act.day, None


def _outside(act: Act) -> str | None:
    return _on_side(act, "外")


def _inside(act: Act) -> str | None:
    return _on_side(act, "内")


def _on_side(act: Act, side: str) -> str | None:
    """Return the unit at which a plaque hangs; one that is not known to hang at the other side may be at this one."""
    event = act.read(PlaqueHung)
    return event.unit if event.side in (side, None) else None


def _taken_down(act: Act) -> str:
    """No one tells at which side a plaque was that is gone: it ends at both what bears its name."""
    return act.read(PlaqueRemoved).unit


WINDOWS: Final[Mapping[str, Window]] = {
    window.family: window
    for window in (
        Window("docs", "年"),  # these three are offered in ``relations``, with the plans of their years
        Window("meetings", "年"),
        Window("inspections", "年"),
        Window(
            "demonstrations",
            "年",
            {"dem.started": Counted(_unit, _ran), "dem.ended": Counted(_unit, _stopped)},
        ),
        Window("accepted", None, {"dem.accepted": Counted(_acceptance)}),
        Window("visited", "年", {"ins.visit": Counted(_target, _visited)}),
        Window("firms", "年", {"ins.visit": Counted(_firm, _visited)}),
        Window("visits", "季", {"ins.visit": Counted(_unit, _visited)}),
        Window("leader", "月", {"res.visited": Counted(_leader, _toured)}),
        Window("system", "年", {"mtg.convened": Counted(_system, _started)}),
        Window("borrowing", "年", {"sec.started": Counted(_borrower)}),
        Window("asks", "月", {"rpt.demanded": Counted(_asking)}),
        Window("apps", None, {"app.registered": Counted(_owner), "app.closed": Counted(_owner)}),
        Window("outside", None, {"plaque.hung": Counted(_outside), "plaque.removed": Counted(_taken_down)}),
        Window("inside", None, {"plaque.hung": Counted(_inside), "plaque.removed": Counted(_taken_down)}),
        Window("tickets", "年", dict.fromkeys(("ticket.opened", "ticket.closed"), Counted(_unit, _ticketed))),
        Window("forms", "年", {"rpt.form_registered": Counted(_unit)}),
    )
}
"""Every window: family -> what counts in it. The oracle of ``tests/differential`` states each again, so that a wrong one is found."""


def offers(act: Act) -> Iterator[str]:
    """Yield the keys of the windows that an act counts for."""
    for window, counted in _BY_EVENT.get(act.name, ()):
        value = counted.value(act)
        if value is None:
            continue
        if window.per is None:
            yield f"{window.family}|{value}"
            continue
        first, last = counted.span(act)
        for one in periods(first, last or first, window.per, _MOST_PERIODS):
            yield f"{window.family}|{value}|{one.code}"


def period_of_key(key: str) -> Period | None:
    """Return the period that a window's key is of; ``None`` for one without."""
    family, _, rest = key.partition("|")
    return read_period(rest.rsplit("|", 1)[1]) if WINDOWS[family].per else None


def _by_event() -> Mapping[str, tuple[tuple[Window, Counted], ...]]:
    names = {name for window in WINDOWS.values() for name in window.of}
    return {
        name: tuple((window, window.of[name]) for window in WINDOWS.values() if name in window.of) for name in names
    }


_BY_EVENT: Final = _by_event()


def known(families: Iterable[str]) -> bool:
    """Tell whether all of these are families of windows."""
    return all(name in WINDOWS for name in families)
