"""Every NATS user on every class of subjects: what ``deploy.embedded.accounts`` grants it may do, and nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.embedded import accounts
from deploy.embedded.accounts import ADMIN, CLUES_ADMIN, USERS
from deploy.embedded.home import held
from deploy.embedded.nats import Nats
from deploy.embedded.ports import Ports
from deploy.embedded.servers import running
from deploy.streams import ensure
from kit.nats import connect, inbox_of, read_address, settle

pytestmark = pytest.mark.connected

NAMES = [user.name for user in USERS if user not in {ADMIN, CLUES_ADMIN}]
INBOXES = {f"inbox of {name}": f"{inbox_of(name)}.x" for name in NAMES}
READING = (
    "STREAM.INFO.{}",
    "STREAM.MSG.GET.{}",
    "CONSUMER.CREATE.{}.x",
    "CONSUMER.DELETE.{}.x",
    "CONSUMER.MSG.NEXT.{}.x",
)
RULING = (
    *("STREAM.UPDATE.{}", "STREAM.DELETE.{}", "STREAM.PURGE.{}", "STREAM.MSG.DELETE.{}", "STREAM.SNAPSHOT.{}"),
    *("STREAM.RESTORE.{}", "STREAM.LEADER.STEPDOWN.{}", "CONSUMER.LIST.{}", "CONSUMER.PAUSE.{}.x"),
)
STREAMS = ("FACTS", "ALERTS", "CLUES")

PUBLISHED = {
    "facts": "facts.990101.doc.issued",
    "deliveries": "facts.990101.delivery.completed",
    "checkpoints": "facts.00.log.checkpointed",
    "entries of alerts": "facts.990101.alert.recorded",
    "reads": "facts.9901.dossier.read",
    "releases": "facts.00.rule.released",
    "a county's release": "facts.990101.rule.released",
    "alerts": "alerts.990101.serious.DOC-01",
    "clues": "clues.990101.handed_over",
    "requests": "intake.events",
    "other requests": "intake.other",
    "anything": "anything",
    "a plain inbox": "_INBOX.x",
    "server": "$SYS.REQ.SERVER.PING",
    "account": "$JS.API.INFO",
    "stream made": "$JS.API.STREAM.CREATE.MINE",
    **INBOXES,
    **{f"{how} {name}": f"$JS.API.{how.format(name)}" for name in STREAMS for how in (*READING, *RULING)},
}
HEARD = {
    "facts": "facts.>",
    "alerts": "alerts.>",
    "clues": "clues.>",
    "requests": "intake.events",
    "all requests": "intake.>",
    "plain inboxes": "_INBOX.>",
    "everything": ">",
    "every inbox": "*.>",
    "the interface": "$JS.API.>",
    "advisories": "$JS.EVENT.ADVISORY.>",
    "server": "$SYS.>",
    **{f"inbox of {name}": f"{inbox_of(name)}.>" for name in NAMES},
}


def _reading(*streams: str) -> set[str]:
    return {f"{how} {name}" for name in streams for how in READING}


_FACTS = {"facts", "deliveries", "checkpoints", "entries of alerts", "reads", "releases", "a county's release"}
MAY_PUBLISH = {
    "intake": _FACTS | _reading("FACTS"),
    "ledger": {"checkpoints"} | _reading("FACTS"),
    "monitor": {"alerts", "entries of alerts", "reads", "releases"} | _reading("FACTS"),
    "auditor": _reading("FACTS", "ALERTS"),
    "notify": {"deliveries"} | _reading("FACTS", "ALERTS"),
    "adapter": {"requests"},
    "notify-clues": {"clues"} | _reading("CLUES"),
}
MAY_HEAR = {name: {f"inbox of {name}"} for name in NAMES}
MAY_HEAR["intake"] |= {"requests"}
MAY_HEAR["adapter"] |= {"plain inboxes"}


class Guest(Client):
    """A user's connection that remembers what the server refused."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    async def heard(self, error: Exception) -> None:
        self.refused.append(str(error).lower())

    async def tells_of(self) -> set[str]:
        """Return what of everything that anybody publishes it may."""
        return {what for what, subject in PUBLISHED.items() if await self.tells(subject)}

    async def hears_of(self) -> set[str]:
        """Return what of everything that anybody hears it may."""
        return {what for what, subject in HEARD.items() if await self.hears(subject)}

    async def tells(self, subject: str) -> bool:
        """Publish and return whether the server took it."""
        await self.publish(subject, b"{}")
        return await self._passes(f'publish to "{subject}"')

    async def hears(self, subject: str) -> bool:
        """Subscribe and return whether the server took it."""
        subscription = await self.subscribe(subject)
        passes = await self._passes(f'subscription to "{subject}"')
        await subscription.unsubscribe()
        return passes

    async def _passes(self, text: str) -> bool:
        await settle(self)  # the server answers in order: a refusal comes before this answer
        return not any(text.lower() in one for one in self.refused)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nats]:
    with running(tmp_path_factory.mktemp("bus"), fast=True) as servers:
        await ensure(servers.nats.url(ADMIN.name), servers.nats.url(CLUES_ADMIN.name))
        yield servers.nats


