"""One intake on real servers: how facts come in, what senders are told, who may see what."""

import asyncio
import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from nats.aio.client import Client

from contracts.catalog import decode
from contracts.event import fact_id
from contracts.reference import DayEnded
from kit import clock
from kit.auth import Role, permissions
from kit.clock import BEIJING
from services.intake.ticking import tick
from tests.eventually import eventually
from tests.intake import ledgers
from tests.intake.conftest import BATCH, STRUCTURED, Intake, Start
from tests.intake.events import COUNTY, SOURCE, TOWN, issued, raw, raw_issued

pytestmark = pytest.mark.connected

BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "doc-1",
    "ce-source": SOURCE,
    "ce-type": "cn.jianfu.doc.issued.v1",
    "ce-time": "2026-09-01T09:00:00+08:00",
    "ce-jurisdiction": COUNTY,
    "ce-unitid": "qinghe-office",
}


async def test_a_new_fact_is_stored_once_and_said_to_be_a_duplicate_after(intake: Intake) -> None:
    first, again = await intake.post(raw_issued()), await intake.post(raw_issued())
    assert first.status_code == again.status_code == 200, first.text
    one, two = first.json()["results"][0], again.json()["results"][0]
    assert one == {
        "index": 0,
        "source": SOURCE,
        "id": "doc-1",
        "fact_id": fact_id(SOURCE, "doc-1"),
        "result": "accepted",
        "reason": None,
        "position": 1,
        "warnings": [],
    }
    assert two == {**one, "result": "duplicate"}
    assert [(subject, id_) for subject, id_, _ in await intake.stored()] == [
        ("facts.990101.doc.issued", one["fact_id"])
    ]


async def test_the_three_content_modes_say_the_same(intake: Intake) -> None:
    structured = await intake.post(raw_issued())
    binary = await intake.post(raw(issued()["data"]), BINARY)
    percent = await intake.post(raw(issued()["data"]), {**BINARY, "ce-subject": "%E6%96%87"})
    batch = await intake.batch(raw_issued())
    results = [answer.json()["results"][0] for answer in (structured, binary, percent)] + batch
    assert [result["result"] for result in results] == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert {result["position"] for result in results} == {1}


async def test_a_batch_has_a_result_for_each_item_in_order_and_one_bad_item_harms_no_other(intake: Intake) -> None:
    results = await intake.batch(
        raw_issued("a"),
        raw_issued("b", time="yesterday"),
        raw_issued("c", data={"doc_no": "没有字号"}),
        raw_issued("d", source="/oa/elsewhere"),
        raw_issued("e", jurisdiction="990102"),
        b"17",
        b'"\xff"',
    )
    assert [(r["index"], r["result"], (r["reason"] or {}).get("code")) for r in results] == [
        (0, "accepted", None),
        (1, "rejected", "invalid"),
        (2, "accepted", None),
        (3, "rejected", "forbidden"),
        (4, "rejected", "forbidden"),
        (5, "rejected", "invalid"),
        (6, "rejected", "malformed"),
    ]
    assert [warning["field"] for warning in results[2]["warnings"]] == ["data.doc_no"]
    assert [r["position"] for r in results] == [1, None, 2, None, None, None, None]
    assert await intake.batch() == []


