"""The live list: rows as they come, no gap after an interruption, and an end with the session."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from kit.auth import Role
from kit.clock import now
from services.console import live
from services.console.desk import Desk
from services.console.live import Follow, Follower, Frame, read_frames
from services.console.session import User
from tests.console import fake_data as data
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend
from tests.console.stage import KeyPair, console_over, token_of
from tests.eventually import PATIENCE
from tests.serving import served


async def lines_of(text: str) -> AsyncIterator[str]:
    for line in text.split("\n"):
        yield line


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("id: 7\ndata: a\n\n", [Frame("", "7", "a")]),
        ("data: a\ndata: b\n\n", [Frame("", "", "a\nb")]),
        (": ping\n\n", []),
        (": ping\nid: 9\n\n", [Frame("", "9", "")]),
        ("event: end\nid: 3\ndata: {}\n\nid: 4\ndata:x\n\n", [Frame("end", "3", "{}"), Frame("", "4", "x")]),
        ("retry: 2000\n\ndata: unfinished", []),
    ],
)
async def test_events_are_read_as_the_standard_says(text: str, frames: list[Frame]) -> None:
    assert [frame async for frame in read_frames(lines_of(text))] == frames


class Watcher:
    """Collects what a live list sends."""

    def __init__(
        self, app: FastAPI, key_pair: KeyPair, *, expires_in: float = 60, last_id: str = "", **follow: str
    ) -> None:
        user = User(
            "operator@qinghe",
            Role.OPERATOR,
            "990101",
            token=token_of(key_pair, Role.OPERATOR),
            expires=now() + timedelta(seconds=expires_in),
        )
        desk = Desk(request=None, user=user, state=app.state.console)  # type: ignore[arg-type]  # no page is drawn
        self.events = Follower(desk, Follow(**follow), last_id).events()

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE):
            event = await anext(self.events)
        return event.raw_data or f"position {event.id}"

    async def row(self) -> str:
        while 'hx-target="#live"' not in (text := await self.next()):
            pass
        return text


@pytest.fixture
async def console_over_network(backend: FakeBackend, key_pair: KeyPair) -> AsyncIterator[FastAPI]:
    """Give a console that reaches its services over the network, so that a stream can flow."""
    async with served(backend.app) as url, console_over(url, key_pair) as app:
        yield app
        await backend.hang_up()


async def test_an_alert_arrives_as_a_row_that_replaces_its_older_self(
    console_over_network: FastAPI, backend: FakeBackend, key_pair: KeyPair
) -> None:
    watcher = Watcher(console_over_network, key_pair)
    assert "实时" in await watcher.next()
    assert await watcher.next() == "position 0"
    one = await backend.raise_alert(50, "MTG-06", "qh.yjj", "又开了一次 <b>部署会</b>")
    row = await watcher.row()
    assert f'hx-target="#a-{one["alert_id"]}" hx-swap="delete"' in row
    assert f'<li id="a-{one["alert_id"]}"' in row
    assert "青禾县应急管理局" in row
    assert "&lt;b&gt;部署会" in row


async def test_a_retracted_alert_leaves_the_table_and_is_marked_in_the_list(
    console_over_network: FastAPI, backend: FakeBackend, key_pair: KeyPair
) -> None:
    table, listed = (Watcher(console_over_network, key_pair, shown=shown) for shown in ("table", "list"))
    for watcher in (table, listed):
        await watcher.next()
        await watcher.next()
    await backend.tell({**data.alerts()[0], "change": "retracted", "state": "retracted"})
    gone = await table.next()
    assert 'hx-swap="delete"' in gone
    assert 'hx-target="#live"' not in gone
    assert "撤销" in await listed.row()


async def test_a_list_goes_on_behind_the_last_event(
    console_over_network: FastAPI, backend: FakeBackend, key_pair: KeyPair
) -> None:
    for number in (60, 61, 62):
        await backend.raise_alert(number, "N-05", "qh.zfb", f"第 {number} 条")
    watcher = Watcher(console_over_network, key_pair, last_id="2")
    assert "第 62 条" in await watcher.row()


async def test_notify_may_go_and_come_back_without_a_gap(
    console_over_network: FastAPI, backend: FakeBackend, key_pair: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_RETRY_SECONDS", (0.05,))
    watcher = Watcher(console_over_network, key_pair)
    await watcher.next()
    await backend.raise_alert(70, "N-05", "qh.zfb", "断开之前")
    assert "断开之前" in await watcher.row()
    backend.down = {"stream"}
    await backend.hang_up()
    assert "正在重连" in await watcher.next()
    await backend.raise_alert(71, "N-05", "qh.zfb", "断开之时")
    backend.down = set()
    seen = ""
    while "断开之时" not in seen:
        seen = await watcher.next()
    assert "断开之前" not in seen


async def test_a_list_ends_with_the_session(console_over_network: FastAPI, key_pair: KeyPair) -> None:
    watcher = Watcher(console_over_network, key_pair, expires_in=-1)
    assert "会话已结束" in await watcher.next()
    with pytest.raises(StopAsyncIteration):
        await watcher.next()


async def test_a_page_begins_its_list_where_the_stream_stood(browse: Browser, backend: FakeBackend) -> None:
    await backend.raise_alert(80, "N-05", "qh.zfb", "已在页面上")
    client = await browse(Role.OPERATOR)
    pages = [(await client.get(path)).text for path in ("/", "/alerts?severity=warning&rule=N-05")]
    for page in pages:
        assert "已在页面上" in page
        assert "after=1" in page.split('hx-sse:connect="')[1].split('"')[0]
    assert "severity=warning&amp;rule=N-05" in pages[1]
    assert "hx-sse:connect" not in (await client.get("/alerts?after=20")).text


async def test_the_stream_is_for_watchers_only(browse: Browser) -> None:
    assert (await (await browse(Role.OFFICE)).get("/live/alerts")).status_code == 403
    assert (await (await browse(None)).get("/live/alerts")).status_code == 401
