"""A clock that jumps by an hour, either way: intake takes everything once, and tells of every day once."""

from datetime import timedelta

import pytest

from kit import clock
from services.intake.ticking import tick
from tests.intake.conftest import Intake
from tests.intake.events import raw_issued

pytestmark = pytest.mark.connected

JUMPS = [timedelta(hours=1), -timedelta(hours=1)]


def jump(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let intake's clock jump."""
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + by)


@pytest.mark.parametrize("by", JUMPS, ids=str)
async def test_facts_are_taken_once_whatever_the_clock_says(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    bearer = intake.bearer()  # signed before the jump
    kind = {"content-type": "application/cloudevents-batch+json"}
    results: list[str] = []
    for id_ in ("before", "after"):
        if id_ == "after":
            jump(monkeypatch, by)
        body = b"[" + b",".join([raw_issued("both"), raw_issued(id_), raw_issued(id_, data={"pages": 9})]) + b"]"
        answer = await intake.client.post("/v1/events", content=body, headers={**kind, **bearer})
        assert answer.status_code == 200, answer.text
        results += [one["result"] for one in answer.json()["results"]]
    assert results == ["accepted", "accepted", "conflict", "duplicate", "accepted", "conflict"]
    assert len(await intake.stored()) == 3
    assert (await intake.client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("by", JUMPS, ids=str)
async def test_a_day_is_told_once_whatever_the_clock_says(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    midnight = clock.now().astimezone(clock.BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: midnight + timedelta(minutes=30))
    await tick(intake.parts.pool, intake.parts.taker, clock.now())
    told = len(await intake.stored())
    assert told == 1
    jump(monkeypatch, by)  # back over midnight, or forth
    await tick(intake.parts.pool, intake.parts.taker, clock.now())
    assert len(await intake.stored()) == told