async def test_a_thousand_are_taken_and_one_more_is_not(intake: Intake) -> None:
    items = [raw_issued(f"n{number}") for number in range(1001)]
    assert (await intake.post(b"[" + b",".join(items) + b"]", BATCH)).status_code == 413
    results = await intake.batch(*items[:1000])
    assert [result["position"] for result in results] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (raw_issued(data={"pages": "six"}), 422, "invalid"),
        (raw_issued(source="/oa/elsewhere"), 403, "forbidden"),
        (raw_issued(data={"heading": "x" * 300_000}), 413, "too_large"),
        (raw_issued(data={"heading": "机密★"}), 422, "secret"),
        (b"{", 422, "malformed"),
    ],
)
async def test_a_single_event_that_is_refused_is_a_problem(intake: Intake, body: bytes, status: int, code: str) -> None:
    answer = await intake.post(body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert await intake.stored() == []


async def test_a_single_conflict_is_a_problem(intake: Intake) -> None:
    await intake.post(raw_issued())
    answer = await intake.post(raw_issued(data={"pages": 9}))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


MODES = [
    (STRUCTURED, b"", 422),
    (STRUCTURED, b"[]", 422),
    (STRUCTURED, b"\xff", 422),
    (STRUCTURED, b"[" * 50_000, 422),
    (BATCH, b"", 400),
    (BATCH, b"{}", 400),
    (BATCH, b'[{"a":1},{]', 400),
    (BATCH, b"[" * 500_000, 400),
    (BATCH, b"[NaN]", 400),
    (BATCH, b"[1] 2", 400),
    (BINARY, b"", 422),
    (BINARY, b'{"heading":', 400),
    (BINARY, b'"\\ud800"', 400),
    (BINARY, b'{}, "id": "other"', 400),
    ({**BINARY, "ce-subject": "%ff"}, b"{}", 400),
    ({**BINARY, "content-type": "text/plain"}, b"x", 415),
    ({**STRUCTURED, "content-type": "application/cloudevents+json; charset=gbk"}, raw_issued(), 415),
    ({"content-type": "application/json"}, b"{}", 415),
    ({"content-type": "application/cloudevents+xml"}, b"<a/>", 415),
    ({}, b"{}", 415),
]


async def test_no_request_makes_intake_fail(intake: Intake) -> None:
    for headers, body, status in MODES:
        answer = await intake.post(body, headers)
        assert answer.status_code == status, (headers, body[:40], answer.text)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["detail"]), (headers, body[:40])
    assert await intake.stored() == []


async def test_a_charset_of_utf_8_is_fine(intake: Intake) -> None:
    answer = await intake.post(raw_issued(), {"content-type": 'application/cloudevents+json; charset="UTF-8"'})
    assert answer.status_code == 200


async def test_past_the_bound_senders_are_told_to_come_again(start: Start) -> None:
    intake = await start(most_waiting=1000)
    batches = [[raw_issued(f"{name}{number}") for number in range(1000)] for name in "abc"]
    pool = intake.parts.pool
    async with contextlib.AsyncExitStack() as held:
        for _ in range(pool.get_max_size()):  # nothing can be stored now
            await held.enter_async_context(pool.acquire())
        first = [asyncio.create_task(intake.batch(*items)) for items in batches]
        await eventually(lambda: intake.parts.taker.waiting == 1000)
        answer = await intake.post(raw_issued("late"))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert [len(results) for results in await asyncio.gather(*first)] == [1000] * 3
    assert (await intake.post(raw_issued("late"))).status_code == 200


# ---------------------------------------------------------------- who may what


async def test_every_route_declares_who_may_call_it(intake: Intake) -> None:
    assert None not in permissions(intake.app).values()


MAY = {
    ("POST", "/v1/events"): {Role.ADAPTER, Role.OPERATOR, Role.ADMIN},
    ("GET", "/v1/quarantine"): {*Role} - {Role.DISCIPLINE},
    ("GET", "/v1/sources"): {*Role},
    ("POST", "/v1/imports"): {*Role} - {Role.DISCIPLINE},
}


async def test_who_may_call_what(intake: Intake) -> None:
    for (method, path), allowed in MAY.items():
        answers = {role: await intake.client.request(method, path, headers=intake.bearer(role)) for role in Role}
        assert {role for role, answer in answers.items() if answer.status_code != 403} == allowed, path
        assert (await intake.client.request(method, path)).status_code == 401, path


