"""The running ledger: facts in over FACTS, answers out over HTTP."""

import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from nats.js import JetStreamContext
from python_calamine import CalamineWorkbook

from contracts.event import fact_id
from kit import clock
from kit.auth import permissions
from kit.tokens import Principal, Role, mint, new_key_pair
from services.ledger.app import create_app
from services.ledger.config import Settings
from tests import factories as f
from tests.eventually import eventually

pytestmark = pytest.mark.connected

NORTH, SOUTH = "990101001", "990101002"


class Service:
    """A running ledger and its callers."""

    def __init__(self, app: Any, client: httpx.AsyncClient, js: JetStreamContext, key: bytes) -> None:
        self.app = app
        self.client = client
        self.js = js
        self._key = key

    def bearer(self, role: str = "operator", place: str = "99", units: tuple[str, ...] = ()) -> dict[str, str]:
        who = Principal(f"{role}@test", Role(role), place, frozenset(units))
        return {"authorization": f"Bearer {mint(self._key, who, now=clock.now(), ttl=timedelta(hours=1))}"}

    async def get(
        self, path: str, *, role: str = "operator", place: str = "99", units: tuple[str, ...] = (), **asked: Any
    ):
        params = {name.rstrip("_"): value for name, value in asked.items()}
        return await self.client.get(path, params=params, headers=self.bearer(role, place, units))

    async def items(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.get(path, **asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def tell(self, *facts: f.Event | bytes) -> None:
        """Publish facts and wait until the ledger has them all."""
        last = 0
        for fact in facts:
            subject = "facts.990101.raw.bytes" if isinstance(fact, bytes) else f.subject_of(fact)
            last = (await self.js.publish(subject, fact if isinstance(fact, bytes) else f.wire(fact))).seq
        await eventually(self.position, last)

    async def position(self) -> int:
        return int((await self.get("/v1/ledgers")).json()["current"]["position"])


@pytest_asyncio.fixture(loop_scope="session")
async def service(dsn: str, nats_url: str, js: JetStreamContext, tmp_path: Path) -> AsyncIterator[Service]:
    """Give a running ledger on this test's servers."""
    private, public = new_key_pair()
    path = tmp_path / "public.pem"
    path.write_bytes(public)
    settings = Settings(NATS_URL=nats_url, DATABASE_URL=dsn, JIANFU_PUBLIC_KEY_FILE=path, LEDGER_EXPORT_ROWS=3)
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ledger") as client,
    ):
        yield Service(app, client, js, private)


async def test_facts_come_in_and_rows_go_out(service: Service):
    document = f.issued(heading="关于防火的通知")
    await service.tell(document, b"rubbish", f.convened())
    answer = (await service.get("/v1/ledgers/documents")).json()
    assert (answer["ledger"], answer["title"], answer["next"]) == ("documents", "发文台账", None)
    assert answer["current"]["position"] == 3
    assert answer["current"]["time"] is not None
    assert {"name": "heading", "title": "标题", "kind": "text", "searched": True} in answer["columns"]
    item = answer["items"][0]
    assert item["act_id"] == f.fact_of(document)
    assert (item["jurisdiction"], item["unit_id"], item["happened_on"]) == ("990101", f.UNIT, "2025-03-04")
    assert (item["heading"], item["pages"], item["withdrawn"]) == ("关于防火的通知", 6, False)
    ready = await service.client.get("/readyz")
    assert ready.status_code == 200, ready.text


async def test_the_ledgers_are_listed_in_their_order(service: Service):
    names = [item["name"] for item in await service.items("/v1/ledgers")]
    expected = ["documents", "meetings", "inspections", "secondments", "certificates", "demands"]
    assert names[: len(expected)] == expected
    assert "units" not in names
    assert (await service.get("/v1/ledgers/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("ledger", "make"),
    [
        ("certificates", lambda day, _: f.certificate(time=f"{day}T09:00:00+08:00")),
        ("secondments", lambda day, number: f.started(loan=f"loan-{number}", started_on=day)),
    ],
)
async def test_pages_hang_together_without_gap_or_double(service: Service, ledger: str, make: Callable[..., f.Event]):
    await service.tell(*(make(f"2025-03-{number // 2 + 1:02}", number) for number in range(22)))
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        answer = (await service.get(f"/v1/ledgers/{ledger}", limit=5, **({"after": after} if after else {}))).json()
        assert len(answer["items"]) <= 5
        seen += answer["items"]
        if (after := answer["next"]) is None:
            break
    assert [item["happened_on"] for item in seen] == sorted((item["happened_on"] for item in seen), reverse=True)
    assert len(seen) == len({item["act_id"] for item in seen}) == 22


FILTERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "everything": ({}, {"a", "b", "c", "d"}),
    "a jurisdiction with what lies below": ({"jurisdiction": "990101"}, {"a", "b", "c"}),
    "a town": ({"jurisdiction": NORTH}, {"b"}),
    "the nation": ({"jurisdiction": "00"}, {"a", "b", "c", "d"}),
    "a unit": ({"unit": "north.school"}, {"b"}),
    "from a day": ({"from_": "2025-03-02"}, {"b", "c", "d"}),
    "to a day": ({"to": "2025-03-02"}, {"a", "b"}),
    "one day": ({"from_": "2025-03-03", "to": "2025-03-03"}, {"c"}),
    "words of the title": ({"q": "春耕"}, {"b", "c"}),
    "a sign that SQL would read": ({"q": "100%"}, {"d"}),
    "a sign that stands for any": ({"q": "_"}, set()),
    "a quote": ({"q": "'; drop table journal; --"}, set()),
    "several": ({"q": "春耕", "jurisdiction": SOUTH, "from_": "2025-01-01"}, {"c"}),
}


@pytest_asyncio.fixture(loop_scope="session")
async def filled(service: Service) -> Service:
    """Give a ledger with four documents and their letters."""
    await service.tell(
        f.issued(id="a", heading="防火", dated="2025-03-01"),
        f.issued(id="b", heading="关于春耕的通知", dated="2025-03-02", place=NORTH, unit="north.school"),
        f.issued(id="c", heading="关于春耕的函", dated="2025-03-03", place=SOUTH, unit="south.school"),
        f.issued(id="d", heading="完成100%的通知", dated="2025-03-04", place="9902", unit="other.city"),
    )
    return service


def letters(items: list[dict[str, Any]]) -> set[str]:
    return {letter for letter in "abcd" if fact_id(f.SOURCE, letter) in {item["act_id"] for item in items}}


async def test_filters(filled: Service):
    for name, (asked, expected) in FILTERS.items():
        assert letters(await filled.items("/v1/ledgers/documents", **asked)) == expected, name


async def test_a_caller_sees_its_own_jurisdiction_only(filled: Service):
    whole = "/v1/ledgers/documents"
    assert letters(await filled.items(whole, place="990101")) == {"a", "b", "c"}
    assert letters(await filled.items(whole, place=SOUTH)) == {"c"}
    assert letters(await filled.items(whole, place=SOUTH, jurisdiction="99")) == {"c"}
    assert letters(await filled.items(whole, place=SOUTH, jurisdiction=NORTH)) == set()
    assert letters(await filled.items(whole, role="office", place="990101", units=("north.school",))) == {"b"}
    assert letters(await filled.items(whole, role="discipline", place="990101")) == {"a", "b", "c"}
    act = f"/v1/acts/{fact_id(f.SOURCE, 'b')}"
    assert (await filled.get(act, place="990101")).status_code == 200
    assert (await filled.get(act, place=SOUTH)).status_code == 404
    assert (await filled.get(act, role="office", place="990101", units=("south.school",))).status_code == 404
    counts = await filled.items("/v1/counts", place=SOUTH, year=2025)
    assert {item["unit_id"] for item in counts} == {"south.school"}
    book = CalamineWorkbook.from_filelike(io.BytesIO((await filled.get(whole, place=SOUTH, format="xlsx")).content))
    assert len(book.get_sheet_by_index(0).to_python()) == 2


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "a jurisdiction that is none": ("/v1/ledgers/documents", {"jurisdiction": "99'"}),
    "a cursor of nobody": ("/v1/ledgers/documents", {"after": "e30"}),
    "a day that is none": ("/v1/ledgers/documents", {"from_": "2025-02-30"}),
    "a moment that is none": ("/v1/ledgers/documents", {"as_of": "yesterday"}),
    "a moment of no calendar": ("/v1/ledgers/documents", {"as_of": "9999-12-31T23:59:59-12:00"}),
    "too many": ("/v1/ledgers/documents", {"limit": 100_000}),
    "a filter that does not exist": ("/v1/ledgers/documents", {"place_code": "x"}),
    "a null byte": ("/v1/ledgers/documents", {"q": "a\x00b"}),
    "a year of no plan": ("/v1/counts", {"year": 99_999}),
    "no year": ("/v1/counts", {}),
    "an id that is none": ("/v1/acts/UPPER", {}),
    "a kind that is none": ("/v1/plans", {"kind": "其他"}),
}


