"""How fast one sender may send: the window moves, the wait that is told is long enough, and others do not feel it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client

from kit import clock
from kit.errors import Overloaded
from services.intake.app import _BATCH_BYTES
from services.intake.pace import WINDOW, Pace
from services.intake.reading import MAX_EVENT
from tests.factories import issued, wire
from tests.intake import ledgers
from tests.intake.conftest import BATCH, STRUCTURED, Intake, Start

START = datetime(2025, 3, 4, 9, 0, tzinfo=UTC)
MOST = 10


def bring(pace: Pace, count: int, at: float, sender: str = "a") -> int:
    """Return 0 when it was taken, else the seconds to wait."""
    try:
        pace.take({("token", sender): count}, START + timedelta(seconds=at))
    except Overloaded as error:
        return error.retry_after
    return 0


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 2 * MOST), st.sampled_from("ab")), max_size=60),
)
def test_in_no_minute_more_is_taken_than_may_be_and_who_waits_as_told_is_taken(
    steps: list[tuple[int, int, str]],
) -> None:
    pace, taken, now = Pace(MOST), dict[str, list[tuple[float, int]]](a=[], b=[]), 0.0
    for pause, count, sender in steps:
        now += pause / 10
        wait = bring(pace, count, now, sender)
        if wait:
            assert 1 <= wait <= WINDOW
            now += wait
            while wait := bring(pace, count, now, sender):  # it may be that others' waiting is over first
                now += wait
        taken[sender].append((now, count))
    for ours in taken.values():
        for at, count in ours:
            within = [n for other, n in ours if at - WINDOW + 1 < other <= at]
            assert sum(within) <= MOST or (count > MOST and len(within) == 1) or max(within) > MOST


def test_the_wait_is_until_the_oldest_leave_the_window() -> None:
    pace = Pace(MOST)
    assert bring(pace, 6, 0) == 0
    assert bring(pace, 4, 20) == 0
    assert bring(pace, 1, 30) == 30
    assert bring(pace, 7, 30) == 50
    assert bring(pace, 6, 59) == 1
    assert bring(pace, 6, 60) == 0


def test_one_sender_does_not_slow_another_and_nothing_is_counted_of_what_was_refused() -> None:
    pace = Pace(MOST)
    assert bring(pace, MOST, 0) == 0
    assert bring(pace, 1, 1)
    with pytest.raises(Overloaded):
        pace.take({("token", "b"): MOST, ("token", "a"): 1}, START)
    assert bring(pace, MOST, 1, "b") == 0


def test_a_clock_that_is_set_back_gives_nothing_away_and_locks_nobody_out() -> None:
    pace = Pace(MOST)
    assert bring(pace, MOST, 3600) == 0
    assert 1 <= bring(pace, 1, 0) <= WINDOW
    assert bring(pace, 1, 3600 + WINDOW) == 0


def test_who_is_silent_for_a_minute_is_forgotten() -> None:
    pace = Pace(MOST)
    for number in range(100):
        assert bring(pace, 1, 0, str(number)) == 0
    assert bring(pace, 1, 2 * WINDOW) == 0
    assert len(pace._senders) == 1


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Give a list whose last entry is the time for everything that asks the clock."""
    times = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    return times


def events(count: int, **fields: object) -> list[bytes]:
    return [wire(issued(**fields)) for _ in range(count)]


async def test_a_sender_that_is_too_fast_is_told_when_to_come_again(start: Start, at: list[datetime]) -> None:
    intake: Intake = await start(most_a_minute=MOST)
    body = b"[" + b",".join(events(MOST)) + b"]"
    who = {"sources": ("/99",)}
    assert (await intake.post(body, BATCH, **who)).status_code == 200
    refused = await intake.post(events(1)[0], STRUCTURED, **who)
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_fast"
    assert 1 <= int(refused.headers["retry-after"]) <= WINDOW
    other = await intake.post(events(1, source="/98/oa")[0], STRUCTURED, subject="other", sources=("/98",))
    assert other.status_code == 200
    same_source = await intake.post(events(1)[0], STRUCTURED, subject="third", sources=("/99",))
    assert same_source.status_code == 429
    at.append(at[-1] + timedelta(seconds=int(refused.headers["retry-after"])))
    assert (await intake.post(events(1)[0], STRUCTURED, **who)).status_code == 200


@pytest.mark.parametrize("size", [_BATCH_BYTES + 1, 2 * _BATCH_BYTES])
async def test_a_body_that_is_too_large_is_refused_unread(intake: Intake, size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(0, size, 1024 * 1024):
            yield b" " * (1024 * 1024)
        yield b" "

    headers = {**BATCH, **intake.bearer(sources=("/99",))}
    answer = await intake.client.post("/v1/events", content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_event_that_is_too_large_is_refused_and_its_neighbours_are_taken(intake: Intake) -> None:
    large = wire(issued(id="large", summary="长" * MAX_EVENT))
    results = await intake.batch(events(1)[0], large, events(1)[0], sources=("/99",))
    assert [one["result"] for one in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["reason"]["code"] == "too_large"
    assert await intake.fetch("select 1 from quarantine") == []


async def test_a_batch_of_too_many_is_refused(intake: Intake) -> None:
    answer = await intake.post(b"[" + b",".join(events(1) * 1001) + b"]", BATCH, sources=("/99",))
    assert answer.status_code in {413, 422}
    assert await intake.stored() == []


async def test_what_is_only_tried_is_counted_likewise(start: Start, at: list[datetime]) -> None:
    intake: Intake = await start(most_a_minute=1)
    sheet = {"name": "a", "rows": [["标题", "日期"], ["甲", "2026-01-01"]]}
    form = {"kind": "documents", "jurisdiction": "990101", "unit": "u1", "year": "2026", "dry_run": "true"}

    async def trial() -> int:
        files = {"file": ledgers.xlsx([sheet])}
        headers = intake.bearer("operator")
        return (await intake.client.post("/v1/imports", data=form, files=files, headers=headers)).status_code

    assert [await trial(), await trial()] == [200, 429]
    at.append(at[-1] + timedelta(seconds=WINDOW))
    assert await trial() == 200


async def test_over_nats_too_fast_is_told_likewise(start: Start, nc: Client) -> None:
    intake: Intake = await start(most_a_minute=1)
    headers = {"Authorization": f"Bearer {intake.token(sources=('/99',))}"}
    for expected in ("results", "retry_after"):
        answer = await nc.request("intake.events", b"[" + events(1)[0] + b"]", headers=headers, timeout=30)
        assert expected.encode() in answer.data
