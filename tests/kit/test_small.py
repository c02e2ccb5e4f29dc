"""The small parts: clock, ids, errors, settings, failures, pages, metrics, tasks."""

import asyncio
import base64
import contextlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import nats.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from contracts.faults import TEXTS, faults
from kit import clock, errors, ids
from kit.config import ServiceSettings, reveal
from kit.failures import describe, frames, is_outage
from kit.headers import Headers
from kit.metrics import Metrics
from kit.paging import Keyset
from kit.tasks import background

PERSON = "张三"


def test_the_clock_is_aware() -> None:
    assert clock.now().tzinfo is UTC
    assert clock.BEIJING.utcoffset(None) == timedelta(hours=8)


def test_ids_are_unique_sorted_by_time_and_fit_everywhere() -> None:
    made = [ids.new_id() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(len(id_) == 26 and id_.isalnum() and id_ == id_.lower() for id_ in made)
    by_millisecond = [id_[:9] for id_ in made]
    assert by_millisecond == sorted(by_millisecond)
    assert len({ids.token() for _ in range(100)}) == 100
    assert all(len(ids.token()) == 43 for _ in range(10))


def test_bad_input_has_a_status_and_a_code() -> None:
    cases = {
        errors.Rejected: (422, "rejected"),
        errors.Unauthorized: (401, "unauthorized"),
        errors.Forbidden: (403, "forbidden"),
        errors.NotFound: (404, "not_found"),
        errors.Conflict: (409, "conflict"),
        errors.TooLarge: (413, "too_large"),
        errors.Overloaded: (429, "overloaded"),
    }
    for kind, (status, code) in cases.items():
        error = kind("说明", field="title")
        assert (error.status, error.code, error.field, error.detail, str(error)) == (
            status,
            code,
            "title",
            "说明",
            "说明",
        )
        assert kind("说明", code="own").code == "own"
        assert errors.title_of("own", status) == errors.TITLES[code]
    assert errors.title_of("x", 418) == errors.TITLES["bad_request"]
    assert errors.title_of("x", 599) == errors.TITLES["internal"]


ENVIRONMENT = {
    "NATS_URL": "nats://intake:word-of-nats@127.0.0.1:4222",
    "DATABASE_URL": "postgresql://intake:word-of-pg@127.0.0.1/jianfu",
    "JIANFU_PUBLIC_KEY_FILE": "/keys/public.pem",
}


def test_settings_come_from_the_environment_and_keep_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "PORT": "8123", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}.items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings()
    assert (settings.host, settings.port, settings.otlp_endpoint) == ("127.0.0.1", 8123, "http://x")
    assert reveal(settings.nats_url) == ENVIRONMENT["NATS_URL"]
    assert reveal("plain") == "plain"
    assert settings.public_key_file == Path("/keys/public.pem")
    assert "word-of" not in repr(settings)
    assert "word-of" not in settings.model_dump_json()


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_what_is_required_has_no_default(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    with pytest.raises(ValidationError) as caught:
        ServiceSettings()
    assert missing in str(caught.value)
    assert "word-of" not in str(caught.value)


class Model(BaseModel):
    """Something to fail on."""

    pages: int


def _invalid() -> ValidationError:
    try:
        Model.model_validate({"pages": PERSON})
    except ValidationError as error:
        return error
    raise AssertionError


def _unique() -> asyncpg.PostgresError:
    fields = {"C": "23505", "M": f'duplicate key "{PERSON}"', "D": f"Key (name)=({PERSON})", "n": "person_name_key"}
    error = asyncpg.PostgresError.new(fields)
    assert isinstance(error, asyncpg.UniqueViolationError)
    return error


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (_unique(), "UniqueViolationError 23505 at person_name_key"),
        (_invalid(), "ValidationError int_parsing at pages"),
        (TimeoutError(), "TimeoutError"),
        (RuntimeError("no stream"), "RuntimeError: no stream"),
    ],
)
def test_failures_are_named_without_their_data(error: Exception, name: str) -> None:
    assert describe(error) == name


def test_frames_tell_where_and_why_and_no_values() -> None:
    def fail() -> None:
        try:
            raise _unique()
        except asyncpg.PostgresError as cause:
            raise RuntimeError("could not store") from cause

    with pytest.raises(RuntimeError) as caught:
        fail()
    lines = frames(caught.value)
    assert "kit/test_small.py" in lines[0]
    assert "caused by UniqueViolationError 23505 at person_name_key" in lines
    assert PERSON not in "".join(lines)


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (asyncpg.InsufficientPrivilegeError('could not open file "base/1": Read-only file system'), True),
        (asyncpg.InsufficientPrivilegeError("permission denied for table x"), False),
        (asyncpg.PostgresIOError("could not read block 1"), True),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OSError(28, "No space left on device"), True),
        (nats.errors.NoRespondersError(), True),
        (asyncpg.CannotConnectNowError("starting up"), True),
        (asyncpg.DeadlockDetectedError("two waited for each other"), True),
        (asyncpg.TooManyConnectionsError("full"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("cannot call x: connection has been released back to the pool"), True),
        (asyncpg.InterfaceError("the server expects 2 arguments"), False),
        (asyncpg.UniqueViolationError("twice"), False),
        (asyncpg.UndefinedTableError("no table"), False),
        (ValueError("x"), False),
        (errors.Rejected("x"), False),
    ],
)
def test_only_the_world_is_waited_for(error: Exception, outage: object) -> None:
    assert is_outage(error) is outage


