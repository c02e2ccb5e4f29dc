"""Deliveries: at least once, never lost, each in the ledger with what became of it and a fact when it ended."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.db import Pool
from kit.metrics import Metrics
from services.notify import store
from services.notify.channels.base import Message, Outcome
from services.notify.measures import Measures
from services.notify.queries import Whose
from services.notify.sending import Sender, Terms
from tests.eventually import PATIENCE, eventually
from tests.notify.conftest import COUNTY, Frame, Notify, Start, row
from tests.notify.receivers import HttpReceiver, MailReceiver
from tests.notify.samples import START, alert, alert_id

pytestmark = pytest.mark.connected

ROUTES = """
[[routes]]
name = "all"
match = {}
receivers = %s
window = "%s"
[[cases]]
name = "any"
alert = { severity = "info", rule = "DOC-01", jurisdiction = "990101", change = "raised" }
routes = ["all"]
"""


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Give a function that writes the configuration for these receivers and returns settings that name it."""

    def write(*receivers: str, names: list[str], window: str = "PT0S") -> dict[str, Any]:
        (tmp_path / "routes.toml").write_text(ROUTES % (names, window), "utf-8")
        (tmp_path / "channels.toml").write_text("\n".join(receivers), "utf-8")
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        (tmp_path / "hook.secret").write_text(f"whsec_{secret}")
        return {
            "NOTIFY_ROUTES_FILE": tmp_path / "routes.toml",
            "NOTIFY_CHANNELS_FILE": tmp_path / "channels.toml",
            "NOTIFY_ALLOWED_NETWORKS": ["127.0.0.0/8"],
        }

    return write


@pytest.fixture
def hook(tmp_path: Path) -> Callable[[HttpReceiver], str]:
    def entry(receiver: HttpReceiver, name: str = "hook") -> str:
        options = f'url = "{receiver.url}", secret_file = "{tmp_path}/hook.secret"'
        return f'[[receivers]]\nname = "{name}"\nchannel = "webhook"\noptions = {{ {options} }}'

    return entry


def mailbox(receiver: MailReceiver, more: str = "") -> str:
    options = f'to = "a@x.cn", sender = "b@x.cn", host = "127.0.0.1", port = {receiver.port}, security = "none"'
    return f'[[receivers]]\nname = "mail"\nchannel = "smtp"\noptions = {{ {options} }}\n{more}'


async def states(pool: Pool) -> list[str]:
    rows = await pool.fetch("select state from notify.delivery order by opened_at, id")
    return [row["state"] for row in rows]


async def test_what_ships_delivers_to_the_console_and_states_a_fact(notify: Notify) -> None:
    await notify.raise_(alert("raised"))
    [fact] = await eventually(notify.facts)
    data = fact["data"]
    assert fact["type"] == "cn.jianfu.delivery.completed.v1"
    assert (fact["jurisdiction"], fact["source"]) == (COUNTY, "jianfu/notify")
    assert (data["about_kind"], data["about_id"], data["revision"]) == ("alert", alert_id("a"), 1)
    assert (data["channel"], data["receiver"], data["result"], data["attempts"]) == (
        "console",
        "console",
        "delivered",
        1,
    )


async def test_a_webhook_that_is_down_and_comes_back_gets_every_alert_by_id(
    start: Start, files: Callable[..., dict[str, Any]], hook: Callable[[HttpReceiver], str]
) -> None:
    receiver = HttpReceiver()
    async with receiver.up():
        notify = await start(**files(hook(receiver), names=["hook"]))
        receiver.say(500)
        names = [f"n{n}" for n in range(40)]
        await notify.raise_(*(alert("raised", name) for name in names[:20]))
        await eventually(lambda: len(receiver.got) >= 20)
    await notify.raise_(*(alert("raised", name) for name in names[20:]))  # nobody listens
    await eventually(lambda: _attempted(notify.pool))
    receiver.say(204)
    failed = len(receiver.got)
    async with receiver.up():
        await notify.pool.execute("update notify.delivery set next_at = now() where state = 'retrying'")
        await eventually(lambda: states(notify.pool), ["delivered"] * 40)
    ids: dict[str, set[str]] = {}
    for got in receiver.got:
        ids.setdefault(got.headers["webhook-id"], set()).update(got.alert_ids())
    assert sorted(ids.values(), key=min) == sorted(({alert_id(name)} for name in names), key=min)
    accepted = [alert for got in receiver.got[failed:] for alert in got.alert_ids()]
    assert sorted(accepted) == sorted(alert_id(name) for name in names)
    facts = await eventually(lambda: _enough(notify, 40))
    assert {fact["data"]["result"] for fact in facts} == {"delivered"}
    assert min(fact["data"]["attempts"] for fact in facts) > 1


async def _attempted(pool: Pool) -> bool:
    return bool(
        await pool.fetchval("select count(*) = 40 from notify.delivery where attempts > 0 and state = 'retrying'")
    )


