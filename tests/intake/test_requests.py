"""The request subject over a NATS server with bad days: what the framework below leaves to us."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from nats.js.api import StreamConfig
from pydantic import SecretStr

from kit.errors import Overloaded
from kit.streams import FACTS, ensure_stream
from kit.tokens import Keys, Principal
from kit.trust import Trust
from services.intake.config import Settings
from services.intake.requests import Requests
from services.intake.results import ItemResult
from services.intake.taking import Taker
from tests.eventually import eventually
from tests.intake.events import raw_issued
from tests.kit.conftest import Connect, Killable, connect, killable

__all__ = ["connect", "killable"]
pytestmark = pytest.mark.connected


class Taking:
    """A stand-in for what takes items in."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.obstacle: Exception | None = None

    async def take(self, items: Sequence[bytes], _who: Principal) -> list[ItemResult]:
        if self.obstacle is not None:
            raise self.obstacle
        self.taken += items
        return [ItemResult(n, None, None, None, "accepted", None, None, []) for n in range(len(items))]


@pytest.fixture
def taking() -> Taking:
    return Taking()


@pytest.fixture
def requests(killable: Killable, key_pair: tuple[bytes, Path], taking: Taking) -> Requests:
    settings = Settings(
        nats_url=SecretStr(killable.url), database_url=SecretStr("postgresql://none"), public_key_file=key_pair[1]
    )
    return Requests(settings, cast("Taker", taking), Trust(Keys.load(key_pair[1])))


async def ask(connect: Connect, killable: Killable, token: str, name: str) -> dict[str, Any]:
    nc = await connect(killable.url)
    body = b"[" + raw_issued(name) + b"]"
    reply = await nc.request("intake.events", body, timeout=30, headers={"Authorization": f"Bearer {token}"})
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


async def test_requests_are_answered_again_when_the_server_is_back(
    requests: Requests, taking: Taking, killable: Killable, connect: Connect, token: Callable[..., str]
) -> None:
    async with requests:
        assert (await ask(connect, killable, token(), "a"))["results"][0]["result"] == "accepted"
        assert requests.trouble() is None
        killable.kill()
        await eventually(requests.trouble, "not connected")
        killable.start()
        await eventually(lambda: requests.trouble() is None)
        assert (await ask(connect, killable, token(), "b"))["results"][0]["result"] == "accepted"
    assert len(taking.taken) == 2


async def test_a_failure_is_the_answer_of_one_request_and_stops_nothing(
    requests: Requests, taking: Taking, killable: Killable, connect: Connect, token: Callable[..., str]
) -> None:
    async with requests:
        statuses = []
        for obstacle in (ZeroDivisionError(), ConnectionResetError(), Overloaded("忙", retry_after=1)):
            taking.obstacle = obstacle
            statuses.append((await ask(connect, killable, token(), "a"))["status"])
        assert statuses == [500, 503, 429]
        taking.obstacle = None
        assert (await ask(connect, killable, token(), "a"))["results"][0]["result"] == "accepted"


async def test_a_connection_closed_for_good_ends_the_process(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    monkeypatch.setattr("services.intake.requests.end_process", lambda label, _: lost.append(label))
    async with requests:
        await requests.broker.connection._process_err("'authorization violation'")
        await eventually(lambda: lost, ["intake-requests"])
        assert requests.trouble() == "not connected"
    for subscriber in requests.broker.subscribers:  # the framework leaves its queue open where it cannot unsubscribe
        subscriber.send_stream.close()  # type: ignore[attr-defined]
        subscriber.receive_stream.close()  # type: ignore[attr-defined]


async def test_the_end_is_orderly_with_the_server_there_and_away(
    requests: Requests, killable: Killable, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    monkeypatch.setattr("services.intake.requests.end_process", lambda label, _: lost.append(label))
    async with requests:
        pass
    async with requests:
        killable.kill()
        await eventually(requests.trouble, "not connected")
    assert lost == []


async def test_listening_leaves_streams_and_consumers_as_they_are(
    requests: Requests, killable: Killable, connect: Connect
) -> None:
    js = (await connect(killable.url)).jetstream()
    await ensure_stream(js, FACTS)
    await js.add_stream(StreamConfig(name="OTHER", subjects=["other.>"], max_age=3600, max_bytes=10_000_000))
    before = [info.config for info in await js.streams_info()]
    async with requests:
        assert [info.config for info in await js.streams_info()] == before
        assert [await js.consumers_info(name) for name in ("FACTS", "OTHER")] == [[], []]