async def test_an_adapter_speaks_for_its_own_sources_only(intake: Intake) -> None:
    def accepted(results: list[dict[str, Any]]) -> list[bool]:
        return [result["result"] == "accepted" for result in results]

    sources = [SOURCE, f"{SOURCE}/doc", f"{SOURCE}2", "/oa", "/oa/other"]
    items = [raw_issued("s", source=source) for source in sources]
    assert accepted(await intake.batch(*items)) == [True, True, False, False, False]
    assert accepted(await intake.batch(*items, role="operator")) == [False, False, True, True, True]
    ours = [
        raw_issued(source=source)
        for source in ("/jianfu/clock", "/jianfu/monitor", "jianfu/ledger", "jianfu", "/jianfux")
    ]
    assert accepted(await intake.batch(*ours, role="admin", jurisdiction="00")) == [False, False, False, False, True]
    about = {"target": {"id": "s", "source": "/oa/other"}, "reason": "x"}
    withdrawn = issued("w", type="cn.jianfu.act.withdrawn.v1") | {"data": about}
    assert accepted(await intake.batch(raw(withdrawn))) == [False]
    assert accepted(await intake.batch(raw(withdrawn), role="operator")) == [True]


async def test_an_import_is_for_an_own_unit_and_place(intake: Intake) -> None:
    form = {"kind": "documents", "jurisdiction": COUNTY, "unit": "u1", "year": "2026"}
    content = ledgers.xlsx([{"name": "a", "rows": [["标题", "日期"], ["甲", "2026-01-01"]]}])

    async def status(who: dict[str, str], **more: str) -> int:
        answer = await intake.client.post("/v1/imports", data={**form, **more}, files={"file": content}, headers=who)
        return answer.status_code

    assert await status(intake.bearer("office", units=("u1",))) == 200
    assert await status(intake.bearer("office", units=("u2",))) == 403
    assert await status(intake.bearer("operator", jurisdiction="990102")) == 403
    assert await status(intake.bearer("adapter")) == 403
    assert await status(intake.bearer("adapter", sources=("/imports/990101/u1",))) == 200
    operator = intake.bearer("operator")
    assert await status(operator, kind="salaries") == 422
    assert await status(operator, unit="a b") == 422
    assert await status(operator, year="1") == 422
    assert (await intake.client.post("/v1/imports", data=form, headers=operator)).status_code == 422


# ---------------------------------------------------------------- quarantine


async def quarantine(intake: Intake, role: str = "operator", *, query: str = "", **who: Any) -> list[dict[str, Any]]:
    answer = await intake.client.get(f"/v1/quarantine{query}", headers=intake.bearer(role, **who))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_what_is_refused_is_kept_as_it_came_with_its_reason_and_once(intake: Intake) -> None:
    broken = raw_issued(data={"pages": "six"})
    await intake.post(broken)
    await intake.post(broken)
    await intake.post(b'{"half":')
    await intake.post(b"[{]", BATCH)
    await intake.batch(raw_issued("ok"), raw_issued("ok", data={"pages": 1}))
    await intake.batch(raw_issued("ok", data={"pages": 1}))
    items = await quarantine(intake, jurisdiction="99")
    assert [(item["reason"]["code"], item["times"], item["event_id"]) for item in items] == [
        ("invalid", 2, "doc-1"),
        ("conflict", 2, "ok"),
    ]
    assert items[0]["body"] == broken.decode()
    assert items[0]["reason"]["field"] == "data.pages"
    everything = await quarantine(intake, "admin", jurisdiction="00")
    assert [item["body"] for item in everything if item["reason"]["code"] == "malformed"] == ['{"half":', "[{]"]


async def test_what_a_foreign_source_is_said_to_have_sent_is_not_kept(intake: Intake) -> None:
    await intake.batch(raw_issued(source="/oa/elsewhere"), raw_issued(source="/oa/elsewhere", time="x"))
    assert await quarantine(intake, "admin", jurisdiction="00") == []


