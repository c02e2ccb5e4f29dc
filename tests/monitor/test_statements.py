"""What the monitor states of its own work: each change of an alert, each read of a dossier, each release of the rule book."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from contracts.alerts import AlertRecorded, DossierRead
from contracts.catalog import decode
from contracts.event import Event, Recorded
from contracts.rules import RuleReleased
from kit import clock
from kit.nats import connect
from kit.tokens import new_key_pair
from services.monitor import store
from services.monitor.app import create_app
from services.monitor.book import shipped
from services.monitor.config import Settings
from services.monitor.facts import book_of
from tests.eventually import eventually
from tests.factories import assigned, convened, corrected
from tests.monitor.conftest import LONG, Monitor

pytestmark = pytest.mark.connected
Pools = Callable[[str], Awaitable[asyncpg.Pool]]
SHORT = {"ended_at": "2025-03-04T10:00:00+08:00"}


async def held(url: str, name: str) -> list[bytes]:
    """Return what a stream holds."""
    nc = await connect(url, name="test")
    try:
        js = nc.jetstream()
        last = (await js.stream_info(name)).state.last_seq
        return [(await js.get_msg(name, seq)).data or b"" for seq in range(1, last + 1)]
    finally:
        await nc.close()


async def said(url: str, kind: type[Event]) -> list[Recorded[Any]]:
    """Return the monitor's own facts of a kind that FACTS holds."""
    facts = [decode(body) for body in await held(url, "FACTS")]
    return [fact for fact in facts if isinstance(fact.event, kind) and fact.source == "/jianfu/monitor"]


async def silence(pool_for: Pools) -> None:
    """Wait until everything that was said has left."""
    pool = await pool_for("monitor")
    await eventually(lambda: pool.fetchval("select count(*) from outbox"), 0)


async def count(url: str, kind: type[Event]) -> int:
    return len(await said(url, kind))


async def test_every_change_of_an_alert_is_an_entry_that_binds_its_message(
    monitor: Monitor, nats_url: str, pool_for: Pools
) -> None:
    meeting = convened(**LONG)
    await monitor.tell(meeting)
    await monitor.tell(corrected(meeting, changes=SHORT, recorded="2025-03-05T09:00:00+08:00"))
    await monitor.tell(convened(**LONG))
    await silence(pool_for)
    messages = await held(nats_url, "ALERTS")
    log = [decode(body).event for body in await held(nats_url, "FACTS")]
    stated = {place: event for place, event in enumerate(log, 1) if isinstance(event, AlertRecorded)}
    entries = list(stated.values())
    assert [one.message_hash for one in entries] == [hashlib.sha256(body).hexdigest() for body in messages]
    shown = [decode(body).event.model_dump() for body in messages]
    same = ("alert_id", "revision", "rule", "rule_version")
    assert [[one.model_dump()[name] for name in same] for one in entries] == [
        [one[name] for name in same] for one in shown
    ]
    assert [one.change for one in entries if one.rule == "MTG-19"] == ["raised", "retracted", "raised"]
    assert all(1 <= entry.position < place for place, entry in stated.items())  # it knew what was there, not itself


async def test_what_the_system_says_of_itself_touches_no_rule_and_brings_about_nothing(
    monitor: Monitor, nats_url: str, pool_for: Pools
) -> None:
    await monitor.tell(convened(**LONG))
    await silence(pool_for)
    alerts = await held(nats_url, "ALERTS")
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    await monitor.get(f"/v1/alerts/{alert['alert_id']}")
    await eventually(lambda: count(nats_url, DossierRead), 1)
    await monitor.tell(assigned())  # behind all that was said
    pool = await pool_for("monitor")
    names = await pool.fetch("select name from fact")
    assert [row["name"] for row in names] == ["mtg.convened", "role.assigned"]
    assert await held(nats_url, "ALERTS") == alerts
    assert await pool.fetchval("select count(*) from parked") == 0
    await silence(pool_for)
    kinds = Counter(decode(body).event.event_name() for body in await held(nats_url, "FACTS"))
    acts = {"mtg.convened": 1, "role.assigned": 1}
    assert kinds == {**acts, "rule.released": 1, "dossier.read": 1, "alert.recorded": len(alerts)}


