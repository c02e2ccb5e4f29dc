"""A clock that jumps by an hour, either way: messages leave all the same, and the service calms down by itself."""

import base64
import secrets
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from kit import clock
from tests.eventually import eventually
from tests.notify.conftest import Notify, Start
from tests.notify.receivers import HttpReceiver
from tests.notify.samples import alert, alert_id

pytestmark = pytest.mark.connected

JUMPS = [timedelta(hours=1), -timedelta(hours=1)]
ROUTES = """
[[routes]]
name = "all"
match = {}
receivers = ["hook"]
[[cases]]
name = "any"
alert = { severity = "info", rule = "DOC-01", jurisdiction = "990101", change = "raised" }
routes = ["all"]
"""
CHANNELS = """
[[receivers]]
name = "hook"
channel = "webhook"
options = {{ url = "{url}", secret_file = "{secret}" }}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncGenerator[HttpReceiver]:
    """Give a receiver that listens."""
    async with HttpReceiver().up() as receiver:
        yield receiver


@pytest_asyncio.fixture(loop_scope="session")
async def notify(start: Start, receiver: HttpReceiver, tmp_path: Path) -> Notify:
    """Give a notify that tells the receiver of everything."""
    secret = tmp_path / "hook.secret"
    secret.write_text(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
    (tmp_path / "routes.toml").write_text(ROUTES, "utf-8")
    (tmp_path / "channels.toml").write_text(CHANNELS.format(url=receiver.url, secret=secret), "utf-8")
    return await start(
        NOTIFY_ROUTES_FILE=tmp_path / "routes.toml",
        NOTIFY_CHANNELS_FILE=tmp_path / "channels.toml",
        NOTIFY_ALLOWED_NETWORKS=["127.0.0.0/8"],
    )


def jump(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let every service's clock jump."""
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + by)


def told(receiver: HttpReceiver) -> set[str]:
    return {id_ for got in receiver.got for id_ in got.alert_ids()}


@pytest.mark.parametrize("by", JUMPS, ids=str)
async def test_messages_leave_at_once_whatever_the_clock_says(
    notify: Notify, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    await notify.raise_(alert("raised", "a"))
    await eventually(lambda: told(receiver), {alert_id("a")})
    jump(monkeypatch, by)
    await notify.raise_(alert("raised", "b"))
    await eventually(lambda: told(receiver), {alert_id("a"), alert_id("b")})
    await eventually(lambda: _is_ready(notify))


async def test_a_message_held_by_somebody_dead_is_not_held_longer_when_the_clock_is_set_back(
    notify: Notify, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.hang = True
    await notify.raise_(alert("raised", "a"))
    await eventually(lambda: receiver.got)
    await notify.stop()  # while it sends: the message stays claimed for a while
    receiver.hang = False
    assert await notify.pool.fetchval("select state from delivery") == "sending"
    receiver.got.clear()
    jump(monkeypatch, -timedelta(hours=1))
    again = await _another(notify)
    assert again == 1


async def _another(notify: Notify) -> int:
    """Claim as another process would now; return how many messages it got."""
    from services.notify import store
    from services.notify.queries import Whose

    async with notify.pool.acquire() as db:
        return len(await store.claim(db, Whose(("hook",)), clock.now(), limit=10, lease=timedelta(seconds=50)))


async def _is_ready(notify: Notify) -> bool:
    return (await notify.client.get("/readyz")).status_code == 200