@pytest.mark.parametrize(("first", "outage"), [(asyncpg.InternalClientError("state 21"), True), (ValueError(), False)])
def test_a_rollback_that_fails_is_an_outage_when_what_it_undoes_met_one(first: Exception, outage: object) -> None:
    """As when PostgreSQL is killed in the middle of a COPY: the driver refuses the rollback, then the reset."""

    def fail() -> None:
        try:
            try:
                raise first
            finally:
                raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
        finally:
            raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")

    with pytest.raises(asyncpg.InterfaceError) as caught:
        fail()
    assert is_outage(caught.value) is outage


def test_what_pydantic_finds_is_told_in_chinese() -> None:
    """Every text of ours belongs to a kind of error that there is, and finds the numbers it tells."""
    kinds = {str(error["type"]): error["example_context"] for error in list_all_errors()}
    assert set(TEXTS) <= set(kinds)
    for kind, text in TEXTS.items():
        (fault,) = faults([{"loc": ("body", "data", 0, "title"), "type": kind, "ctx": kinds[kind], "input": PERSON}])
        assert fault.field == "data.0.title"
        assert fault.detail != "取值不符合要求", (kind, text)
        assert any("\u4e00" <= character <= "\u9fff" for character in fault.detail)


def test_a_validator_of_ours_that_speaks_chinese_is_quoted_and_others_are_not() -> None:
    own = {"loc": ("query", "to"), "type": "value_error", "ctx": {"error": ValueError("止期早于起期")}}
    foreign = {**own, "ctx": {"error": ValueError("bad value Zhang San")}}
    unknown = {"loc": ("to",), "type": "something_new"}
    details = [(fault.field, fault.detail) for fault in faults([own, foreign, unknown])]
    assert details == [("to", "止期早于起期"), ("to", "取值不符合要求"), ("to", "取值不符合要求")]


@pytest.mark.parametrize(
    ("shape", "key"),
    [
        (tuple[int], b"[9223372036854775808]"),
        (tuple[str], b'["\\u0000"]'),
        (tuple[str], b'["\\ud800"]'),
        (tuple[datetime, str], b'["0001-01-01T00:00:00+14:00", ""]'),
        (tuple[datetime, str], b'["2026-01-01T00:00:00", ""]'),
    ],
)
def test_a_cursor_that_no_database_can_compare_with_is_none_of_ours(shape: Any, key: bytes) -> None:
    with pytest.raises(errors.Rejected) as refused:
        Keyset(shape).decode(base64.urlsafe_b64encode(key).decode().rstrip("="))
    assert refused.value.code == "bad_cursor"


ALERTS: Keyset[tuple[date, str, int | None, bool]] = Keyset(tuple[date, str, int | None, bool])


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)  # what a database may hold


@given(st.tuples(st.dates(), WORDS, st.none() | st.integers(-(2**62), 2**62), st.booleans()))
def test_a_cursor_gives_its_key_back_and_fits_a_url(key: tuple[date, str, int | None, bool]) -> None:
    cursor = ALERTS.encode(key)
    assert ALERTS.decode(cursor) == key
    assert all(character.isalnum() or character in "-_" for character in cursor)


@given(
    st.text() | st.sampled_from([Keyset(tuple[str, int]).encode(("x", 1)), Keyset(tuple[str]).encode(("x",)), "W10"])
)
def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    with pytest.raises(errors.Rejected) as caught:
        ALERTS.decode(cursor)
    assert (caught.value.code, caught.value.field) == ("bad_cursor", "after")


def test_metrics_have_bounded_labels() -> None:
    metrics = Metrics()
    facts = metrics.counter("facts", "Facts taken in.", {"result": ("accepted", "rejected")})
    facts.add(result="accepted")
    facts.add(2, result=PERSON)
    metrics.gauge("lag", "Messages that wait.").set(7)
    metrics.gauge("age_seconds", "Asked when the page is made.", {"reader": ("facts",)}).ask(
        lambda: 3.5, reader="facts"
    )
    metrics.histogram("batch_size", "Messages per batch.", buckets=(1, 10)).observe(5)
    page = metrics.page().decode()
    assert 'jianfu_facts_total{result="accepted"} 1.0' in page
    assert 'jianfu_facts_total{result="other"} 2.0' in page
    assert "jianfu_lag 7.0" in page
    assert 'jianfu_age_seconds{reader="facts"} 3.5' in page
    assert 'jianfu_batch_size_bucket{le="10.0"} 1.0' in page
    assert PERSON not in page
    with pytest.raises(KeyError):
        facts.add()
    Metrics().counter("facts", "Another app in the same process may have the same.")


async def test_background_work_ends_with_its_block() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with background(work(), name="test") as task:
        await asyncio.wait([task], timeout=0.05)
        assert not task.done()
    assert ended.is_set()
    assert task.cancelled()


async def test_background_work_that_swallows_a_cancellation_is_cancelled_again() -> None:
    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async with background(work(), name="test") as task:
        await asyncio.sleep(0)
    assert task.cancelled()


async def test_background_work_that_fails_is_told_and_does_not_break_the_rest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work() -> None:
        raise ValueError("wrong")

    async with background(work(), name="projection") as task:
        await asyncio.wait([task])
        with contextlib.suppress(ValueError):
            task.result()
    said = capsys.readouterr().out
    assert "task.failed" in said
    assert "projection" in said
    assert "ValueError: wrong" in said


def test_headers_are_read_when_asked_for() -> None:
    word = Headers(b"NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 7\r\n\r\n")
    assert dict(word) == {
        "Status": "409",
        "Description": "Message Size Exceeds MaxBytes",
        "Nats-Pending-Messages": "7",
    }
    assert dict(Headers(b"NATS/1.0\r\nn: \xe5\x87\x8f\r\nempty:\r\nbroken\r\nurl: a:b\r\n\r\n")) == {
        "n": "减",
        "empty": "",
        "url": "a:b",
    }
    assert Headers(b"NATS/1.0 100\r\n\r\n")["Description"] == ""
    assert len(Headers(b"")) == 0
