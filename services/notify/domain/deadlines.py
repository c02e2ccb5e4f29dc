"""By when a clue must be signed for: working days of the published calendars, or not known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from contracts.jurisdiction import NATION, path_of
from contracts.workdays import Workdays, YearCalendar


@dataclass(frozen=True, slots=True)
class Published:
    """One calendar that somebody published for a place and year."""

    place: str
    recorded: datetime
    fact_id: str
    calendar: YearCalendar


def workdays_of(place: str, base: Workdays, published: Iterable[Published]) -> Workdays:
    """Return the calendar of a place: the nation's years (``base`` unless published since) with what its ancestors add.

    Of several notices of one place and year the last recorded stands. An addition to a year without a national notice
    changes nothing: that year stays unknown.
    """
    latest: dict[tuple[str, int], Published] = {}
    for one in sorted(published, key=lambda one: (one.recorded, one.fact_id)):
        latest[one.place, one.calendar.year] = one
    years = dict(base.with_years(one.calendar for one in latest.values() if one.place == NATION).years)
    for ancestor in path_of(place)[1:]:
        for year in list(years):
            if local := latest.get((ancestor, year)):
                years[year] = _with(years[year], local.calendar)
    return Workdays(years)


def due_on(handed_on: date, days: int, workdays: Workdays) -> date | None:
    """Return the last day for signing: the ``days``-th working day after the handover; None when a year is unknown."""
    return workdays.after(handed_on, days)


def _with(year: YearCalendar, local: YearCalendar) -> YearCalendar:
    return YearCalendar(
        year.year,
        year.basis,
        (year.days_off - local.work_days) | local.days_off,
        (year.work_days - local.days_off) | local.work_days,
    )
