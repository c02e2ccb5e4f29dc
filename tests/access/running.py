"""The five services under uvicorn in this process, and what two counties told them."""

import contextlib
import importlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from deploy.access import SERVICES
from kit import clock
from kit.db import connect_pool
from kit.nats import connect
from kit.tokens import Principal, Role, mint, new_key_pair
from services.monitor.store_policy import put_backtest
from tests import factories
from tests.eventually import eventually
from tests.factories import Event, fact_of
from tests.servers import Addresses
from tests.serving import served

BATCH = {"content-type": "application/cloudevents-batch+json"}
OWN, FOREIGN = "990101", "990201"
LONG = {"mode": "网络视频", "starts_at": "2025-03-04T09:00:00+08:00", "ended_at": "2025-03-04T11:00:00+08:00"}


@dataclass(frozen=True)
class System:
    """Running services: their addresses and the key that tokens are signed with."""

    urls: Mapping[str, str]
    client: httpx.AsyncClient
    key: bytes
    nats: str
    dsn: str

    def token(self, who: Principal, *, ttl: timedelta = timedelta(hours=1), key: bytes | None = None) -> str:
        return mint(key or self.key, who, now=clock.now(), ttl=ttl)

    def bearer(self, role: str, place: str = "00", **more: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(Principal(f'{role}@{place}', Role(role), place, **more))}"}

    async def items(self, service: str, path: str, role: str = "admin", place: str = "00") -> list[dict[str, Any]]:
        answer = await self.client.get(self.urls[service] + path, headers=self.bearer(role, place))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


@dataclass(frozen=True)
class County:
    """What a test knows of one county, each a text that stands in answers about it and nowhere else."""

    place: str
    words: str
    """In every heading and topic."""
    unit: str
    source: str
    act: str
    alert: str
    clue: str
    quarantined: str
    rule: str
    """A rule that only this county broke."""
    backtest: int

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.words, self.unit, self.source, self.act, self.alert, self.clue, self.quarantined)


@dataclass(frozen=True)
class World:
    """The system with both counties."""

    system: System
    own: County
    foreign: County


@contextlib.asynccontextmanager
async def running(dsn: str, servers: Addresses, folder: Path) -> AsyncIterator[System]:
    """Run all services on free ports while the block lasts."""
    private, public = new_key_pair()
    (folder / "public.pem").write_bytes(public)
    urls: dict[str, str] = {}
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=20))
        for service in SERVICES:  # the console is the last: it is told where the others are
            settings = importlib.import_module(f"services.{service}.config").Settings(
                NATS_URL=servers.nats,
                CLUES_NATS_URL=servers.clues,
                DATABASE_URL=dsn,
                JIANFU_PUBLIC_KEY_FILE=folder / "public.pem",
                INTAKE_TELLS_DAYS=False,
                **{f"{name.upper()}_URL": url for name, url in urls.items()},
            )
            app = importlib.import_module(f"services.{service}.app").create_app(settings)
            urls[service] = await stack.enter_async_context(served(app))
        yield System(urls, client, private, servers.nats, dsn)


async def seeded(system: System) -> World:
    """Let both counties' adapters and operators tell the same kinds of things, each in its own words."""
    own = await _tell(system, OWN, "甲县公开事项")
    foreign = await _tell(system, FOREIGN, "乙县内部事项")
    connection = await connect(system.nats, name="test")
    stream = connection.jetstream()
    for place in (OWN, FOREIGN):
        future = factories.issued(place=place, unit=f"{place}.office", source=f"/{place}/oa")
        future["type"] = "cn.jianfu.doc.issued.v9"
        await stream.publish(f"facts.{place}.doc.issued", factories.wire(future))
        last = await stream.publish(f"facts.{place}.doc.unreadable", b"{")
        alert = await stream.publish(f"alerts.{place}.warning.DOC-01", b"{")
    await connection.close()
    for service, seq in (("ledger", last.seq), ("monitor", last.seq), ("notify", alert.seq)):
        await eventually(partial(_has_read, system, service, seq))
    return World(system, await _found(system, own), await _found(system, foreign))


