"""One intake on real servers: what comes in, what is answered, what is stored."""

from typing import Any

import pytest

from tests.intake import ledgers
from tests.intake.conftest import Intake
from tests.intake.events import COUNTY, raw_issued

pytestmark = pytest.mark.connected

LEDGER: list[list[Any]] = [
    ["文号", "标题", "成文日期", "页数", "密级"],
    ["青办发[2026]1号", "关于甲的通知", "2026-01-05", 3, ""],
    ["青办发[2026]2号", "关于乙的通知", "2026-01-06", 3, ""],
    ["", "关于丙的通知", "2026-01-07", 3, ""],
    ["青办发[2026]4号", "关于丁的通知", "昨天", 3, ""],
    ["青办发[2026]5号", "关于戊的通知", "2026-01-09", 3, "机密"],
]


async def test_a_new_fact_is_stored_once_and_said_to_be_a_duplicate_after(intake: Intake) -> None:
    first = await intake.post(raw_issued())
    again = await intake.post(raw_issued())
    assert first.status_code == again.status_code == 200, first.text
    one, two = first.json()["results"][0], again.json()["results"][0]
    assert (one["result"], two["result"]) == ("accepted", "duplicate")
    assert one["position"] == two["position"] == 1
    stored = await intake.stored()
    assert [(subject, id_) for subject, id_, _ in stored] == [("facts.990101.doc.issued", one["fact_id"])]


async def test_a_ledger_file_becomes_facts_once(intake: Intake) -> None:
    content = ledgers.xlsx([{"name": "a", "rows": LEDGER}])
    form = {"kind": "documents", "jurisdiction": COUNTY, "unit": "青禾县委办", "year": "2026"}

    async def send(content: bytes, **more: str) -> dict[str, Any]:
        answer = await intake.client.post(
            "/v1/imports", data={**form, **more}, files={"file": ("x.bin", content)}, headers=intake.bearer("operator")
        )
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    def counts(report: dict[str, Any]) -> tuple[int, ...]:
        return tuple(report[name] for name in ("rows", "accepted", "duplicate", "conflict", "rejected", "secret"))

    dry = await send(content, dry_run="true")
    assert counts(dry) == (5, 3, 0, 0, 1, 1)
    assert await intake.stored() == []
    assert counts(await send(content)) == (5, 3, 0, 0, 1, 1)
    assert counts(await send(content)) == (5, 0, 3, 0, 1, 1)
    changed = ledgers.xlsx([{"name": "a", "rows": [*LEDGER[:1], [*LEDGER[1][:3], 7], *LEDGER[2:]]}])
    report = await send(changed)
    assert counts(report) == (5, 0, 2, 1, 1, 1)
    assert [(error["row"], error["code"]) for error in report["errors"]] == [
        (2, "conflict"),
        (5, "invalid"),
        (6, "secret"),
    ]
    assert len(await intake.stored()) == 3
    assert counts(await send(changed, dry_run="true")) == (5, 0, 2, 1, 1, 1)