async def test_wrong_questions_are_refused_with_the_field(service: Service):
    for name, (path, asked) in WRONG.items():
        answer = await service.get(path, **asked)
        assert answer.status_code == 422, name
        assert answer.headers["content-type"] == "application/problem+json", name


async def test_knowledge_of_a_day_includes_the_day(service: Service):
    document = f.issued(recorded="2025-03-05T23:00:00+08:00")
    await service.tell(document, f.withdrawn(document, recorded="2025-03-07T00:00:00+08:00"))
    moments = ("2025-03-04", "2025-03-05", "2025-03-05T22:59:59", "2025-03-05T23:00:00", "2025-03-06T23:59:59+08:00")
    found = [len(await service.items("/v1/ledgers/documents", as_of=moment)) for moment in (*moments, "2025-03-07", "")]
    assert found == [0, 1, 0, 1, 1, 0, 0]
    assert len(await service.items("/v1/ledgers/documents", withdrawn=True)) == 1


async def test_an_act_tells_its_history_and_where_the_journal_proves_it(service: Service):
    document = f.issued(pages=5)
    correction = f.corrected(document, changes={"pages": 7}, recorded="2025-04-01T00:00:00+08:00")
    await service.tell(correction, f.convened(), document)
    journal = {row["fact_id"]: row for row in await service.app.state.parts.pool.fetch("select * from journal")}
    for name in (document, correction):
        told = (await service.get(f"/v1/acts/{f.fact_of(name)}")).json()
        assert (told["act_id"], told["ledger"], told["withdrawn"]) == (f.fact_of(document), "documents", False)
        assert told["type"] == "cn.jianfu.doc.issued.v1"
        assert told["row"]["pages"] == 7
        assert [one["position"] for one in told["history"]] == [1, 3]
        for one, fact in zip(told["history"], (correction, document), strict=True):
            assert one["event"] == fact
            assert one["hash"] == journal[one["fact_id"]]["hash"].hex()
    await service.tell(f.withdrawn(document, recorded="2025-05-01T00:00:00+08:00"))
    told = (await service.get(f"/v1/acts/{f.fact_of(document)}")).json()
    assert (told["withdrawn"], told["row"], len(told["history"])) == (True, None, 3)