_TELLS_POSITION = {"ledger": "/v1/ledgers", "monitor": "/v1/alerts", "notify": "/v1/deliveries"}


async def _has_read(system: System, service: str, position: int) -> bool:
    answer = await system.client.get(system.urls[service] + _TELLS_POSITION[service], headers=system.bearer("admin"))
    return int(answer.json()["current"]["position"]) >= position


async def _tell(system: System, place: str, words: str) -> Event:
    """State a county's units, plan, document and meeting; return the document."""
    unit, source = f"{place}.office", f"/{place}/oa"
    common = {"place": place, "unit": unit, "source": source}
    county = {"level": 3, "place": place}
    document = factories.issued(heading=f"{words}的通知", doc_no=f"{words[0]}政〔2025〕1号", **common)
    if place == FOREIGN:
        document["data"] |= {"char_count": 9000}
    facts = [
        factories.registered(**common, data={**county, "unit": unit, "name": f"{words}办公室", "kind": "部门"}),
        factories.registered(
            **common, data={**county, "unit": f"{place}.desk", "name": f"{words}纪委", "kind": "纪检监察"}
        ),
        factories.filed(kind="发文", **common),
        document,
    ]
    if place == OWN:
        facts.append(factories.convened(topic=f"{words}会议", **LONG, **common))
    broken = factories.issued(**common) | {"data": {"heading": 7}}
    sent = await system.client.post(
        f"{system.urls['intake']}/v1/events",
        content=json.dumps([*facts, broken]),
        headers={**BATCH, **system.bearer("adapter", place, sources=frozenset({source}))},
    )
    results = [one["result"] for one in sent.json()["results"]]
    assert results == [*["accepted"] * len(facts), "rejected"], sent.text
    return document


async def _found(system: System, document: Event) -> County:
    """Find what became of a county's document and hand its alert over."""
    place = document["jurisdiction"]

    rule = "MTG-19" if place == OWN else "DOC-01"

    async def alerts() -> list[dict[str, Any]]:
        return await system.items("monitor", f"/v1/alerts?rule={rule}", place=place)

    [alert] = await eventually(alerts)

    async def handed() -> str | None:
        answer = await system.client.post(
            f"{system.urls['notify']}/v1/clues",
            json={"alert_id": alert["alert_id"], "note": "请核查"},
            headers=system.bearer("operator", place),
        )
        assert answer.status_code in {201, 404}, answer.text
        return answer.json()["clue_id"] if answer.status_code == 201 else None

    clue = await eventually(handed)
    [entry] = await system.items("intake", "/v1/quarantine", place=place)
    words = document["data"]["heading"].removesuffix("的通知")
    return County(
        place,
        words,
        document["unitid"],
        document["source"],
        fact_of(document),
        alert["alert_id"],
        str(clue),
        entry["id"],
        alert["rule"],
        await _compared(system, place, words),
    )


async def _compared(system: System, place: str, words: str) -> int:
    """Keep a comparison of two packs, and a candidate, named by the county's words; return the number of the comparison."""
    pack = {"id": "tried", "title": words}
    asked: dict[str, Any] = {
        "pack": pack,
        "against": pack,
        "jurisdiction": place,
        "from": None,
        "to": None,
        "compared": [],
    }
    async with await connect_pool(system.dsn, size=1, schema="monitor") as pool, pool.acquire() as db:
        await db.execute(
            "insert into shadow (place, candidate, started_at) values ($1, $2, $3)",
            place,
            {"pack": words, "against": words, "rules": {}, "packs": {}},
            clock.now(),
        )
        return await put_backtest(db, place, clock.now(), {**asked, "acts": 1, "position": 1, "rules": []})
