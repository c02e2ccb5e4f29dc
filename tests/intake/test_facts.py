"""Each fact once in FACTS and nothing acknowledged lost, whatever fails, dies or races."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.js import JetStreamContext

from contracts.event import fact_id
from kit.publish import publish_batch
from kit.streams import FACTS
from services.intake import store
from services.intake.domain import UNCERTAIN, Standing, ended_days, fate_of_unconfirmed
from services.intake.facts import PUBLISHING
from tests.eventually import eventually
from tests.intake.conftest import Intake, Start
from tests.intake.events import SOURCE, raw_issued

connected = pytest.mark.connected
NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def forget_ids(js: JetStreamContext) -> None:
    """Make the stream's own dedup window as good as nothing, and let it pass."""
    config = (await js.stream_info("FACTS")).config
    await js.update_stream(config.evolve(duplicate_window=0.1))
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await eventually(lambda: loop.time() - begin > 0.3)


async def ids(intake: Intake) -> list[str]:
    return [id_ for _, id_, _ in await intake.stored()]


@connected
async def test_the_same_is_a_duplicate_and_other_content_a_conflict_beyond_the_dedup_window(intake: Intake) -> None:
    await intake.batch(raw_issued())
    await forget_ids(intake.js)
    same, other = await intake.batch(raw_issued()), await intake.batch(raw_issued(data={"pages": 9}))
    assert (same[0]["result"], same[0]["position"]) == ("duplicate", 1)
    assert (other[0]["result"], other[0]["position"], other[0]["reason"]["code"]) == ("conflict", 1, "conflict")
    assert await ids(intake) == [fact_id(SOURCE, "doc-1")]


@connected
async def test_within_one_batch_the_first_of_an_id_counts(intake: Intake) -> None:
    results = await intake.batch(
        raw_issued("a"), raw_issued("a"), raw_issued("a", data={"pages": 1}), raw_issued("b"), raw_issued("a")
    )
    assert [result["result"] for result in results] == ["accepted", "duplicate", "conflict", "accepted", "duplicate"]
    assert [result["position"] for result in results] == [1, 1, 1, 2, 1]


@connected
async def test_killed_before_publication_the_fact_is_stored_when_it_comes_again(intake: Intake, start: Start) -> None:
    with mock.patch("services.intake.facts.publish_batch", side_effect=ConnectionError("away")):
        assert (await intake.post(raw_issued())).status_code == 503
    assert await ids(intake) == []
    assert len(await intake.fetch("select from accepted where position is null")) == 1
    await forget_ids(intake.js)
    restarted = await start()
    assert [(r["result"], r["position"]) for r in await restarted.batch(raw_issued())] == [("accepted", 1)]
    assert [(r["result"], r["position"]) for r in await intake.batch(raw_issued())] == [("duplicate", 1)]


@connected
async def test_killed_between_publication_and_record_the_fact_is_found_in_the_stream(
    intake: Intake, start: Start
) -> None:
    await intake.batch(raw_issued("before"))

    async def publish_and_die(*args: Any, **kwargs: Any) -> list[int]:
        await publish_batch(*args, **kwargs)
        raise ConnectionError("killed")

    with mock.patch("services.intake.facts.publish_batch", publish_and_die):
        assert (await intake.post(raw_issued())).status_code == 503
    await intake.batch(raw_issued("after"))
    await forget_ids(intake.js)
    restarted = await start()
    same, other = raw_issued(), raw_issued(data={"pages": 9})
    first, second = await asyncio.gather(restarted.batch(same), intake.batch(same))
    assert [(r["result"], r["position"]) for r in (*first, *second)] == [("duplicate", 2)] * 2
    assert [(r["result"], r["position"]) for r in await intake.batch(other)] == [("conflict", 2)]
    assert Counter(await ids(intake)) == Counter(fact_id(SOURCE, name) for name in ("before", "doc-1", "after"))


@connected
async def test_a_database_that_fails_after_publication_does_not_change_the_answer(intake: Intake) -> None:
    with mock.patch.object(store, "confirm", side_effect=ConnectionError("away")):
        assert [r["result"] for r in await intake.batch(raw_issued())] == ["accepted"]
    await forget_ids(intake.js)
    assert [(r["result"], r["position"]) for r in await intake.batch(raw_issued())] == [("duplicate", 1)]
    assert await ids(intake) == [fact_id(SOURCE, "doc-1")]


