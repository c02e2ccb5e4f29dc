"""Given facts, then rows: one table for each ledger."""

from typing import Any

import pytest

from tests import factories as f
from tests.ledger.world import World

pytestmark = pytest.mark.connected

DEMAND = f.demanded(id="demand")
DOCUMENT = f.issued(id="document")
SUPERIOR = f.convened(id="superior", unit="9901.office", place="9901")

CASES: dict[str, tuple[str, list[f.Event], list[dict[str, Any]]]] = {
    "a document with its number in parts": (
        "documents",
        [
            f.issued(
                heading="关于防火的通知",
                doc_no="青办发[2025]007号",
                plan_item="p-1",
                implements=[{"title": "上级意见"}],
            )
        ],
        [
            {
                "heading": "关于防火的通知",
                "doc_no": "青办发〔2025〕7号",
                "doc_no_code": "青办发",
                "doc_no_year": 2025,
                "doc_no_number": 7,
                "char_count": 3200,
                "pages": 6,
                "addressees": 1,
                "lowest_level": 4,
                "plan_item": "p-1",
                "implements": True,
                "revoked_on": None,
            }
        ],
    ),
    "a document without a number": (
        "documents",
        [f.issued(doc_no=None, addressees=[])],
        [{"doc_no": None, "doc_no_code": None, "lowest_level": None, "addressees": 0, "implements": False}],
    ),
    "a document that is revoked by reference": (
        "documents",
        [f.revoked(document=f.ref(DOCUMENT)), DOCUMENT],
        [{"heading": DOCUMENT["data"]["heading"], "revoked_on": "2025-06-01"}],
    ),
    "a revocation that names only a number makes no row": ("documents", [f.revoked(doc_no="青办发〔2025〕12号")], []),
    "a meeting with its length and person-hours": (
        "meetings",
        [f.convened(parent=f.ref(SUPERIOR))],
        [{"minutes": 90, "person_hours": 60.0, "units": 1, "parent": f.fact_of(SUPERIOR), "meeting_class": "三类"}],
    ),
    "a meeting whose end nobody recorded": (
        "meetings",
        [f.convened(ended_at=None)],
        [{"minutes": None, "person_hours": None, "actual_attendees": 40}],
    ),
    "a launch and a visit": (
        "inspections",
        [f.launched(time="2025-03-01T09:00:00+08:00"), f.visited()],
        [
            {"step": "到访", "minutes": 90, "targets": 1, "target_unit": f.TOWN, "lowest_level": 4},
            {"step": "发起", "minutes": None, "targets": 1, "inspection_kind": "专项"},
        ],
    ),
    "a loan from its start over an extension to its end": (
        "secondments",
        [
            f.ended(time="2025-06-30T18:00:00+08:00"),
            f.started(planned_end="2025-05-31", consents=[]),
            f.extended(time="2025-05-20T09:00:00+08:00", consents=[{"kind": "教育部门同意"}]),
        ],
        [
            {
                "loan": "loan-1",
                "state": "已结束",
                "planned_end": "2025-08-31",
                "extensions": 1,
                "ended_on": "2025-06-30",
                "days": 119,
                "consents": 1,
            }
        ],
    ),
    "a loan that goes on": (
        "secondments",
        [f.started()],
        [{"state": "在借", "ended_on": None, "days": None, "extensions": 0, "consents": None}],
    ),
    "an end without a start makes no row": ("secondments", [f.ended()], []),
    "two persons under the same loan number": (
        "secondments",
        [f.started(), f.started(person="teacher-02"), f.ended(person="teacher-02")],
        [{"state": "在借", "person": "teacher-01"}, {"state": "已结束", "person": "teacher-02"}],
    ),
    "a certificate": ("certificates", [f.certificate()], [{"item": "婚姻状况证明", "issuer_kind": "村居"}]),
    "a demand with submissions in time and late": (
        "demands",
        [
            f.submitted(demand=f.ref(DEMAND)),
            DEMAND,
            f.submitted(demand=f.ref(DEMAND), submitted_at="2025-03-10T18:00:01+08:00"),
        ],
        [{"submissions": 2, "late": 1, "addressees": 1, "last_submitted_at": "2025-03-10 10:00:01+00:00"}],
    ),
    "a demand without a deadline is never late": (
        "demands",
        [{**DEMAND, "data": {**DEMAND["data"], "due_at": None}}, f.submitted(demand=f.ref(DEMAND))],
        [{"submissions": 1, "late": None}],
    ),
    "an explanation that answers no demand makes no row": (
        "demands",
        [f.submitted(explains="发文数量增长", explains_year=2024)],
        [],
    ),
    "a plan and its amendment": (
        "plans",
        [f.amended(time="2025-05-01T00:00:00+08:00"), f.filed()],
        [{"plan_kind": "会议", "year": 2025, "planned": 3, "cap": 9, "amendments": 1}],
    ),
    "plans of two kinds": (
        "plans",
        [f.filed(), f.filed(kind="发文", time="2025-01-05T00:00:00+08:00")],
        [{"plan_kind": "会议"}, {"plan_kind": "发文"}],
    ),
    "a unit that is renamed": (
        "units",
        [
            f.registered(data={"name": "云岭街道", "valid_from": "2024-01-01"}),
            f.registered(data={"superior": "990101.office"}),
        ],
        [{"name": "云岭街道", "level": 4, "superior": None}],
    ),
    "a unit that never ends": (
        "units",
        [f.registered(data={"valid_to": "9999-12-31"})],
        [{"valid_to": None}],
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_facts_make_rows(world: World, case: str):
    ledger, facts, expected = CASES[case]
    await world.feed(*facts)
    found = await world.cells(ledger)
    shown = [{key: _plain(cells[key]) for key in wanted} for cells, wanted in zip(found, expected, strict=False)]
    order = lambda cells: sorted(map(str, cells.items()))  # noqa: E731
    assert len(found) == len(expected)
    assert sorted(shown, key=order) == sorted(expected, key=order)


def _plain(cell: object) -> object:
    return cell if cell is None or isinstance(cell, (str, int, float)) else str(cell)
