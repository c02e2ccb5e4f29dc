"""工作日: the published years, and nothing beyond them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.workdays import YearCalendar, builtin

CALENDAR = builtin()
DAYS = st.dates(date(2018, 1, 1), date(2026, 8, 31))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 9, 30), date(2026, 10, 9)),
        (date(2026, 2, 13), date(2026, 2, 24)),
        (date(2026, 9, 18), date(2026, 9, 21)),
        (date(2026, 12, 30), None),  # 2027 is not published
    ],
)
def test_the_second_working_day_after_receipt(received, due):
    assert CALENDAR.after(received, 2) == due


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 9, 28), True),  # a Sunday that is worked
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),  # a Saturday that is worked
        (date(2025, 10, 12), False),
        (date(2027, 1, 4), None),
        (date(2017, 6, 1), None),
    ],
)
def test_days_off_and_worked_weekends(day, works):
    assert CALENDAR.is_workday(day) is works


@given(DAYS, st.integers(0, 30))
def test_counting_forth_and_back_agree(start, count):
    end = CALENDAR.after(start, count)
    assert end is not None
    assert CALENDAR.between(start, end) == count
    assert CALENDAR.is_workday(end) or count == 0


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_spans_add_up(start, first, second):
    middle, end = start + timedelta(days=first), start + timedelta(days=first + second)
    whole, one, other = CALENDAR.between(start, end), CALENDAR.between(start, middle), CALENDAR.between(middle, end)
    assert None not in (whole, one, other)
    assert whole == (one or 0) + (other or 0)


def test_an_unknown_year_is_told_and_never_guessed():
    assert CALENDAR.between(date(2026, 12, 30), date(2027, 1, 4)) is None
    assert CALENDAR.between(date(2027, 1, 4), date(2027, 1, 4)) == 0
    known = CALENDAR.with_years([YearCalendar(2027, "通知", frozenset({date(2027, 1, 1)}), frozenset())])
    assert known.between(date(2026, 12, 30), date(2027, 1, 4)) == 2
    assert known.is_workday(date(2025, 10, 1)) is False
