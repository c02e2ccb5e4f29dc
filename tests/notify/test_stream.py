"""GET /v1/stream through a real server: resumable without gap or repetition, scoped, bounded, and ended in order."""

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from datetime import time

import pytest

from kit.metrics import Metrics
from services.notify.domain.mail import Routing
from services.notify.hub import Hub
from services.notify.measures import Measures
from services.notify.queries import Wanted
from services.notify.reading import Alerts
from services.notify.streaming import Clients, EventStream
from services.notify.wire import AlertChange
from tests.eventually import PATIENCE, eventually
from tests.notify.conftest import Frame, Notify, Start
from tests.notify.samples import alert, alert_id
from tests.serving import GRACE

pytestmark = pytest.mark.connected


async def read(frames: AsyncGenerator[Frame], count: int) -> list[Frame]:
    """Return the next ``count`` events, positions left out."""
    got: list[Frame] = []
    async with asyncio.timeout(PATIENCE):
        async for frame in frames:
            if frame.name != "position":
                got.append(frame)
            if len(got) == count:
                break
    return got


async def test_an_alert_reaches_the_browser_as_the_monitor_shows_it(notify: Notify) -> None:
    async with notify.stream() as frames:
        seq = await notify.raise_(alert("raised"))
        [frame] = await read(frames, 1)
    assert (frame.id, frame.name) == (seq, "")
    assert frame.data == {
        "alert_id": alert_id("a"),
        "revision": 1,
        "change": "raised",
        "state": "standing",
        "rule": "DOC-01",
        "rule_version": 1,
        "title": "文件过长",
        "severity": "warning",
        "verdict": "violated",
        "summary": "正文 6200 字，超过 5000 字",
        "unit_id": "990101.office",
        "jurisdiction": "990101",
        "happened_on": "2025-03-03",
        "subject": "act",
        "clause": {"document": "整治形式主义为基层减负若干规定", "clause": "一·3", "quote": "一般不超过5000字"},
        "acts": alert("raised")["data"]["acts"],
        "updated_at": "2025-03-03T09:00:00+08:00",
    }


async def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(start: Start) -> None:
    notify = await start(NOTIFY_STREAM_BUFFER=16)
    seen: list[int] = []
    total, last = 120, None
    for begin in range(0, total, 40):
        await notify.raise_(*(alert("raised", f"n{n}") for n in range(begin, begin + 40)))
        while len(seen) + 11 <= begin + 40:
            async with notify.stream(last_event_id=last or 0) as frames:
                got = await read(frames, 11)
            seen += [frame.id for frame in got]
            last = seen[-1]
    async with notify.stream(last_event_id=last) as frames:
        seen += [frame.id for frame in await read(frames, total - len(seen))]
    assert seen == list(range(1, total + 1))


async def test_a_restart_loses_nothing(start: Start) -> None:
    notify = await start()
    await notify.raise_(*(alert("raised", f"n{n}") for n in range(5)))
    again = await start()
    async with again.stream(last_event_id=2) as frames:
        assert [frame.id for frame in await read(frames, 3)] == [3, 4, 5]


async def test_a_client_that_saw_nothing_yet_still_knows_its_position(notify: Notify) -> None:
    seq = await notify.raise_(alert("raised"))
    async with notify.stream() as frames:
        first = await anext(frames)
    assert (first.name, first.id) == ("position", seq)


async def test_a_caller_sees_its_own_places_only(notify: Notify) -> None:
    await notify.raise_(
        alert("raised", "a", place="990101"),
        alert("raised", "b", place="990102"),
        alert("raised", "c", place="990101001", severity="serious"),
        alert("raised", "d", place="990101", rule="MTG-01", severity="info"),
    )
    assert await seen(notify, 3) == ["a", "c", "d"]
    assert await seen(notify, 2, {"severity": ["serious", "info"]}) == ["c", "d"]
    assert await seen(notify, 1, {"rule": "MTG-01"}) == ["d"]
    assert await seen(notify, 1, {"jurisdiction": "990101001"}) == ["c"]
    assert await seen(notify, 4, place="99", role="discipline") == ["a", "b", "c", "d"]
    assert (await notify.get("/v1/stream", params={"jurisdiction": "990102"})).status_code == 403
    assert (await notify.get("/v1/stream", role="office")).status_code == 403
    assert (await notify.client.get("/v1/stream")).status_code == 401


async def seen(notify: Notify, count: int, params: dict[str, object] | None = None, **who: str) -> list[str]:
    names = {alert_id(name): name for name in "abcd"}
    async with notify.stream(params, last_event_id=0, **who) as frames:
        return [names[frame.data["alert_id"]] for frame in await read(frames, count)]


async def test_unreadable_parameters_are_refused_in_chinese(notify: Notify) -> None:
    for params in ({"severity": "critical"}, {"jurisdiction": "x"}, {"after": "-1"}):
        answer = await notify.get("/v1/stream", params=params)
        assert answer.status_code == 422
        assert answer.json()["title"]
    headers = {**notify.bearer(), "last-event-id": "abc"}
    assert (await notify.client.get("/v1/stream", headers=headers)).status_code == 422


async def test_the_description_of_the_api_can_be_built(notify: Notify) -> None:
    paths = (await notify.client.get("/openapi.json")).json()["paths"]
    assert "text/event-stream" in paths["/v1/stream"]["get"]["responses"]["200"]["content"]
    assert {"/v1/deliveries", "/v1/clues", "/v1/clues/{clue_id}/receive"} < set(paths)


async def test_there_are_only_so_many_streams(start: Start) -> None:
    notify = await start(NOTIFY_STREAM_CLIENTS=1)
    async with notify.stream() as frames:
        await anext(frames)
        refused = await notify.get("/v1/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    await eventually(lambda: _opens(notify))


async def _opens(notify: Notify) -> bool:
    async with notify.client.stream("GET", "/v1/stream", headers=notify.bearer()) as response:
        return response.status_code == 200


async def test_an_open_stream_does_not_hold_up_the_end(start: Start) -> None:
    notify = await start()
    await notify.raise_(alert("raised"))
    async with notify.stream(last_event_id=0) as frames:
        await read(frames, 1)
        async with asyncio.timeout(GRACE - 2):
            ending = asyncio.ensure_future(notify.stop())
            assert [frame.name async for frame in frames if frame.name != "position"] == []
            await ending


async def test_what_was_committed_unheard_still_reaches_the_clients(notify: Notify) -> None:
    """A connection that breaks at a commit leaves the table ahead of memory; the reader's next start mends it."""
    alerts = Alerts(notify.pool, Routing((), {}, time(17)), Hub(16), lambda: None, Measures(Metrics()).decisions)
    await notify.raise_(alert("raised", "a"), alert("raised", "b"))
    frames = alerts.hub.follow(Wanted("00"), after=None, history=_nothing)
    assert b"id: 0" in await anext(frames)
    assert await alerts.resume() == 2
    got = [await anext(frames) for _ in range(2)]
    assert [frame.split(b"\n")[0] for frame in got] == [b"id: 1", b"id: 2"]


async def _nothing(_after: int, _to: int, _limit: int) -> list[AlertChange]:
    return []


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    hub, clients = Hub(16), Clients(1, Measures(Metrics()).streams)
    stream = EventStream(hub.follow(Wanted("00"), after=None, history=_nothing), clients, patience=0.05)
    sent: list[str] = []

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(str(message["type"]))
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE):
        await stream.stream_response(send)
    assert sent == ["http.response.start", "http.response.body"]
    clients.check()  # it is not counted any more