@pytest_asyncio.fixture(loop_scope="session")
async def guest(bus: Nats, request: pytest.FixtureRequest) -> AsyncIterator[Guest]:
    client = await visiting(bus, request.param)
    yield client
    await client.close()


async def visiting(bus: Nats, name: str) -> Guest:
    """Return the connection of a user."""
    client, address = Guest(), read_address(bus.url(name))
    await client.connect(
        address.server,
        nkeys_seed=str(address.seed_file),
        inbox_prefix=inbox_of(name),
        error_cb=client.heard,
        allow_reconnect=False,
    )
    return client


@pytest.mark.parametrize(("guest", "name"), [(name, name) for name in NAMES], indirect=["guest"], ids=NAMES)
async def test_a_user_publishes_what_is_its_own_and_nothing_else(guest: Guest, name: str) -> None:
    assert await guest.tells_of() == MAY_PUBLISH[name]


@pytest.mark.parametrize(("guest", "name"), [(name, name) for name in NAMES], indirect=["guest"], ids=NAMES)
async def test_a_user_hears_its_own_inboxes_and_nothing_else(guest: Guest, name: str) -> None:
    assert await guest.hears_of() == MAY_HEAR[name]


@pytest.mark.parametrize("guest", ["intake"], indirect=True)
async def test_who_answers_requests_answers_each_once_and_speaks_to_no_inbox_unasked(bus: Nats, guest: Guest) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(b"1")
        await message.respond(b"2")

    await guest.subscribe("intake.events", cb=answer)
    await guest.flush()
    adapter = await connect(bus.url("adapter"), name="adapter")
    assert (await adapter.request("intake.events", b"[]", timeout=30)).data == b"1"
    await adapter.close()
    assert not await guest.tells("_INBOX.somebody")


@pytest.mark.parametrize(
    ("wider", "tells", "hears"),
    [
        ({"publish": ("facts.>",)}, True, False),
        ({"publish": ("$JS.API.STREAM.DELETE.FACTS",)}, True, False),
        ({"publish": (">",)}, True, False),
        ({"subscribe": ("intake.>",)}, False, True),
        ({"subscribe": (">",)}, False, True),
        ({"publish": None}, True, False),
    ],
)
async def test_a_planted_wide_subject_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wider: dict[str, Any], *, tells: bool, hears: bool
) -> None:
    [ledger] = [user for user in USERS if user.name == "ledger"]
    given: dict[str, Any] = {key: value and (*(getattr(ledger, key) or ()), *value) for key, value in wider.items()}
    planted = tuple(replace(user, **given) if user is ledger else user for user in USERS)
    monkeypatch.setattr(accounts, "USERS", planted)
    with held(tmp_path / "home") as home:
        ports = Ports(home.ports)
        server = Nats(home, ports.choose("nats"), ports.choose("nats-monitoring"), fast=True)
        server.start()
        try:
            await ensure(server.url(ADMIN.name), server.url(CLUES_ADMIN.name))
            client = await visiting(server, "ledger")
            assert (await client.tells_of() != MAY_PUBLISH["ledger"]) is tells
            assert (await client.hears_of() != MAY_HEAR["ledger"]) is (hears or given.get("publish", "") is None)
            await client.close()
        finally:
            server.stop()


def test_every_user_is_in_the_tables() -> None:
    assert set(MAY_PUBLISH) == set(MAY_HEAR) == set(NAMES)
