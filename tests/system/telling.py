"""Those who are told of alerts, outside of the system: webhook receivers that check signatures, and an event stream's reader."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from tests.notify.receivers import Got, HttpReceiver
from tests.system.running import Running

RECEIVERS: Final = ("screen", "archive")

_CHANNEL: Final = """
[[receivers]]
name = "{name}"
channel = "webhook"
options = {{ url = "{url}", secret_file = "{secret}" }}
"""
_ROUTES: Final = """
[[routes]]
name = "告知全部"
match = {}
receivers = ["screen", "archive"]

[[cases]]
name = "任何预警"
alert = { severity = "info", rule = "DOC-01", jurisdiction = "99", change = "raised" }
routes = ["告知全部"]
"""


@dataclass(frozen=True)
class Webhook:
    """One receiver and the key that it checks signatures with."""

    http: HttpReceiver
    key: bytes

    def alert_ids(self) -> set[str]:
        """Return the ids of the alerts that it was told of."""
        return {alert for got in self.http.got for alert in got.alert_ids()}

    def forged(self) -> list[Got]:
        """Return the requests that do not carry a valid Standard Webhooks signature."""
        return [got for got in self.http.got if not self._is_signed(got)]

    def _is_signed(self, got: Got) -> bool:
        signed = b".".join([got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body])
        mac = base64.b64encode(hmac.digest(self.key, signed, hashlib.sha256)).decode()
        return f"v1,{mac}" in got.headers["webhook-signature"].split()


@contextlib.asynccontextmanager
async def webhooks(folder: Path) -> AsyncIterator[tuple[dict[str, Webhook], dict[str, str]]]:
    """Give listening receivers by name, and the environment that makes notify tell them of every change."""
    async with contextlib.AsyncExitStack() as stack:
        hooks: dict[str, Webhook] = {}
        channels = []
        for name in RECEIVERS:
            http = await stack.enter_async_context(HttpReceiver().up())
            hooks[name] = Webhook(http, os.urandom(32))
            secret = folder / f"{name}.secret"
            secret.write_text(f"whsec_{base64.b64encode(hooks[name].key).decode()}", "ascii")
            channels.append(_CHANNEL.format(name=name, url=http.url, secret=secret))
        (folder / "channels.toml").write_text("".join(channels), "utf-8")
        (folder / "routes.toml").write_text(_ROUTES, "utf-8")
        environment = {
            "NOTIFY_CHANNELS_FILE": str(folder / "channels.toml"),
            "NOTIFY_ROUTES_FILE": str(folder / "routes.toml"),
            "NOTIFY_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "NOTIFY_CHANNEL_TIMEOUT": "PT2S",  # whoever dies while sending holds a message for twice this and 30 s
        }
        yield hooks, environment


@dataclass
class Follower:
    """Reads the event stream of alerts and, when it breaks, goes on behind the last event it saw."""

    system: Running
    last: int = 0
    seen: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    connections: int = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=30)) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    await self._follow(client)
                await asyncio.sleep(0.2)

    async def _follow(self, client: httpx.AsyncClient) -> None:
        headers = {**self.system.bearer("operator"), "last-event-id": str(self.last)}
        async with client.stream("GET", f"{self.system.url('notify')}/v1/stream", headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                return
            self.connections += 1
            frame: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                    continue
                self._take(frame)
                frame = {}

    def _take(self, frame: dict[str, str]) -> None:
        if "id" in frame:
            self.last = int(frame["id"])
        if "data" in frame and "event" not in frame:
            self.seen.append((self.last, json.loads(frame["data"])))

    def revisions(self) -> list[tuple[str, int]]:
        """Return (alert, revision) of every frame, in the order in which they came."""
        return [(alert["alert_id"], alert["revision"]) for _, alert in self.seen]

    def positions(self) -> Sequence[int]:
        """Return the stream positions of the frames, in the order in which they came."""
        return [position for position, _ in self.seen]