@connected
async def test_a_database_that_fails_before_publication_promises_nothing(intake: Intake) -> None:
    with mock.patch.object(store, "reserve", side_effect=ConnectionError("away")):
        assert (await intake.post(raw_issued())).status_code == 503
    assert await ids(intake) == []


@connected
async def test_other_content_waits_until_the_first_cannot_arrive_any_more(intake: Intake) -> None:
    with mock.patch("services.intake.facts.publish_batch", side_effect=ConnectionError("away")):
        assert (await intake.post(raw_issued())).status_code == 503
    mended = raw_issued(data={"pages": 9})
    assert [(r["result"], r["position"]) for r in await intake.batch(mended)] == [("conflict", None)]
    await intake.fetch("update accepted set at = at - $1::interval", UNCERTAIN + timedelta(seconds=1))
    assert [(r["result"], r["position"]) for r in await intake.batch(mended)] == [("accepted", 1)]
    assert [r["result"] for r in await intake.batch(raw_issued())] == ["conflict"]


@connected
async def test_a_late_fallback_of_the_publisher_gives_each_fact_its_own_position(intake: Intake) -> None:
    """A batch of which one id is in the stream already (its reservation lost) is stored around it."""
    await intake.batch(raw_issued("b"))
    await intake.fetch("delete from accepted")
    results = await intake.batch(raw_issued("a"), raw_issued("b"), raw_issued("c"))
    assert [r["position"] for r in results] == [2, 1, 3]


PLAN = st.lists(
    st.tuples(st.integers(0, 1), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=6)),
    min_size=1,
    max_size=8,
)
"""Requests at once: to which process, and of which ids with which of two contents."""


@connected
@given(plan=PLAN, late=PLAN)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_interleaving_gives_one_stored_fact_and_the_first_content(
    start: Start, intake: Intake, plan: list[Any], late: list[Any]
) -> None:
    if not hasattr(intake.app.state, "twin"):
        intake.app.state.twin = await start()
        intake.app.state.round = 0
    intake.app.state.round += 1
    doors = [intake, intake.app.state.twin]

    def item(number: int, content: int) -> bytes:
        return raw_issued(f"r{intake.app.state.round}-{number}", data={"pages": content})

    before = (await intake.js.stream_info("FACTS")).state.last_seq
    answers: list[tuple[int, int, dict[str, Any]]] = []
    for requests in (plan, late):
        replies = await asyncio.gather(*(doors[door].batch(*(item(*one) for one in items)) for door, items in requests))
        for (_, items), reply in zip(requests, replies, strict=True):
            answers += [(*one, result) for one, result in zip(items, reply, strict=True)]
    last = (await intake.js.stream_info("FACTS")).state.last_seq
    stored = [await intake.js.get_msg("FACTS", seq) for seq in range(before + 1, last + 1)]
    by_id = {str((message.headers or {})["Nats-Msg-Id"]): message for message in stored}
    assert len(by_id) == len(stored) == len({number for number, _, _ in answers})
    for number, content, result in answers:
        message = by_id[result["fact_id"]]
        first = b'"pages":1' if b'"pages":1' in (message.data or b"") else b'"pages":0'
        same = f'"pages":{content}'.encode() == first
        assert result["result"] in (("accepted", "duplicate") if same else ("conflict",)), (number, result)
        if result["position"] is not None:
            assert result["position"] == message.seq


def test_lost_content_may_come_again_and_other_content_only_late() -> None:
    lost = Standing(b"a", None, 0, NOW)
    assert fate_of_unconfirmed(lost, b"a", NOW) == "publish"
    assert fate_of_unconfirmed(lost, b"b", NOW + UNCERTAIN) == "conflict"
    assert fate_of_unconfirmed(lost, b"b", NOW + UNCERTAIN + timedelta(seconds=1)) == "publish"


def test_nobody_waits_shorter_than_a_publication_may_take() -> None:
    assert timedelta(seconds=PUBLISHING + (FACTS.duplicate_window or 0)) < UNCERTAIN
    assert (FACTS.duplicate_window or 0) > 2 * PUBLISHING


def test_days_that_ended() -> None:
    today = NOW.date()
    assert ended_days(None, today) == [today - timedelta(days=1)]
    assert ended_days(today - timedelta(days=1), today) == []
    assert ended_days(today - timedelta(days=3), today) == [today - timedelta(days=2), today - timedelta(days=1)]
    assert ended_days(today + timedelta(days=9), today) == []