async def test_an_act_of_several_facts_is_found_by_each_of_them(service: Service):
    loan = [
        f.started(),
        f.extended(recorded="2025-05-01T00:00:00+08:00"),
        f.ended(recorded="2025-06-30T00:00:00+08:00"),
    ]
    receipt = f.received()
    await service.tell(*loan, receipt)
    act_id = (await service.items("/v1/ledgers/secondments"))[0]["act_id"]
    for name in (act_id, *map(f.fact_of, loan)):
        told = (await service.get(f"/v1/acts/{name}")).json()
        assert (told["act_id"], told["type"]) == (act_id, "cn.jianfu.sec.started.v1")
        assert [one["fact_id"] for one in told["history"]] == [f.fact_of(fact) for fact in loan]
    told = (await service.get(f"/v1/acts/{f.fact_of(receipt)}")).json()
    assert (told["ledger"], told["row"], len(told["history"])) == (None, None, 1)
    assert (await service.get(f"/v1/acts/{fact_id('nobody', 'nothing')}")).status_code == 404


async def test_counts_stand_beside_the_year_before(service: Service):
    days = ("2024-03-01", "2024-03-02", "2024-05-01", "2025-03-01", "2026-01-01")
    await service.tell(*[f.issued(dated=day) for day in days], f.issued(dated="2025-03-09", unit="another"), f.filed())
    asked: dict[str, Any] = {"year": 2025, "family": "doc"}
    shown = [
        (one["unit_id"], one["month"], one["n"], one["n_last_year"])
        for one in await service.items("/v1/counts", **asked)
    ]
    assert shown == [(f.UNIT, "2025-03", 1, 2), (f.UNIT, "2025-05", 0, 1), ("another", "2025-03", 1, 0)]
    total = await service.items("/v1/counts", total=True, **asked)
    assert [(one["unit_id"], one["month"], one["n"], one["n_last_year"]) for one in total] == [
        (None, "2025-03", 2, 2),
        (None, "2025-05", 0, 1),
    ]
    paged, after = [], None
    while True:
        answer = (await service.get("/v1/counts", limit=1, **asked, **({"after": after} if after else {}))).json()
        paged += answer["items"]
        if (after := answer["next"]) is None:
            break
    assert len(paged) == 3


