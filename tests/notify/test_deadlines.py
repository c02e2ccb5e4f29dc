"""Due dates in working days are never guessed, retries wait longer each time, and end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.workdays import YearCalendar, builtin
from services.notify.domain.deadlines import Published, due_on, workdays_of
from services.notify.domain.retry import FIRST, LONGEST, backoff, next_try

NOW = datetime(2025, 3, 3, tzinfo=UTC)
COUNTY = "990101"


def published(
    year: int, place: str = "00", off: tuple[date, ...] = (), on: tuple[date, ...] = (), n: int = 0
) -> Published:
    calendar = YearCalendar(year, "通知", frozenset(off), frozenset(on))
    return Published(place, NOW + timedelta(hours=n), str(n), calendar)


@pytest.mark.parametrize(
    ("handed_on", "days", "due"),
    [
        (date(2025, 3, 3), 5, date(2025, 3, 10)),
        (date(2025, 9, 28), 5, date(2025, 10, 11)),  # over the National Day holiday, with a working Saturday
        (date(2026, 12, 30), 5, None),  # crosses into a year without a published calendar
        (date(2027, 3, 3), 5, None),
    ],
)
def test_due_dates_by_the_shipped_calendars(handed_on: date, days: int, due: date | None) -> None:
    assert due_on(handed_on, days, workdays_of(COUNTY, builtin(), [])) == due


def test_a_published_year_makes_a_due_date_known() -> None:
    new_year = published(2027, off=(date(2027, 1, 1),))
    known = workdays_of(COUNTY, builtin(), [new_year])
    assert due_on(date(2026, 12, 30), 5, known) == date(2027, 1, 7)


def test_a_local_day_off_counts_for_places_below_only() -> None:
    local = published(2025, COUNTY, off=(date(2025, 3, 4),))
    assert workdays_of("990101001", builtin(), [local]).is_workday(date(2025, 3, 4)) is False
    assert workdays_of("990102", builtin(), [local]).is_workday(date(2025, 3, 4)) is True


def test_a_local_working_day_beats_the_national_holiday_and_a_local_year_alone_is_unknown() -> None:
    local = published(2025, COUNTY, on=(date(2025, 10, 8),))
    assert workdays_of(COUNTY, builtin(), [local]).is_workday(date(2025, 10, 8)) is True
    assert workdays_of(COUNTY, builtin(), [published(2030, COUNTY)]).is_workday(date(2030, 3, 4)) is None


def test_the_last_recorded_notice_of_a_year_stands() -> None:
    first, second = published(2027, off=(date(2027, 3, 3),), n=1), published(2027, n=2)
    for order in ([first, second], [second, first]):
        assert workdays_of(COUNTY, builtin(), order).is_workday(date(2027, 3, 3)) is True


@settings(deadline=None)
@given(
    st.integers(1, 10_000),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_a_pause_grows_stays_bounded_and_honours_the_receiver(
    attempts: int, jitter: float, asked: timedelta | None
) -> None:
    pause = backoff(attempts, jitter=jitter, asked=asked)
    assert FIRST * 0.75 <= pause <= LONGEST * 1.25
    if asked is not None:
        assert pause >= min(asked, LONGEST)


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    pauses = [backoff(n, jitter=0.5).total_seconds() for n in range(1, 13)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


@settings(deadline=None)
@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(seconds=-5), timedelta(hours=1)))
def test_a_message_is_tried_again_before_it_expires_or_not_at_all(
    attempts: int, jitter: float, left: timedelta
) -> None:
    at = next_try(NOW, NOW + left, attempts, jitter=jitter, asked=None)
    assert at is None or NOW < at < NOW + left