async def _enough(notify: Notify, count: int) -> list[dict[str, Any]] | None:
    facts = await notify.facts()
    return facts if len(facts) == count else None


async def test_a_slow_receiver_delays_nobody_else(
    start: Start, files: Callable[..., dict[str, Any]], hook: Callable[..., str]
) -> None:
    slow, quick = HttpReceiver(hang=True), HttpReceiver()
    async with slow.up(), quick.up():
        notify = await start(**files(hook(slow, "slow"), hook(quick, "quick"), names=["slow", "quick"]))
        await notify.raise_(*(alert("raised", f"n{n}") for n in range(50)))
        await eventually(lambda: len(quick.got) == 50)
        await notify.stop()


async def test_alerts_of_one_window_are_one_mail_and_a_retraction_leaves_it(
    start: Start, files: Callable[..., dict[str, Any]]
) -> None:
    async with MailReceiver().up() as receiver:
        notify = await start(**files(mailbox(receiver), names=["mail"], window="PT1H"))
        await notify.raise_(alert("raised", "a"), alert("raised", "b"), alert("raised", "c"))
        await notify.raise_(alert("retracted", "b", revision=2))
        assert await states(notify.pool) == ["waiting"]
        await notify.pool.execute("update notify.delivery set next_at = now()")
        await notify.raise_(alert("raised", "d", rule="DOC-02"))  # wakes the sender
        await eventually(lambda: receiver.got)
        text = receiver.got[0].decode()
        assert "=E7=AD=89_2_=E6=9D=A1" in text.replace("\n", "") or "2" in text
    rows = (await notify.get("/v1/deliveries", params={"about": alert_id("b")})).json()["items"]
    assert [(row["change"], row["reason"], row["dropped"]) for row in rows] == [
        ("retracted", "withdrawn_in_time", None),
        ("raised", "first", "withdrawn"),
    ]


async def test_more_than_the_budget_goes_into_a_digest(start: Start, files: Callable[..., dict[str, Any]]) -> None:
    async with MailReceiver().up() as receiver:
        notify = await start(**files(mailbox(receiver, "daily_budget = 2"), names=["mail"]))
        await notify.raise_(*(alert("raised", f"n{n}", about=f"u{n}") for n in range(3)))
        await notify.raise_(*(alert("raised", f"m{n}", about=f"v{n}") for n in range(4)))
        await eventually(lambda: len(receiver.got) == 2)
        digest = await row(notify.pool, "select kind, state from notify.delivery where kind = 'digest'")
        assert digest == ("digest", "waiting")
        rows = (await notify.get("/v1/deliveries")).json()["items"]
        assert sum(row["timing"] == "over_budget" for row in rows) == 5


async def test_messages_for_a_receiver_that_was_removed_end_visibly(
    start: Start, files: Callable[..., dict[str, Any]], hook: Callable[[HttpReceiver], str]
) -> None:
    async with HttpReceiver().up() as receiver:
        receiver.say(503)
        notify = await start(**files(hook(receiver), names=["hook"]))
        await notify.raise_(alert("raised"))
        await eventually(lambda: receiver.got)
        await notify.stop()
    await notify.pool.execute("update notify.delivery set next_at = now()")
    again = await start()
    await eventually(lambda: states(again.pool), ["refused"])
    [fact] = await eventually(again.facts)
    assert (fact["data"]["receiver"], fact["data"]["result"]) == ("hook", "refused")


class Script:
    """A channel that answers what a test says, and keeps the ids."""

    def __init__(self, answer: Callable[[], Awaitable[Outcome]] | None = None) -> None:
        self.answer = answer
        self.ids: list[str] = []

    async def send(self, message: Message) -> Outcome:
        self.ids.append(message.id)
        return await self.answer() if self.answer else Outcome("delivered", "accepted")

    async def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
async def waiting(start: Start, files: Callable[..., dict[str, Any]], hook: Callable[[HttpReceiver], str]) -> Pool:
    """Give a database with one message that waits, and nobody who sends it."""
    notify = await start(**files(hook(HttpReceiver(port=1)), names=["hook"], window="PT12H"))
    await notify.raise_(alert("raised"))
    await notify.stop()
    await notify.pool.execute("update notify.delivery set due_at = $1, next_at = $1", START)
    return notify.pool


def sender(pool: Pool, channel: Script, keep_trying: timedelta = timedelta(hours=1)) -> Sender:
    terms = Terms(timedelta(seconds=1), keep_trying, "jianfu")
    return Sender(
        pool, Whose(("hook",)), channel, 16, terms, lambda: None, Measures(Metrics()).attempts, jitter=lambda: 0.5
    )


async def outbox(pool: Pool) -> int:
    count: int = await pool.fetchval("select count(*) from notify.outbox")
    return count