async def test_every_read_of_a_dossier_is_an_entry_with_who_and_which_and_nothing_of_its_content(
    monitor: Monitor, nats_url: str
) -> None:
    await monitor.tell(convened(**LONG))
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    path = f"/v1/alerts/{alert['alert_id']}"
    for way in ("", "/dossier", "/replay?revision=1"):
        assert (await monitor.get(path + way, role="discipline", place="9901")).status_code == 200
    await eventually(lambda: count(nats_url, DossierRead), 3)
    reads = await said(nats_url, DossierRead)
    assert [one.event.manner for one in reads] == ["page", "bytes", "replay"]
    assert {(one.event.reader, one.event.role, one.jurisdiction) for one in reads} == {
        ("discipline@test", "discipline", "9901")
    }
    assert {(one.event.alert_id, one.event.revision) for one in reads} == {(alert["alert_id"], 1)}


async def test_what_is_not_shown_was_not_read(monitor: Monitor, nats_url: str, pool_for: Pools) -> None:
    await monitor.tell(convened(**LONG))
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    path = f"/v1/alerts/{alert['alert_id']}"
    assert (await monitor.get(path, place="9902")).status_code == 404
    assert (await monitor.get(f"{path}/dossier?revision=9")).status_code == 404
    assert (await monitor.get("/v1/alerts?act=" + alert["acts"][0])).status_code == 200
    await silence(pool_for)
    assert await count(nats_url, DossierRead) == 0


@pytest.mark.parametrize("way", ["", "/dossier", "/replay"])
async def test_a_read_that_cannot_be_recorded_is_refused(
    monitor: Monitor, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await monitor.tell(convened(**LONG))
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    monkeypatch.setattr(
        "kit.outbox._IN_TURN", "set local transaction_read_only = on"
    )  # as a disk or a server that failed
    refused = await monitor.get(f"/v1/alerts/{alert['alert_id']}{way}")
    assert refused.status_code == 503
    assert "inputs" not in refused.text
    monkeypatch.undo()
    assert (await monitor.get(f"/v1/alerts/{alert['alert_id']}{way}")).status_code == 200


async def test_many_read_at_once_and_each_read_is_an_entry(monitor: Monitor, nats_url: str) -> None:
    await monitor.tell(convened(**LONG))
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    answers = await asyncio.gather(*(monitor.get(f"/v1/alerts/{alert['alert_id']}/dossier") for _ in range(40)))
    assert {one.status_code for one in answers} == {200}
    await eventually(lambda: count(nats_url, DossierRead), 40)


async def test_a_book_is_released_once_however_often_the_monitor_starts(
    dsn: str, nats_url: str, tmp_path: Path, pool_for: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "public.pem"
    path.write_bytes(new_key_pair()[1])

    async def start() -> None:
        app = create_app(Settings(NATS_URL=nats_url, DATABASE_URL=dsn, JIANFU_PUBLIC_KEY_FILE=path))
        async with app.router.lifespan_context(app), httpx.AsyncClient():
            await silence(pool_for)

    await start()
    await start()
    [first] = await said(nats_url, RuleReleased)
    rules, packs = shipped()
    assert first.event == book_of(rules, packs)
    assert {one.rule for one in first.event.rules} >= {"MTG-19", "DOC-03"}
    fewer = {name: text for name, text in packs.items() if name != "demo-county.toml"}
    monkeypatch.setattr("services.monitor.app.shipped", lambda: (rules, fewer))
    await start()
    monkeypatch.undo()
    await start()
    books = [one.event.book for one in await said(nats_url, RuleReleased)]
    assert books == [first.event.book, book_of(rules, fewer).book, first.event.book]


def test_a_book_changes_with_every_rule_and_pack_and_not_with_comments() -> None:
    rules, packs = shipped()
    book = book_of(rules, packs).book
    rule = rules["MTG-19.toml"]
    assert book_of({**rules, "MTG-19.toml": rule + "\n# a comment\n"}, packs).book == book
    assert book_of({**rules, "MTG-19.toml": rule.replace("90", "91")}, packs).book != book
    pack, text = min(packs.items())
    assert book_of(rules, {**packs, pack: text.replace("title = ", "basis_note = ", 1)}).book != book


async def test_a_release_is_remembered_in_the_order_of_releases(pool_for: Pools) -> None:
    pool = await pool_for("monitor")
    async with pool.acquire() as db:
        numbers = [await store.release(db, book) for book in ("a", "a", "b", "b", "a")]
    assert [number is not None for number in numbers] == [True, False, True, False, True]
    assert clock.now() - timedelta(minutes=1) < await pool.fetchval("select max(at) from release")
