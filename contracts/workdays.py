"""Working days (工作日) of China: weekdays, less the days off, plus the weekend days worked (调休) by notice.

A year without a published notice is unknown: every answer that would need it is ``None``, never a guess (product
decision 8).
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """The notice of one year."""

    year: int
    basis: str
    days_off: frozenset[date]
    work_days: frozenset[date]


@dataclass(frozen=True, slots=True)
class Workdays:
    """The known years; local additions are already merged in."""

    years: Mapping[int, YearCalendar]

    def is_workday(self, day: date) -> bool | None:
        """Tell whether people work that day; ``None`` when the year is unknown."""
        year = self.years.get(day.year)
        if year is None:
            return None
        return day in year.work_days or (day.weekday() < _SATURDAY and day not in year.days_off)

    def after(self, start: date, count: int) -> date | None:
        """Return the ``count``-th working day strictly after ``start`` (民法典 201: the first day is not counted)."""
        day = start
        while count > 0:
            day += _DAY
            works = self.is_workday(day)
            if works is None:
                return None
            count -= works
        return day

    def between(self, start: date, end: date) -> int | None:
        """Count the working days strictly after ``start`` through ``end``; 0 when ``end`` is not after ``start``."""
        if end <= start:
            return 0
        known = {year in self.years for year in range((start + _DAY).year, end.year + 1)}
        if known != {True}:
            return None
        return sum(bool(self.is_workday(start + timedelta(days=n))) for n in range(1, (end - start).days + 1))

    def with_years(self, years: Iterable[YearCalendar]) -> "Workdays":
        """Return a calendar in which these years replace those known before."""
        return Workdays({**self.years, **{year.year: year for year in years}})


@cache
def builtin() -> Workdays:
    """Return the calendars that ship with the product (``contracts/calendars.toml``: 2018-2026)."""
    table = tomllib.loads(files("contracts").joinpath("calendars.toml").read_text("utf-8"))
    return Workdays(
        {
            row["year"]: YearCalendar(
                row["year"], row["basis"], frozenset(row["days_off"]), frozenset(row["work_days"])
            )
            for row in table["years"]
        }
    )