async def test_who_dies_between_delivery_and_mark_delivers_again_with_the_same_id(
    waiting: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Script()
    one = sender(waiting, channel)
    with monkeypatch.context() as dying:

        async def die(*_args: object) -> frozenset[str]:
            raise ConnectionError("killed")

        dying.setattr(store, "settle", die)
        with pytest.raises(ConnectionError):
            await one.step(START)
    assert await states(waiting) == ["sending"]
    assert await one.step(START + timedelta(seconds=10)) == 0  # still belongs to who died
    assert await one.step(START + one.terms.lease) == 1
    assert len(channel.ids) == 2
    assert len(set(channel.ids)) == 1
    assert await states(waiting) == ["delivered"]
    assert await outbox(waiting) == 1


async def test_who_was_thought_dead_and_comes_late_changes_nothing(waiting: Pool) -> None:
    async def slow() -> Outcome:
        started.set()
        await go_on.wait()
        return Outcome("refused", "not_acceptable")

    started, go_on = asyncio.Event(), asyncio.Event()
    first, second = sender(waiting, Script(slow)), sender(waiting, Script())
    step = asyncio.create_task(first.step(START))
    await started.wait()
    assert await second.step(START + second.terms.lease) == 1
    go_on.set()
    await step
    assert await states(waiting) == ["delivered"]
    assert await outbox(waiting) == 1


async def test_retries_wait_longer_and_end_as_expired(waiting: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy() -> Outcome:
        return Outcome("retry", "busy")

    one = sender(waiting, Script(busy))
    now = START
    monkeypatch.setattr("services.notify.sending.clock.now", lambda: now)
    pauses = []
    while await one.step(now):
        due: datetime | None = await waiting.fetchval("select next_at from notify.delivery where completed_at is null")
        if due is None:
            break
        pauses.append(due - now)
        now = due
    assert pauses[:4] == [timedelta(seconds=2**n) for n in range(1, 5)]
    assert now - START < timedelta(hours=1)
    ended = await row(waiting, "select state, reason, attempts from notify.delivery")
    assert ended == ("expired", "busy", len(pauses) + 1)
    assert await outbox(waiting) == 1


async def test_a_channel_that_fails_unforeseen_is_tried_again(waiting: Pool) -> None:
    async def fail() -> Outcome:
        raise ZeroDivisionError

    channel = Script(fail)
    assert await sender(waiting, channel, keep_trying=timedelta(days=3650)).step(START) == 1
    assert await row(waiting, "select state, reason from notify.delivery") == ("retrying", "our_error")


async def test_the_delivery_ledger_has_pages_filters_and_scopes(notify: Notify) -> None:
    names = [f"n{n}" for n in range(7)]
    await notify.raise_(*(alert("raised", name, place=COUNTY if n % 2 else "990102") for n, name in enumerate(names)))
    await eventually(lambda: _completed(notify.pool))
    got, after = [], None
    while True:
        page = (
            await notify.get(
                "/v1/deliveries", params={"limit": 2, "after": after} if after else {"limit": 2}, place="99"
            )
        ).json()
        got += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [row["about_id"] for row in got] == [alert_id(name) for name in reversed(names)]
    assert page["current"]["position"] == 7
    assert {(row["state"], row["result"], row["reason"], row["timing"]) for row in got} == {
        ("delivered", "shown", "first", "immediately")
    }
    county = (await notify.get("/v1/deliveries", params={"state": "delivered", "channel": "console"})).json()["items"]
    assert {row["jurisdiction"] for row in county} == {COUNTY}
    assert len(county) == 3
    assert (await notify.get("/v1/deliveries", params={"receiver": "nobody"})).json()["items"] == []
    assert (await notify.get("/v1/deliveries", params={"after": "x"})).json()["code"] == "bad_cursor"
    assert (await notify.get("/v1/deliveries", role="office")).status_code == 403


async def _completed(pool: Pool) -> bool:
    return bool(await pool.fetchval("select count(*) = 7 from notify.delivery where state = 'delivered'"))


async def test_an_alert_that_is_published_twice_is_told_and_streamed_once(notify: Notify) -> None:
    """The monitor may repeat itself after the stream's dedup window when it was killed at the wrong moment."""
    await notify.raise_(alert("raised"), alert("raised", "b"), alert("raised"))
    await eventually(lambda: states(notify.pool), ["delivered"] * 2)
    async with notify.stream(last_event_id=0) as frames:
        await notify.raise_(alert("raised", "c"))
        got = [frame.id async for frame in _until(frames, 4)]
    assert got == [1, 2, 4]


async def _until(frames: AsyncGenerator[Frame], last: int) -> AsyncGenerator[Frame]:
    async with asyncio.timeout(PATIENCE):
        async for frame in frames:
            if frame.name != "position":
                yield frame
            if frame.id == last and frame.name != "position":
                return
