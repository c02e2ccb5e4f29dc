"""What notify cannot read is set aside by itself with its reason, and taken in when a newer version can read it."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.alerts import AlertRaised
from contracts.reference import UnitRegistered
from services.notify import store
from tests.eventually import eventually
from tests.factories import day_ended, registered
from tests.notify.conftest import COUNTY, Notify, row
from tests.notify.samples import alert, alert_id

pytestmark = pytest.mark.connected


def of_version_2(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "type": event["type"].replace(".v1", ".v2")}


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let this process know the second versions of alerts and units, which differ in name only."""

    def now() -> None:
        for event in (AlertRaised, UnitRegistered):
            monkeypatch.setattr(event, "version", 2)
            monkeypatch.setattr(event, "upcasters", {1: lambda data: data})

    return now


async def replay(notify: Notify) -> int:
    answer = await notify.post("/v1/parked/replay")
    return int(answer.raise_for_status().json()["replayed"])


async def told(notify: Notify, name: str) -> list[str]:
    """Return the reasons of the decisions on an alert."""
    answer = await notify.get("/v1/deliveries", params={"about": alert_id(name)})
    return [one["reason"] for one in answer.json()["items"]]


async def test_poison_does_not_harm_its_neighbours(notify: Notify) -> None:
    broken = alert("raised", "b")
    del broken["data"]["clause"]
    future = of_version_2(alert("raised", "secret", summary="秘密内容"))
    await notify.raise_(broken, future, alert("raised", "c"))
    shown = await notify.get("/v1/parked")
    assert [(one["stream"], one["position"], one["reason"]) for one in shown.json()["items"]] == [
        ("ALERTS", 1, "data.clause: 缺少此字段"),
        ("ALERTS", 2, "cn.jianfu.alert.raised.v2"),
    ]
    assert "秘密内容" not in shown.text
    assert (await notify.get("/v1/parked", role="discipline")).status_code == 403
    assert (await notify.get("/v1/parked", place="9902")).json()["items"] == []
    assert await told(notify, "c") == ["first"]
    assert await replay(notify) == 0


async def test_a_parked_alert_is_told_once_it_can_be_read(notify: Notify, learn: Callable[[], None]) -> None:
    await notify.raise_(of_version_2(alert("raised", "a")), alert("raised", "b"))
    learn()
    assert await replay(notify) == 1
    assert await replay(notify) == 0
    assert await told(notify, "a") == ["first"]
    assert (await notify.get("/v1/parked")).json()["items"] == []
    assert len((await notify.get("/v1/parked", params={"replayed": True})).json()["items"]) == 1
    async with notify.stream({"after": 0}) as frames:
        seen = [frame async for frame in _data(frames, 2)]
    assert [(frame.id, frame.data["alert_id"]) for frame in seen] == [(1, alert_id("a")), (2, alert_id("b"))]


async def test_nobody_is_told_of_what_a_later_change_has_overtaken(notify: Notify, learn: Callable[[], None]) -> None:
    await notify.raise_(of_version_2(alert("raised", "a")), alert("retracted", "a", revision=2))
    assert await told(notify, "a") == ["never_told"]
    learn()
    assert await replay(notify) == 1
    assert await told(notify, "a") == ["never_told"]
    assert await row(notify.pool, "select count(*) from notify.alert_change") == (2,)
    assert await row(notify.pool, "select count(*) from notify.delivery") == (0,)


async def test_parked_facts_are_taken_in_in_order(notify: Notify, learn: Callable[[], None]) -> None:
    unit = {"unit": "990101.office", "kind": "办公室", "level": 3, "place": COUNTY, "name": "县委办", "superior": None}
    await notify.tell(of_version_2(registered(data=unit)), day_ended(day="2025-03-04"))
    [parked] = (await notify.get("/v1/parked")).json()["items"]
    assert (parked["stream"], parked["subject"]) == ("FACTS", f"facts.{COUNTY}.unit.registered")
    assert await row(notify.pool, "select count(*) from notify.unit_version") == (0,)
    learn()
    assert await replay(notify) == 1
    assert await row(notify.pool, "select unit, name from notify.unit_version") == ("990101.office", "县委办")
    await notify.applied("FACTS", 2)


@pytest.mark.parametrize("stream", ["ALERTS", "FACTS"])
async def test_an_unexpected_error_stops_a_reader_visibly(
    notify: Notify, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    await notify.raise_(alert("raised", "a"))
    await notify.tell(day_ended(day="2025-03-04"))
    reached = await row(notify.pool, f"select seq from notify.checkpoint where stream = '{stream}'")
    monkeypatch.setattr(store, "set_checkpoint", broken)
    if stream == "ALERTS":
        await notify.js.publish(f"alerts.{COUNTY}.warning.DOC-01", b"{}")
    else:
        await notify.js.publish(f"facts.{COUNTY}.unit.registered", b"{}")

    async def trouble() -> object:
        return (await notify.client.get("/readyz")).json()["checks"][stream.lower()]

    await eventually(trouble, "ZeroDivisionError")
    assert (await notify.client.get("/readyz")).status_code == 503
    assert await row(notify.pool, f"select seq from notify.checkpoint where stream = '{stream}'") == reached


async def _data(frames: Any, count: int) -> Any:
    async for frame in frames:
        if frame.data is not None:
            yield frame
            count -= 1
            if not count:
                return
