"""The audit compares the alerts, in the stream and in the monitor's tables, with what the log recorded of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import asyncpg
import pytest
import pytest_asyncio
from nats.aio.client import Client

from deploy import cli
from services.ledger.audit_alerts import ALERTS, REVISIONS
from tests.ledger.alerts_log import AlertsLog, make
from tests.ledger.world import World

pytestmark = pytest.mark.connected
Pools = Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]

BIT = "set_bit({0}, 11, 1 - get_bit({0}, 11))"
REVISED = {
    "change": "case change when 'raised' then 'amended' else 'raised' end",
    "position": "position + 1",
    "stored_at": "stored_at + interval '1 microsecond'",
    "dossier": BIT.format("dossier"),
    "shown": "jsonb_set(shown, '{summary}', '\"无违规\"')",
}
SHOWN = {
    "severity": "'info'",
    "state": "case state when 'standing' then 'retracted' else 'standing' end",
    "place": "place || '1'",
    "unit": "unit || 'x'",
    "subject": "subject || 'x'",
    "happened_on": "happened_on + 1",
    "acts": "acts || array['x']",
    "rule_version": "rule_version + 1",
    "shown": "jsonb_set(shown, '{summary}', '\"无违规\"')",
    "updated_at": "updated_at + interval '1 microsecond'",
}


@pytest_asyncio.fixture(loop_scope="session")
async def log(dsn: str, pool_for: Pools, nc: Client) -> AsyncIterator[AlertsLog]:
    """Give a log with its alerts."""
    from kit.db import connect_pool

    async with await connect_pool(dsn, size=4, schema="ledger", name="ledger-test") as pool:
        yield await make(World(pool), await pool_for("monitor"), nc)


def other(body: bytes) -> bytes:
    """Return a message with another summary."""
    event = json.loads(body)
    event["data"]["summary"] += "。"
    return json.dumps(event, ensure_ascii=False).encode()


def stranger(body: bytes) -> bytes:
    """Return a message that tells of an alert that never was."""
    event = json.loads(body)
    event["data"]["alert_id"] = "a" * 26
    return json.dumps(event, ensure_ascii=False).encode()


async def test_untouched_alerts_are_well(log: AlertsLog):
    found = await log.verify()
    assert found.fault is None
    assert found.recorded == found.messages == found.revisions == len(log.alerts) > 20
    assert (found.older, found.newer) == (0, 0)
    assert (await log.verify(rows=False)).revisions is None


async def test_any_bit_of_any_message_counts(log: AlertsLog):
    random = Random(5)
    for _ in range(12):
        at = random.randint(1, len(log.alerts))
        body = bytearray(log.alerts[at - 1])
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
        await log.restream("ALERTS", [*log.alerts[: at - 1], bytes(body), *log.alerts[at:]])
        assert (await log.fault())[:2] == (at, ALERTS)


async def test_a_message_changed_deleted_swapped_or_forged_is_named(log: AlertsLog):
    last = len(log.alerts)
    for at in (1, last // 2, last):
        before, body, behind = log.alerts[: at - 1], log.alerts[at - 1], log.alerts[at:]
        await log.restream("ALERTS", [*before, other(body), *behind])
        assert (await log.fault())[:2] == (at, ALERTS)
        await log.restream("ALERTS", log.alerts)
        await log.nc.jetstream().delete_msg("ALERTS", at)
        assert (await log.fault())[:2] == (at, ALERTS)
        if behind:
            await log.restream("ALERTS", [*before, behind[0], body, *behind[1:]])
            assert (await log.fault())[:2] == (at + 1, ALERTS)  # that the one before came early shows only now
            await log.restream("ALERTS", [*before, *behind])
            fault = await log.fault()
            assert fault.copy == ALERTS
            assert "缺少" in fault.what
        if before and behind:
            await log.restream("ALERTS", [*before, stranger(body), body, *behind])
            assert (await log.fault())[:2] == (at, ALERTS)


async def test_a_stream_cut_short_or_gone_is_named(log: AlertsLog):
    await log.restream("ALERTS", log.alerts[:-2])
    fault = await log.fault()
    alert, revision = log.row_of(len(log.alerts) - 1)
    assert f"预警 {alert} 第 {revision} 版" in fault.what
    assert fault.copy == ALERTS
    assert json.loads(log.facts[fault.position - 1])["data"]["alert_id"] == alert
    await log.nc.jetstream().delete_stream("ALERTS")
    assert (await log.fault()).copy == ALERTS


async def test_what_was_published_twice_or_is_not_recorded_yet_is_no_fault(log: AlertsLog):
    await log.restream("ALERTS", [*log.alerts[:7], *log.alerts[4:], stranger(log.alerts[0])])
    found = await log.verify()
    assert (found.fault, found.newer) == (None, 1)
    await log.restream("ALERTS", [stranger(log.alerts[0]), *log.alerts])
    found = await log.verify()
    assert (found.fault, found.older) == (None, 1)


async def test_a_changed_column_of_a_revision_is_named(log: AlertsLog):
    for at in (1, len(log.alerts) // 2, len(log.alerts)):
        alert, revision = log.row_of(at)
        this = f"alert_id = '{alert}' and revision = {revision}"
        held = await log.monitor.fetchrow(f"select * from alert_revision where {this}")
        assert held is not None
        for column in [name for name in REVISED if held[name] is not None]:
            await log.tamper(f"update alert_revision set {column} = {REVISED[column]} where {this}")
            fault = await log.fault()
            assert fault.copy == REVISIONS, column
            assert f"预警 {alert} 第 {revision} 版" in fault.what, column
            await log.monitor.execute(f"update alert_revision set {column} = $1 where {this}", held[column])
    assert (await log.verify()).fault is None


async def test_a_changed_column_of_an_alert_is_named(log: AlertsLog):
    alert, _ = log.row_of(len(log.alerts) // 3)
    held = await log.monitor.fetchrow("select * from alert where alert_id = $1", alert)
    assert held is not None
    for column, value in SHOWN.items():
        await log.tamper(f"update alert set {column} = {value} where alert_id = '{alert}'")
        fault = await log.fault()
        assert fault.copy == REVISIONS, column
        assert alert in fault.what
        assert f"alert 表的 {column} 列" in fault.what
        await log.monitor.execute(f"update alert set {column} = $1 where alert_id = $2", held[column], alert)
    assert (await log.verify()).fault is None


async def test_a_deleted_or_forged_revision_is_named(log: AlertsLog):
    alert, revision = log.row_of(len(log.alerts) // 2)
    this = f"alert_id = '{alert}' and revision = {revision}"
    await log.tamper(
        "create table monitor.saved as select * from alert_revision", f"delete from alert_revision where {this}"
    )
    fault = await log.fault()
    assert (fault.copy, f"预警 {alert} 第 {revision} 版" in fault.what) == (REVISIONS, True)
    await log.tamper(
        f"insert into alert_revision select * from saved where {this}",
        f"insert into alert_revision select alert_id, 900, change, position, stored_at, shown, dossier from saved where {this}",
    )
    fault = await log.fault()
    assert (fault.copy, f"预警 {alert} 第 900 版" in fault.what) == (REVISIONS, True)
    await log.tamper("delete from alert_revision where revision = 900")
    assert (await log.verify()).fault is None
    await log.tamper(f"update alert set revision = 900 where alert_id = '{alert}'")
    assert "版本表没有" in (await log.fault()).what


async def test_the_command_line_says_it_in_plain_words(
    log: AlertsLog, dsn: str, nats_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from tests.ledger.test_notary import KEY

    key = tmp_path / "journal.pub"
    key.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    line = ["audit", "verify", "--database", dsn, "--nats", nats_url, "--public-key", str(key)]

    async def verify(*more: str) -> tuple[int, str]:
        status = await asyncio.to_thread(cli.main, [*line, *more])
        return status, capsys.readouterr().out

    status, said = await verify("--monitor-database", dsn)
    assert (status, said.splitlines()[-1]) == (0, "没有发现问题。")
    assert f"预警流 {len(log.alerts)} 条、版本表 {len(log.alerts)} 行" in said
    assert "版本表未核对" in (await verify())[1]
    await log.restream("ALERTS", [*log.alerts[:4], other(log.alerts[4]), *log.alerts[5:]])
    status, said = await verify("--monitor-database", dsn)
    assert status == 1
    assert "第一条有问题的：位置 5，预警流（ALERTS），被改动" in said.splitlines()[-1]
    await log.restream("FACTS", [*log.facts[:8], b"{}", *log.facts[9:]])
    status, said = await verify("--monitor-database", dsn)
    assert status == 1
    assert "第一条有问题的：位置 9，事件流（FACTS），正文被改动" in said.splitlines()[-1]