async def test_plans_tell_what_is_used_of_them(service: Service):
    await service.tell(
        f.filed(items=[{"item": "p-1", "title": "春耕", "planned": 2}, {"item": "p-2", "title": "防火"}]),
        f.convened(plan_item="p-1"),
        f.convened(plan_item="p-1", topic="再次"),
        f.convened(plan_item="nothing"),
        f.convened(),
        f.convened(plan_item="p-1", starts_at="2026-01-01T09:00:00+08:00", ended_at=None),
        f.convened(plan_item="p-1", unit="another"),
        f.issued(plan_item="p-1"),
        f.filed(kind="督查检查考核", items=[{"item": "i-1", "title": "督查"}]),
        f.launched(plan_item="i-1"),
        f.visited(),
    )
    plans = {plan["kind"]: plan for plan in await service.items("/v1/plans", year=2025, owner=f.UNIT)}
    meetings = plans["会议"]
    assert (meetings["owner"], meetings["year"], meetings["cap"]) == (f.UNIT, 2025, 10)
    assert (meetings["used"], meetings["unplanned"]) == (4, 2)
    assert meetings["items"] == [
        {"item": "p-1", "title": "春耕", "planned": 2, "consumed": 2},
        {"item": "p-2", "title": "防火", "planned": 1, "consumed": 0},
    ]
    assert (plans["督查检查考核"]["used"], plans["督查检查考核"]["items"][0]["consumed"]) == (1, 1)
    assert await service.items("/v1/plans", year=2024) == []
    assert await service.items("/v1/plans", place="9902") == []


async def test_units_are_named(service: Service):
    await service.tell(f.registered(), f.registered(data={"unit": "990101002.town", "name": "河口镇", "place": SOUTH}))
    found = await service.items("/v1/units", jurisdiction=SOUTH)
    assert [(one["unit_id"], one["name"], one["jurisdiction"]) for one in found] == [
        ("990101002.town", "河口镇", SOUTH)
    ]
    assert len(await service.items("/v1/units")) == 2
    assert len(await service.items("/v1/units", q="云岭")) == 1


