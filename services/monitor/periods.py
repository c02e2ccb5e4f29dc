"""Months, quarters, half-years and years of the calendar, with their Chinese names and the ends of keys that stand for them. Pure."""

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

Length = Literal["月", "季", "半年", "年"]
MONTHS: Final[Mapping[Length, int]] = {"月": 1, "季": 3, "半年": 6, "年": 12}
_HALVES: Final = ("上半年", "下半年")
_CODE: Final = re.compile(r"(\d{1,4})(?:-(?:Q(\d)|H(\d)|(\d{2})))?")


class Period(NamedTuple):
    """One month, quarter, half-year or year."""

    name: str
    code: str
    """How a key ends that is of it: ``2025``, ``2025-H1``, ``2025-Q1``, ``2025-03``."""
    start: date
    end: date
    """The last day."""


def add_months(day: date, months: int) -> date:
    """Return the same day so many calendar months later, or the month's last day when there is none (民法典 202).

    Beyond either end of the calendar it is the first or last day that there is: facts may state any day.
    """
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def period_of(day: date, length: Length) -> Period:
    """Return the period of a length that a day is in."""
    months = MONTHS[length]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    name, code = _named(start, length)
    following = add_months(start, months)
    return Period(name, code, start, following if following == date.max else following - timedelta(days=1))


def periods(first: date, last: date, length: Length, most: int) -> Iterator[Period]:
    """Yield the periods from one day to another, the first ``most`` of them; there is always one."""
    found = period_of(first, length)
    yield found
    for _ in range(most - 1):
        if found.end >= last:
            return
        found = period_of(found.end + timedelta(days=1), length)
        yield found


def read_period(code: str) -> Period | None:
    """Return the period that the end of a key stands for; ``None`` when it stands for none."""
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    year, quarter, half, month = match.groups()
    if quarter:
        return period_of(date(int(year), int(quarter) * 3, 1), "季")
    if half:
        return period_of(date(int(year), int(half) * 6, 1), "半年")
    return period_of(date(int(year), int(month), 1), "月") if month else period_of(date(int(year), 1, 1), "年")


def _named(start: date, length: Length) -> tuple[str, str]:
    if length == "月":
        return f"{start.year}年{start.month}月", f"{start.year}-{start.month:02}"
    if length == "季":
        quarter = (start.month + 2) // 3
        return f"{start.year}年第{quarter}季度", f"{start.year}-Q{quarter}"
    if length == "半年":
        half = start.month // 7
        return f"{start.year}年{_HALVES[half]}", f"{start.year}-H{half + 1}"
    return f"{start.year}年", str(start.year)