async def test_who_sees_which_refused_items(intake: Intake) -> None:
    await intake.batch(raw_issued("mine", time="x"))
    await intake.batch(raw_issued("theirs", time="x", source="/oa/other"), sources=("/oa/other",), subject="other")
    await intake.batch(raw_issued("town", time="x", jurisdiction=TOWN), subject="third")

    async def seen(role: str, **who: Any) -> set[str]:
        return {item["event_id"] for item in await quarantine(intake, role, **who)}

    assert await seen("adapter") == {"mine", "town"}
    assert await seen("adapter", sources=("/oa/other",)) == {"mine", "theirs"}  # its own and what it sent itself
    assert await seen("adapter", sources=("/oa/other",), subject="x") == {"theirs"}
    assert await seen("adapter", sources=("/oa/oth_r",), subject="x") == set()
    assert await seen("operator") == {"mine", "theirs", "town"}
    assert await seen("operator", jurisdiction=TOWN) == {"town"}
    assert await seen("operator", jurisdiction="990102") == set()
    assert {item["body"] for item in await quarantine(intake, "office")} == {None}


async def test_quarantine_is_paged(intake: Intake) -> None:
    await intake.batch(*(raw_issued(f"n{number}", time="x") for number in range(7)))
    got: list[str] = []
    after = ""
    for _ in range(4):
        query = f"?limit=2{after}"
        answer = await intake.client.get(f"/v1/quarantine{query}", headers=intake.bearer("operator"))
        page = answer.json()
        got += [item["event_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sorted(got) == [f"n{number}" for number in range(7)]
    bad = await intake.client.get("/v1/quarantine?after=nonsense", headers=intake.bearer("operator"))
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_cursor")


async def replay(
    intake: Intake,
    entry_id: str,
    body: bytes = b"",
    kind: dict[str, str] = STRUCTURED,
    role: str = "operator",
    **who: Any,
) -> httpx.Response:
    path = f"/v1/quarantine/{entry_id}/replay"
    return await intake.client.post(path, content=body, headers={**kind, **intake.bearer(role, **who)})


async def test_a_refused_item_is_replayed_when_it_is_mended(intake: Intake) -> None:
    await intake.post(raw_issued(data={"pages": "six"}))
    (entry,) = await quarantine(intake)
    assert (await replay(intake, entry["id"], b"{}")).json()["reason"]["field"] == "data.pages"
    assert (await replay(intake, entry["id"], b"[1]", {"content-type": "application/json"})).status_code == 415
    still = await replay(intake, entry["id"])
    assert (still.status_code, still.json()["result"], still.json()["reason"]["code"]) == (200, "rejected", "invalid")
    other = await replay(intake, entry["id"], raw_issued(data={"doc_no": 5}))
    assert other.json()["reason"]["field"] == "data.doc_no"
    assert [item["reason"]["field"] for item in await quarantine(intake)] == ["data.doc_no"]
    mended = await replay(intake, entry["id"], raw_issued(data={"pages": 6}))
    assert (mended.json()["result"], mended.json()["position"]) == ("accepted", 1)
    assert await quarantine(intake) == []
    (done,) = await quarantine(intake, query="?state=replayed")
    assert (done["state"], done["fact_id"]) == ("replayed", mended.json()["fact_id"])
    assert len(await intake.stored()) == 1


async def test_a_conflict_is_settled_under_a_new_id(intake: Intake) -> None:
    await intake.batch(raw_issued(), raw_issued(data={"pages": 9}))
    (entry,) = await quarantine(intake)
    assert (await replay(intake, entry["id"])).json()["result"] == "conflict"
    assert (await replay(intake, entry["id"], raw_issued("doc-1b", data={"pages": 9}))).json()["result"] == "accepted"
    assert await quarantine(intake) == []


async def test_nobody_replays_what_is_not_theirs(intake: Intake) -> None:
    await intake.post(raw_issued(time="x"))
    (entry,) = await quarantine(intake)
    assert (await replay(intake, entry["id"], role="operator", jurisdiction="990102")).status_code == 404
    assert (await replay(intake, entry["id"], role="adapter", sources=("/b",), subject="b")).status_code == 404
    assert (await replay(intake, "0" * 26)).status_code == 404
    assert (await replay(intake, "nonsense")).status_code == 422


# ---------------------------------------------------------------- sources


async def test_sources_tell_what_came_how_late_and_since_when_nothing_did(intake: Intake) -> None:
    late = {"time": "2026-09-01T09:00:00+08:00", "recordedtime": "2026-09-03T09:00:00+08:00"}
    soon = {"time": "2026-09-01T09:00:00+08:00", "recordedtime": "2026-09-01T09:00:30+08:00"}
    await intake.batch(
        raw_issued("a", **late),
        raw_issued("b", **soon),
        raw_issued("b", **soon),
        raw_issued("b", data={"pages": 1}),
        raw_issued("c", time="x"),
        raw_issued("d", data={"heading": "机密★"}),
    )
    await intake.batch(
        raw_issued("e", source="/oa/other", jurisdiction="990102"), sources=("/oa/other",), jurisdiction="99"
    )

    async def listed(role: str, **who: Any) -> dict[str, dict[str, Any]]:
        answer = await intake.client.get("/v1/sources", headers=intake.bearer(role, **who))
        assert answer.json()["current"]["position"] == 3
        return {item["source"]: item for item in answer.json()["items"]}

    whole = await listed("operator", jurisdiction="99")
    assert set(whole) == {SOURCE, "/oa/other"}
    one = whole[SOURCE]
    counts = {name: one[name] for name in ("accepted", "duplicate", "conflict", "rejected", "secret")}
    assert counts == {"accepted": 2, "duplicate": 1, "conflict": 1, "rejected": 1, "secret": 0}
    assert one["lags"] == {"minute": 1, "hour": 0, "day": 0, "week": 1, "month": 0, "more": 0}
    assert one["last_time"] == "2026-09-01T01:00:00Z"
    assert one["last_recorded"] == "2026-09-03T01:00:00Z"
    hours = (clock.now() - datetime(2026, 9, 3, 1, tzinfo=UTC)).total_seconds() / 3600
    assert one["silent_hours"] == pytest.approx(hours, abs=0.1)
    assert set(await listed("operator")) == {SOURCE}
    assert set(await listed("adapter")) == {SOURCE}
    assert (await listed("adapter"))[SOURCE][
        "secret"
    ] == 1  # where it has no jurisdiction only the source itself sees it


# ---------------------------------------------------------------- NATS


async def test_adapters_that_speak_nats_get_the_same_answers(intake: Intake, nc: Client) -> None:
    async def ask(body: bytes, token: str | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        reply = await nc.request("intake.events", body, timeout=30, headers=headers)
        answer: dict[str, Any] = json.loads(reply.data)
        return answer

    own = intake.token()
    body = b"[" + raw_issued("a") + b"," + raw_issued("b", time="x") + b"]"
    asked = (await ask(body, own))["results"]
    posted = (await intake.post(body, BATCH)).json()["results"]
    assert [result["result"] for result in asked] == ["accepted", "rejected"]
    assert posted == [{**asked[0], "result": "duplicate"}, asked[1]]
    assert (await ask(body, None))["status"] == 401
    assert (await ask(body, "nonsense"))["status"] == 401
    assert (await ask(body, intake.token("office")))["status"] == 403
    for broken in (b"", b"{}", b"\xff", b"[" * 100_000, b"[NaN]"):
        assert (await ask(broken, own))["status"] == 400
    many = b"[" + b",".join([b"1"] * 1001) + b"]"
    assert (await ask(many, own))["status"] == 413
    answers = await asyncio.gather(*(ask(b"[" + raw_issued(f"n{number}") + b"]", own) for number in range(100)))
    assert {answer["results"][0]["result"] for answer in answers} == {"accepted"}


# ---------------------------------------------------------------- days


async def test_each_day_is_told_once_also_those_that_nobody_saw(intake: Intake, start: Start) -> None:
    def told(bodies: list[tuple[str, str, bytes]]) -> list[date]:
        return [event.day for _, _, body in bodies if isinstance(event := decode(body).event, DayEnded)]

    noon = clock.now().astimezone(BEIJING).replace(hour=12)
    parts = intake.parts
    assert await tick(parts.pool, parts.taker, noon - timedelta(days=5)) == 1
    assert await tick(parts.pool, parts.taker, noon - timedelta(days=5)) == 0
    assert await tick(parts.pool, parts.taker, noon) == 5
    other = (await start()).parts
    assert await tick(other.pool, other.taker, noon) == 0
    await intake.fetch("delete from tally")  # as if a crash had taken the counts back
    assert await tick(other.pool, other.taker, noon) == 1
    days = told(await intake.stored())
    assert days == [noon.date() - timedelta(days=left) for left in (6, 5, 4, 3, 2, 1)]
    (subject, id_, body), *_ = await intake.stored()
    assert subject == "facts.00.clock.day_ended"
    assert id_ == fact_id("/jianfu/clock", f"day-{days[0].isoformat()}")
    assert decode(body).time == datetime.combine(days[1], datetime.min.time(), BEIJING)


async def test_a_running_intake_tells_yesterday_by_itself(start: Start, intake: Intake) -> None:
    telling = await start(tells_days=True)
    checks = (await telling.client.get("/readyz")).json()["checks"]
    assert checks == {"facts": "ok", "requests": "ok", "days": "ok"}
    (stored,) = await eventually(intake.stored)
    assert decode(stored[2]).event.event_name() == "clock.day_ended"


# ---------------------------------------------------------------- files


LEDGER: list[list[Any]] = [
    ["文号", "标题", "成文日期", "页数", "密级"],
    ["青办发[2026]1号", "关于甲的通知", "2026-01-05", 3, ""],
    ["青办发[2026]2号", "关于乙的通知", "2026-01-06", 3, ""],
    ["", "关于丙的通知", "2026-01-07", 3, ""],
    ["青办发[2026]4号", "关于丁的通知", "昨天", 3, ""],
    ["青办发[2026]5号", "关于戊的通知", "2026-01-09", 3, "机密"],
]


async def test_a_ledger_file_becomes_facts_once(intake: Intake) -> None:
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

    content = ledgers.xlsx([{"name": "a", "rows": LEDGER}])
    assert counts(await send(content, dry_run="true")) == (5, 3, 0, 0, 1, 1)
    assert await intake.stored() == []
    assert counts(await send(content)) == (5, 3, 0, 0, 1, 1)
    assert counts(await send(content)) == (5, 0, 3, 0, 1, 1)
    changed = ledgers.xlsx([{"name": "a", "rows": [*LEDGER[:1], [*LEDGER[1][:3], 7], *LEDGER[2:]]}])
    report = await send(changed)
    assert counts(report) == (5, 0, 2, 1, 1, 1)
    errors = [(error["row"], error["field"], error["code"]) for error in report["errors"]]
    assert errors == [(2, None, "conflict"), (5, "成文日期", "invalid"), (6, None, "secret")]
    assert len(await intake.stored()) == 3
    assert counts(await send(changed, dry_run="true")) == (5, 0, 2, 1, 1, 1)
    (source,) = (await intake.client.get("/v1/sources", headers=intake.bearer("operator"))).json()["items"]
    assert (source["accepted"], source["conflict"], source["secret"]) == (3, 1, 3)


async def test_a_row_that_the_contract_refuses_is_named_by_its_column(intake: Intake) -> None:
    rows = [["标题", "日期", "印制份数"], ["题" * 600, "2026-01-05", 3]]
    form = {"kind": "documents", "jurisdiction": COUNTY, "unit": "u", "year": "2026"}
    files = {"file": ledgers.xlsx([{"name": "a", "rows": rows}])}
    answer = await intake.client.post("/v1/imports", data=form, files=files, headers=intake.bearer("operator"))
    (error,) = answer.json()["errors"]
    assert (error["sheet"], error["row"], error["field"], error["code"]) == ("a", 2, "标题", "invalid")


async def test_intake_is_ready_when_it_can_store(intake: Intake) -> None:
    answer = await intake.client.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["checks"] == {"facts": "ok", "requests": "ok"}
    assert "jianfu_intake_items_total" in (await intake.client.get("/metrics")).text
