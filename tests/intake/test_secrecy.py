"""Nothing of what the gate refuses is anywhere afterwards: not in a table, not in the stream, not in a log line."""

from collections.abc import Iterator

import pytest
from nats.aio.client import Client

from tests.intake import ledgers
from tests.intake.conftest import BATCH, Intake
from tests.intake.events import COUNTY, issued, raw, raw_issued
from tests.intake.test_service import BINARY, quarantine, replay

pytestmark = pytest.mark.connected

LEAK = "zzleakzz"


def secret(id_: str = LEAK) -> bytes:
    return raw_issued(id_, data={"heading": f"{LEAK}的通知", "secrecy_level": "机密"})


async def everything(intake: Intake) -> Iterator[bytes]:
    """Return every row of every table and every message of the stream."""
    tables = await intake.fetch(
        "select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables"
        " where table_schema not in ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 3
    found = [
        row["row"].encode()
        for table in tables
        for row in await intake.fetch(f"select t::text as row from {table['name']} t")
    ]
    found += [f"{subject} {id_}".encode() + body for subject, id_, body in await intake.stored()]
    return iter(found)


async def test_nothing_of_it_is_left_anywhere(intake: Intake, nc: Client, capsys: pytest.CaptureFixture[str]) -> None:
    headers = {"Authorization": f"Bearer {intake.token()}"}
    escaped = secret().decode().encode("ascii", "backslashreplace")
    bodies = [
        await intake.post(secret()),
        await intake.post(b"[" + secret() + b"," + raw_issued("fine") + b"]", BATCH),
        await intake.post(escaped),
        await intake.post(f'{{"id": "{LEAK}", "title": "机密'.encode()),
        await intake.post(f'{{"id": "{LEAK}", "title": "机密'.encode("gbk")),
        await intake.post(b"[" + secret() + b", nonsense]", BATCH),
        await intake.post(secret(), {"content-type": "text/plain"}),
        await intake.post(raw({**issued()["data"], "heading": LEAK, "密级": "秘密"}), {**BINARY, "ce-id": LEAK}),
        await intake.post(raw_issued(LEAK, time="x", data={"heading": f"★{LEAK}"})),
        await intake.post(raw_issued(LEAK, source="/oa/elsewhere", data={"heading": f"★{LEAK}"})),
        await intake.post(f'{{"x": "{LEAK} 机密", "x": 1, "id": "double"}}'.encode()),
    ]
    await nc.request("intake.events", b"[" + secret() + b"]", timeout=30, headers=headers)
    await nc.request("intake.events", b"[" + secret(), timeout=30, headers=headers)
    rows = [
        ["文号", "标题", "成文日期", "密级"],
        ["青办发[2026]1号", LEAK, "2026-01-05", "机密"],
        ["", f"★{LEAK}", "2026-01-05", ""],
    ]
    titled = [[f"机密★1年 {LEAK}"], *rows[:1], ["", LEAK, "2026-01-05", ""]]
    for content in (rows, titled):
        file = ledgers.xlsx([{"name": "a", "rows": content}])
        form = {"kind": "documents", "jurisdiction": COUNTY, "unit": "u", "year": "2026"}
        files = {"file": (f"{LEAK}.xlsx", file)}
        bodies.append(
            await intake.client.post("/v1/imports", data=form, files=files, headers=intake.bearer("operator"))
        )
    await intake.post(raw_issued("mend", time="x"))
    (entry,) = [item for item in await quarantine(intake, "admin", jurisdiction="00") if item["event_id"] == "mend"]
    bodies.append(await replay(intake, entry["id"], secret()))

    assert all(answer.status_code < 500 for answer in bodies)
    leak = LEAK.encode()
    for part in await everything(intake):
        assert leak not in part
        assert leak.hex().encode() not in part
    assert LEAK not in capsys.readouterr().out
    assert len(await intake.stored()) == 1
    counted = await intake.fetch("select sum(secret)::int as secret, sum(rejected)::int as rejected from tally")
    assert counted[0]["secret"] >= 12