async def sheets(service: Service, ledger: str, **asked: Any) -> dict[str, list[list[Any]]]:
    answer = await service.get(f"/v1/ledgers/{ledger}", format="xlsx", **asked)
    assert answer.headers["content-disposition"] == f'attachment; filename="{ledger}.xlsx"'
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize(
    ("title", "shown"),
    [("=1+1", "'=1+1"), ("+A1", "'+A1"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"), ("＝1", "'＝1"), ("a\x07b", "ab")],
)
async def test_an_export_runs_no_formula(service: Service, title: str, shown: str):
    await service.tell(f.issued(heading=title))
    head, row = (await sheets(service, "documents"))["发文台账"]
    assert head[:6] == ["编号", "行政区划", "单位", "日期", "标题", "发文字号"]
    cells = dict(zip(head, row, strict=True))
    assert (cells["标题"], cells["行政区划"], cells["页数"]) == (shown, "990101", 6)
    assert (str(cells["日期"]), cells["落实上级文件"]) == ("2025-03-04", "否")


async def test_an_export_gives_moments_in_the_time_of_china(service: Service):
    await service.tell(f.convened(starts_at="2025-03-04T01:30:00Z"))
    head, row = (await sheets(service, "meetings"))["会议台账"]
    assert str(dict(zip(head, row, strict=True))["开始时间"]) == "2025-03-04 09:30:00"


async def test_an_export_says_what_it_leaves_out(service: Service):
    await service.tell(*[f.convened() for _ in range(3)])
    note: dict[str, Any] = dict((await sheets(service, "meetings"))["说明"])
    assert note["是否完整"] == "是"
    await service.tell(f.convened())
    found = await sheets(service, "meetings")
    assert len(found["会议台账"]) == 4
    note = dict(found["说明"])
    assert note["是否完整"] == "否：超过 3 行，其余未导出，请缩小查询范围"
    assert (note["行数"], note["数据截至位置"]) == (3, 4)


async def test_what_is_set_aside_is_shown_without_its_content(service: Service):
    future = {**f.issued(heading="秘密内容"), "type": "cn.jianfu.doc.issued.v9"}
    elsewhere = {**f.issued(place="9902"), "type": "cn.jianfu.doc.issued.v9"}
    await service.tell(b"rubbish", future, elsewhere)
    answer = await service.get("/v1/parked", place="990101")
    assert [(one["position"], one["code"]) for one in answer.json()["items"]] == [
        (1, "contract_broken"),
        (2, "from_the_future"),
    ]
    assert "秘密内容" not in answer.text
    assert (await service.get("/v1/parked", role="office")).status_code == 403
    page = (await service.get("/v1/parked", limit=2)).json()
    assert [one["position"] for one in await service.items("/v1/parked", after=page["next"])] == [3]
    answer = await service.client.post("/v1/parked/replay", headers=service.bearer())
    assert answer.json()["replayed"] == 0


async def test_every_route_declares_who_may_call_it(service: Service):
    declared = permissions(service.app)
    assert all(roles is not None for roles in declared.values())
    assert declared[("POST", "/v1/parked/replay")] == frozenset({Role.OPERATOR, Role.ADMIN})
    for (method, path), roles in declared.items():
        if roles:
            asked = await service.client.request(method, path.replace("{", "").replace("}", ""))
            assert asked.status_code == 401, path


async def test_it_is_not_ready_when_it_stopped(service: Service, monkeypatch: pytest.MonkeyPatch):
    from services.ledger import store

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "advance", broken)
    await service.js.publish(f.subject_of(fact := f.issued()), f.wire(fact))

    async def status() -> int:
        return (await service.client.get("/readyz")).status_code

    await eventually(status, 503)
    assert await service.items("/v1/ledgers/documents") == []
