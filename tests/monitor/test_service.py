"""The running monitor: facts in over FACTS, alerts out over HTTP and ALERTS."""

from typing import Any

from nats.js import JetStreamContext

from contracts.catalog import decode
from tests.eventually import eventually
from tests.factories import convened, corrected, fact_of, filed, issued
from tests.monitor.conftest import LONG, Monitor


async def test_a_long_meeting_becomes_an_alert_with_its_dossier(monitor: Monitor) -> None:
    meeting = convened(**LONG)
    await monitor.tell(meeting)
    [alert] = [one for one in (await monitor.get("/v1/alerts")).json()["items"] if one["rule"] == "MTG-19"]
    assert alert["acts"] == [fact_of(meeting)]
    assert "90分鐘" in alert["clause"]["quote"]
    whole = (await monitor.get(f"/v1/alerts/{alert['alert_id']}")).json()
    dossier = whole["dossier"]
    assert dossier["verdict"]["numbers"]["minutes"] == 120
    assert dossier["rule"]["parameters"]["most_minutes"]["value"] == 90
    assert [row["fact_id"] for row in dossier["inputs"]["facts"]] == [fact_of(meeting)]
    again = await monitor.get(f"/v1/alerts/{alert['alert_id']}/replay")
    assert again.headers["x-same-bytes"] == "true"
    assert again.content == (await monitor.get(f"/v1/alerts/{alert['alert_id']}/dossier")).content
    message = await eventually(lambda: _first(monitor.js))
    event = decode(message or b"").event
    assert (event.event_name(), event.model_dump()["alert_id"]) == ("alert.raised", alert["alert_id"])


async def _first(js: JetStreamContext) -> bytes | None:
    subject = "alerts.990101.*.MTG-19"
    info = await js.stream_info("ALERTS", subjects_filter=subject)
    if not info.state.messages:
        return None
    return (await js.get_last_msg("ALERTS", next(iter(info.state.subjects or {})))).data


async def test_a_correction_retracts(monitor: Monitor) -> None:
    meeting = convened(**LONG)
    fix = corrected(meeting, changes={"ended_at": "2025-03-04T10:00:00+08:00"}, recorded="2025-03-05T09:00:00+08:00")
    await monitor.tell(meeting)
    assert len((await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]) == 1
    await monitor.tell(fix)
    assert (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"] == []
    [gone] = (await monitor.get("/v1/alerts?rule=MTG-19&state=retracted")).json()["items"]
    assert (gone["state"], gone["revision"]) == ("retracted", 2)


async def test_why_and_why_not(monitor: Monitor) -> None:
    meeting = convened(**LONG)
    await monitor.tell(meeting)
    sheet = (await monitor.get(f"/v1/acts/{fact_of(meeting)}/verdicts")).json()
    said = {one["rule"]: one["verdict"] for one in sheet["verdicts"]}
    silent = {one["rule"]: one["why"] for one in sheet["not_applicable"]}
    assert said["MTG-19"] == "violated"
    assert "不涉及" in silent["DOC-19"]
    assert not set(said) & set(silent)


async def test_a_draft_is_judged_and_not_stored(monitor: Monitor) -> None:
    draft = {
        "type": "mtg.convened",
        "jurisdiction": "990101",
        "unitid": "990101.office",
        "data": {"topic": "防汛视频会议", **LONG},
    }
    answer = await monitor.client.post("/v1/precheck", json=draft, headers=monitor.bearer())
    verdicts = {one["rule"]: one["verdict"] for one in answer.json()["verdicts"]}
    assert verdicts["MTG-19"] == "violated"
    assert (await monitor.get("/v1/alerts")).json()["items"] == []


GOOD: dict[str, Any] = {
    "type": "mtg.convened",
    "jurisdiction": "990101",
    "unitid": "u",
    "data": {"topic": "会议", **LONG},
}
WRONG: dict[str, tuple[dict[str, Any], str | None]] = {
    "empty": ({"data": {"topic": ""}}, "data.topic"),
    "no unit": ({"unitid": ["u"] * 5000}, "unitid"),
    "no moment": ({"time": "soon"}, "time"),
    "no zone": ({"time": "2026-01-01T00:00:00"}, "time"),
    "the first moment": ({"time": "0001-01-01T00:00:00+14:00"}, "time"),
    "the last moment": ({"time": "9999-12-31T23:59:59-14:00"}, "time"),
    "a contradiction": ({"data": {"topic": "会议", **LONG, "ended_at": "2020-01-01T09:00:00+08:00"}}, "data.ended_at"),
    "a secret": ({"data": {"topic": "机密★1年", **LONG}}, None),
}


async def test_a_draft_that_is_wrong_names_the_field(monitor: Monitor) -> None:
    for name, (wrong, field) in WRONG.items():
        answer = await monitor.client.post("/v1/precheck", json=GOOD | wrong, headers=monitor.bearer())
        assert (answer.status_code, answer.json().get("field")) == (422, field), name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["detail"]), name


