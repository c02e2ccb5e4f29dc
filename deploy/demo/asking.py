"""What the demo asks of the running services: how far they are, how many rows there are, which alerts stand."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from deploy.asking import explanation
from deploy.demo.key import Raised
from deploy.embedded.errors import Unusable

PATIENCE: Final = 240.0
"""Seconds within which the services must have caught up."""
_PAUSE: Final = 0.2
_TELL_EVERY: Final = 3.0
_ALERTS: Final = "/v1/alerts"
_LEDGERS: Final = "/v1/ledgers"
_TITLES: Final = {"ledger": "台账", "monitor": "监测"}


@dataclass(frozen=True, slots=True)
class LedgerRows:
    """How many rows a ledger has."""

    title: str
    rows: int


class Services:
    """The services that answer questions, asked as an administrator."""

    def __init__(self, client: httpx.AsyncClient, urls: Mapping[str, str], token: str) -> None:
        """Keep the client, the base addresses by service and the token."""
        self._client = client
        self._urls = urls
        self._headers = {"Authorization": f"Bearer {token}"}

    async def wait_for(self, position: int, say: Callable[[str], None]) -> None:
        """Wait until ledger and monitor have read up to a position; ``Unusable`` when they do not get there."""
        begin = told = time.monotonic()
        while True:
            ledger = await self._get("ledger", _LEDGERS, {})
            monitor = await self._get("monitor", _ALERTS, {"limit": 1})
            at = {"ledger": ledger["current"]["position"], "monitor": monitor["current"]["position"]}
            if min(at.values()) >= position:
                return
            now = time.monotonic()
            shown = "，".join(f"{_TITLES[name]} {reached}/{position}" for name, reached in at.items())
            if now - begin > PATIENCE:
                raise Unusable(f"台账和监测 {PATIENCE:g} 秒内没有跟上：{shown}。请查看日志。")
            if now - told > _TELL_EVERY:
                told = now
                say(f"  正在入账和判定：{shown}")
            await asyncio.sleep(_PAUSE)

    async def ledgers(self) -> list[LedgerRows]:
        """Return the number of rows of every ledger."""
        listed = await self._get("ledger", _LEDGERS, {})
        found = []
        for one in listed["items"]:
            rows = await self._pages("ledger", f"{_LEDGERS}/{one['name']}", {"limit": 1000})
            found.append(LedgerRows(one["title"], len(rows)))
        return found

    async def alerts(self) -> list[Raised]:
        """Return every alert that was ever raised: one that was retracted again must not be among them either."""
        items = await self._pages("monitor", _ALERTS, {"state": "all", "limit": 200})
        return [
            Raised(
                rule=item["rule"],
                subject=item["subject"],
                severity=item["severity"],
                document=item["clause"]["document"],
                clause=item["clause"]["clause"],
                acts=tuple(item["acts"]),
            )
            for item in items
        ]

    async def titles(self) -> dict[str, str]:
        """Return the titles of the rules."""
        book = await self._get("monitor", "/v1/rules", {})
        return {item["rule"]: item["title"] for item in book["items"]}

    async def _pages(self, service: str, path: str, asked: Mapping[str, str | int]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self._get(service, path, {**asked, **after})
            found.extend(page["items"])
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    async def _get(self, service: str, path: str, asked: Mapping[str, str | int]) -> Mapping[str, Any]:
        try:
            answer = await self._client.get(f"{self._urls[service]}{path}", params=asked, headers=self._headers)
        except httpx.TransportError as error:
            raise Unusable(f"连不上服务 {service}（{type(error).__name__}）。") from error
        if not answer.is_success:
            raise Unusable(f"服务 {service} 没有答应 {path}（HTTP {answer.status_code}）：{explanation(answer)}")
        content: Mapping[str, Any] = answer.json()
        return content


async def prove(client: httpx.AsyncClient, link: str) -> None:
    """Use a one-time login link as a browser would and open the page that it leads to; raise ``Unusable`` if it fails."""
    entered = await client.get(link)
    console = httpx.URL(link).copy_with(path="/", query=None)
    home = await client.get(console, cookies=entered.cookies, follow_redirects=True)
    if not (entered.is_success and home.is_success):
        raise Unusable(f"登录链接打不开控制台（HTTP {entered.status_code}、{home.status_code}）。")