async def test_nobody_sees_beyond_the_own_jurisdiction(monitor: Monitor) -> None:
    meeting = convened(**LONG)
    await monitor.tell(meeting)
    [alert] = (await monitor.get("/v1/alerts?rule=MTG-19")).json()["items"]
    assert (await monitor.get("/v1/alerts", place="9902")).json()["items"] == []
    assert (await monitor.get(f"/v1/alerts/{alert['alert_id']}", place="9902")).status_code == 404
    assert (await monitor.get(f"/v1/acts/{fact_of(meeting)}/verdicts", place="9902")).status_code == 404
    assert (await monitor.get("/v1/alerts", role="adapter")).status_code == 403
    other = await monitor.get("/v1/alerts?unit=990101.office", role="office", units=("990101.other",))
    assert other.status_code == 403


async def test_pages_follow_one_another(monitor: Monitor) -> None:
    meetings = [convened(**LONG, topic=f"防汛视频会议之{number}") for number in range(5)]
    await monitor.tell(*meetings)
    seen: list[str] = []
    after = ""
    while True:
        page = (await monitor.get(f"/v1/alerts?rule=MTG-19&limit=2{after}")).json()
        seen += [one["alert_id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 5


async def test_a_quota_forecast(monitor: Monitor) -> None:
    plan = filed(data={"kind": "发文", "cap": 4}, time="2025-01-02T09:00:00+08:00")
    documents = [
        issued(doc_no=f"青办发〔2025〕{n}号", dated=f"2025-0{n}-10", time=f"2025-0{n}-10T09:00:00+08:00")
        for n in (1, 2, 3)
    ]
    await monitor.tell(plan, *documents)
    rows = {row["rule"]: row for row in (await monitor.get("/v1/forecasts?year=2025")).json()["items"]}
    row = rows["DOC-03"]
    assert (row["count"], row["cap"], row["exceeds_on"], row["exceeded_on"]) == (3, 4, "2025-04-25", None)
    assert (row["kind"], row["share"]) == ("发文", 0.75)
    assert "平均速度" in row["method"]
    assert (rows["N-01"]["cap"], rows["N-01"]["exceeds_on"]) == (None, None)  # last year's number is not known
    assert (await monitor.get("/v1/forecasts?year=2024")).json()["items"] == []


async def test_a_fixed_cap_and_last_years_number_are_forecast_too(monitor: Monitor) -> None:
    plan = filed(data={"kind": "发文", "cap": 9, "base": 2}, time="2025-01-02T09:00:00+08:00")
    documents = [
        issued(doc_no=f"青办发〔2025〕{n}号", dated=f"2025-0{n}-10", time=f"2025-0{n}-10T09:00:00+08:00")
        for n in (1, 2, 3)
    ]
    other = issued(unit="990101.school", doc_no="青教〔2025〕1号", dated="2025-05-10", time="2025-05-10T09:00:00+08:00")
    await monitor.tell(plan, *documents, other)
    items = (await monitor.get("/v1/forecasts?year=2025")).json()["items"]
    assert items[0]["rule"] == "N-01"  # what is exceeded comes first
    assert (items[0]["count"], items[0]["cap"], items[0]["exceeded_on"]) == (3, 2, "2025-03-10")
    lines = {(row["rule"], row["unit_id"]) for row in items}
    assert {("DOC-03", "990101.office"), ("DOC-03", "990101.school")} <= lines
    own = (await monitor.get("/v1/forecasts?year=2025", role="office", units=("990101.school",))).json()["items"]
    assert {row["unit_id"] for row in own} == {"990101.school"}
    assert (await monitor.get("/v1/forecasts?year=2025", place="9902")).json()["items"] == []


async def test_the_rule_book_is_public(monitor: Monitor) -> None:
    book = (await monitor.client.get("/v1/rules")).json()
    rules = book["items"]
    assert {"MTG-19"} <= {rule["rule"] for rule in rules}
    assert book["release"]["signatures"] == []
    [demo] = [pack for pack in book["packs"] if pack["id"] == "demo-county"]
    assert demo["rules"] == sum(any(pack["id"] == "demo-county" for pack in rule["packs"]) for rule in rules)
    [inspections] = [rule for rule in rules if rule["rule"] == "INS-04"]
    set_there = {pack["id"]: pack["parameters"] for pack in inspections["packs"]}
    assert (set_there["demo-county"], set_there["province-2019"]) == ({"levels": [3]}, {})
    assert (await monitor.client.get("/v1/rules/XXX-99")).status_code == 404
