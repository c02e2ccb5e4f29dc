"""线索移交 through the running service: every step one fact, seen by whom it concerns, and never by the accused."""

import json
import logging
from typing import Any

import pytest

from tests.eventually import eventually
from tests.factories import calendar, corrected, day_ended, registered, withdrawn
from tests.notify.conftest import CITY, COUNTY, Notify, Start
from tests.notify.samples import alert, alert_id

pytestmark = pytest.mark.connected

OFFICE, DESK, CITY_DESK = "990101.office", "990101.jiwei", "9901.jiwei"
NOTE = "请核查该文件的起草过程"


def unit(unit_id: str, **fields: Any) -> dict[str, Any]:
    defaults = {"kind": "部门", "level": 3, "place": COUNTY, "name": unit_id, "superior": None}
    return registered(data={"unit": unit_id, **defaults, **fields})


ORG = (
    unit("9901.gov", kind="政府", level=2, place=CITY),
    unit(CITY_DESK, kind="纪检监察", level=2, place=CITY, name="市纪委监委"),
    unit("990101.gov", kind="政府", superior="9901.gov"),
    unit(OFFICE, kind="办公室", superior="990101.gov"),
    unit(DESK, kind="纪检监察", superior=CITY_DESK, name="青禾县纪委监委"),
)


@pytest.fixture
async def ready(notify: Notify) -> Notify:
    """Give a notify that knows the units, the day, and one alert about the county's office."""
    await notify.tell(*ORG, day_ended(day="2025-03-04"))
    await notify.raise_(alert("raised", "a"))
    return notify


async def hand_over(notify: Notify, name: str = "a", note: str | None = NOTE, **who: Any) -> dict[str, Any]:
    answer = await notify.post("/v1/clues", {"alert_id": alert_id(name), "note": note}, **who)
    assert answer.status_code == 201, answer.text
    clue: dict[str, Any] = answer.json()
    return clue


async def clue_of(notify: Notify, clue_id: str, **who: Any) -> Any:
    return (await notify.get(f"/v1/clues/{clue_id}", **who)).json()


DISCIPLINE: dict[str, Any] = {"role": "discipline", "place": COUNTY, "units": (DESK,)}
CITY_DISCIPLINE: dict[str, Any] = {"role": "discipline", "place": CITY, "units": (CITY_DESK,)}


async def test_a_handover_is_one_fact_in_the_account_of_the_clues_only(ready: Notify) -> None:
    clue = await hand_over(ready)
    assert (clue["state"], clue["desk"], clue["desk_name"]) == ("open", DESK, "青禾县纪委监委")
    assert (clue["due_on"], clue["days_left"], clue["overdue"]) == ("2025-03-12", 5, False)
    assert (clue["note"], clue["title"]) == (NOTE, "文件过长")
    [fact] = await eventually(ready.clue_facts)
    assert fact["type"] == "cn.jianfu.clue.handed_over.v1"
    assert fact["jurisdiction"] == COUNTY
    data = fact["data"]
    assert (data["clue"], data["alert_id"], data["alert_revision"]) == (clue["clue_id"], alert_id("a"), 1)
    assert (data["desk"], data["about"], data["note"], data["due_on"]) == (DESK, OFFICE, NOTE, "2025-03-12")
    assert (data["handed_over_by"], data["dossier_hash"], data["origin"]) == ("operator-1", "0" * 64, "alert")
    assert await ready.facts("clue") == []


async def test_the_desk_signs_and_the_operator_sees_it(ready: Notify) -> None:
    clue = await hand_over(ready)
    [listed] = (await ready.get("/v1/clues", **DISCIPLINE)).json()["items"]
    assert listed["may"] == ["receive", "refuse"]
    signed = await ready.post(f"/v1/clues/{clue['clue_id']}/receive", **DISCIPLINE, subject="监委干部 甲")
    assert signed.status_code == 200, signed.text
    assert (signed.json()["state"], signed.json()["may"]) == ("received", [])
    assert [step["verb"] for step in signed.json()["steps"]] == ["handed_over", "received"]
    seen = await clue_of(ready, clue["clue_id"])
    assert (seen["state"], seen["received_by"]) == ("received", signed.json()["received_by"])
    facts = await eventually(lambda: _count(ready, 2))
    assert facts[1]["data"]["desk"] == DESK
    assert facts[1]["data"]["received_by"] == seen["received_by"]
    assert " " not in seen["received_by"]


async def _count(notify: Notify, count: int) -> list[dict[str, Any]] | None:
    facts = await notify.clue_facts()
    return facts if len(facts) == count else None


async def test_signing_twice_changes_nothing_and_refusing_afterwards_is_a_conflict(ready: Notify) -> None:
    clue = await hand_over(ready)
    path = f"/v1/clues/{clue['clue_id']}"
    for _ in range(2):
        assert (await ready.post(f"{path}/receive", **DISCIPLINE)).status_code == 200
    refused = await ready.post(f"{path}/refuse", {"reason": "不属于本机构"}, **DISCIPLINE)
    assert (refused.status_code, refused.json()["detail"]) == (409, "该线索已签收")
    other = await ready.post(f"{path}/receive", **DISCIPLINE, subject="other")
    assert other.status_code == 409
    assert len((await clue_of(ready, clue["clue_id"]))["steps"]) == 2


async def test_a_refusal_needs_a_reason_and_lets_the_operator_try_again(ready: Notify) -> None:
    clue = await hand_over(ready)
    path = f"/v1/clues/{clue['clue_id']}/refuse"
    for reason in ("", " ", "否"):
        assert (await ready.post(path, {"reason": reason}, **DISCIPLINE)).status_code == 422
    assert (await ready.post(path, {"reason": "材料不全", "x": 1}, **DISCIPLINE)).status_code == 422
    assert (await ready.post(path, {"reason": "材料不全"}, **DISCIPLINE)).json()["state"] == "refused"
    assert (await clue_of(ready, clue["clue_id"]))["reason"] == "材料不全"
    second = await hand_over(ready, note="已补充材料")
    assert second["clue_id"] != clue["clue_id"]
    clues = (await ready.get("/v1/clues", params={"alert": alert_id("a")})).json()["items"]
    assert [one["state"] for one in clues] == ["open", "refused"]


async def test_an_alert_is_handed_over_once_at_a_time(ready: Notify) -> None:
    clue = await hand_over(ready)
    again = await ready.post("/v1/clues", {"alert_id": alert_id("a")})
    assert (again.status_code, again.json()["detail"]) == (409, "该预警已移交，正在等待签收")
    await ready.post(f"/v1/clues/{clue['clue_id']}/receive", **DISCIPLINE)
    again = await ready.post("/v1/clues", {"alert_id": alert_id("a")})
    assert (again.status_code, again.json()["detail"]) == (409, "该预警移交后已签收，且此后没有变化")
    await ready.raise_(alert("amended", "a", revision=2, summary="正文 7000 字"))
    assert (await hand_over(ready))["alert_revision"] == 2


async def test_two_operators_at_the_same_moment_make_one_clue(ready: Notify) -> None:
    import asyncio

    asked = [ready.post("/v1/clues", {"alert_id": alert_id("a")}, subject=f"operator-{n}") for n in range(6)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len(await eventually(ready.clue_facts)) == 1


async def test_what_cannot_be_handed_over(ready: Notify) -> None:
    await ready.raise_(
        alert("retracted", "a", revision=2), alert("raised", "b", place="990102"), alert("raised", "c", about="unknown")
    )
    answers = {name: await ready.post("/v1/clues", {"alert_id": alert_id(name)}) for name in "abcd"}
    assert {name: answer.status_code for name, answer in answers.items()} == {"a": 409, "b": 404, "c": 422, "d": 404}
    assert answers["c"].json()["code"] == "no_desk"
    assert "没有登记" in answers["c"].json()["detail"]
    for role in ("discipline", "admin", "office", "adapter"):
        assert (await ready.post("/v1/clues", {"alert_id": alert_id("a")}, role=role)).status_code == 403
    assert (await ready.post("/v1/clues", {"alert_id": "x"})).status_code == 422
    assert await ready.clue_facts() == []


async def test_nobody_hands_over_an_alert_about_the_own_unit(ready: Notify) -> None:
    refused = await ready.post("/v1/clues", {"alert_id": alert_id("a")}, units=(OFFICE,))
    assert refused.status_code == 403


async def test_an_alert_about_the_desk_goes_to_the_desk_above(ready: Notify) -> None:
    await ready.raise_(alert("raised", "b", about=DESK), alert("raised", "c", about="990101.gov", place=COUNTY))
    assert (await hand_over(ready, "b"))["desk"] == CITY_DESK
    clue = await hand_over(ready, "c")
    assert clue["desk"] == DESK
    [listed] = (await ready.get("/v1/clues", **DISCIPLINE)).json()["items"]
    assert listed["clue_id"] == clue["clue_id"]


async def test_a_new_superior_moves_the_desk_and_bars_the_old_one(ready: Notify) -> None:
    clue = await hand_over(ready)
    under = unit(DESK, kind="纪检监察", superior=OFFICE, valid_from="2025-03-05")
    await ready.tell(under)
    barred = await ready.post(f"/v1/clues/{clue['clue_id']}/receive", **DISCIPLINE)
    assert (barred.status_code, barred.json()["detail"]) == (403, "机构隶属关系已经变化，该机构应当回避")
    await ready.raise_(alert("raised", "b"))
    assert (await hand_over(ready, "b"))["desk"] == CITY_DESK


@pytest.mark.parametrize("correction_first", [True, False])
async def test_a_corrected_or_withdrawn_unit_counts_as_corrected(notify: Notify, correction_first: bool) -> None:
    wrong = unit(DESK, kind="纪检监察", superior=OFFICE)
    right = corrected(wrong, changes={"superior": CITY_DESK})
    double = unit(DESK, kind="纪检监察", superior=OFFICE, valid_from="2024-01-01")
    gone = withdrawn(double)
    await notify.tell(*ORG[:-1], day_ended(day="2025-03-04"))
    await notify.tell(*([right, gone, wrong, double] if correction_first else [wrong, double, right, gone]))
    await notify.raise_(alert("raised", "a"))
    assert (await hand_over(notify))["desk"] == DESK


async def test_overdue_it_goes_to_the_desk_above_as_well_once(ready: Notify) -> None:
    clue = await hand_over(ready)
    await ready.tell(day_ended(day="2025-03-11"))
    assert (await clue_of(ready, clue["clue_id"]))["escalated_to"] is None
    assert (await ready.get(f"/v1/clues/{clue['clue_id']}", **CITY_DISCIPLINE)).status_code == 404
    await ready.tell(day_ended(day="2025-03-12"), day_ended(day="2025-03-13"), day_ended(day="2025-03-10"))
    seen = await clue_of(ready, clue["clue_id"])
    assert (seen["escalated_to"], seen["overdue"], seen["state"]) == (CITY_DESK, True, "open")
    facts = await eventually(lambda: _count(ready, 2))
    data = facts[1]["data"]
    assert facts[1]["type"] == "cn.jianfu.clue.escalated.v1"
    assert (data["from_desk"], data["to_desk"], data["overdue_since"]) == (DESK, CITY_DESK, "2025-03-13")
    signed = await ready.post(f"/v1/clues/{clue['clue_id']}/receive", **CITY_DISCIPLINE)
    assert signed.json()["state"] == "received"
    facts = await eventually(lambda: _count(ready, 3))
    assert facts[2]["data"]["desk"] == CITY_DESK


async def test_without_a_desk_above_it_stays_overdue(ready: Notify) -> None:
    await ready.raise_(alert("raised", "b", about="9901.gov", place=CITY))
    clue = await hand_over(ready, "b", place=CITY)
    await ready.tell(day_ended(day="2025-04-01"))
    seen = await clue_of(ready, clue["clue_id"], place=CITY)
    assert (seen["desk"], seen["overdue"], seen["escalated_to"]) == (CITY_DESK, True, None)


async def test_a_due_date_in_an_unpublished_year_is_not_guessed(ready: Notify) -> None:
    await ready.tell(day_ended(day="2027-03-01"))
    clue = await hand_over(ready)
    assert (clue["due_on"], clue["days_left"], clue["overdue"]) == (None, None, False)
    [fact] = await eventually(ready.clue_facts)
    assert fact["data"]["due_on"] is None
    await ready.tell(day_ended(day="2027-06-01"))
    assert (await clue_of(ready, clue["clue_id"]))["escalated_to"] is None
    await ready.tell(calendar(year=2027, days_off=["2027-01-01"], data={"year": 2027}))
    assert (await clue_of(ready, clue["clue_id"]))["due_on"] == "2027-03-09"
    await ready.tell(day_ended(day="2027-06-02"))
    assert (await clue_of(ready, clue["clue_id"]))["escalated_to"] == CITY_DESK


async def test_who_sees_what(ready: Notify) -> None:
    """The state for operators at and above the handing place; the words for the handing place and the desk."""
    clue_id = (await hand_over(ready))["clue_id"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"role": "operator", "place": COUNTY}, "words"),
        ({"role": "operator", "place": COUNTY, "units": ("990101.gov",)}, "words"),
        ({"role": "operator", "place": COUNTY, "units": (OFFICE,)}, "nothing"),  # the accused
        ({"role": "operator", "place": CITY}, "state"),
        ({"role": "operator", "place": "00"}, "state"),
        ({"role": "operator", "place": "990101001"}, "nothing"),
        ({"role": "operator", "place": "990102"}, "nothing"),
        ({"role": "admin", "place": "00"}, "state"),
        (DISCIPLINE, "words"),
        ({"role": "discipline", "place": COUNTY}, "words"),  # the only desk of the place
        ({"role": "discipline", "place": CITY}, "words"),  # acts for the desks below
        ({"role": "discipline", "place": "990102"}, "nothing"),
        ({"role": "discipline", "place": COUNTY, "units": ("990101.other",)}, "nothing"),
        (CITY_DISCIPLINE, "nothing"),
    ]
    for who, seen in cases:
        answer = await ready.get(f"/v1/clues/{clue_id}", **who)
        listed = (await ready.get("/v1/clues", **who)).json()["items"]
        assert (answer.status_code == 200) == bool(listed) == (seen != "nothing"), who
        if seen != "nothing":
            words = {key: answer.json()[key] for key in ("note", "summary", "title", "handed_over_by")}
            assert all(words.values()) if seen == "words" else not any(words.values()), who
            assert answer.json()["state"] == "open"
    for role in ("office", "adapter"):
        assert (await ready.get("/v1/clues", role=role)).status_code == 403
        assert (await ready.get(f"/v1/clues/{clue_id}", role=role)).status_code == 403


async def test_where_a_second_desk_is_only_its_units_people_act(ready: Notify) -> None:
    await ready.tell(unit("990101.zhu", kind="纪检监察", superior=DESK))
    clue_id = (await hand_over(ready))["clue_id"]
    anybody: dict[str, Any] = {"role": "discipline", "place": COUNTY}
    assert (await ready.get(f"/v1/clues/{clue_id}", **anybody)).status_code == 404
    assert (await ready.post(f"/v1/clues/{clue_id}/receive", **anybody)).status_code == 404
    assert (await ready.post(f"/v1/clues/{clue_id}/receive", **DISCIPLINE)).status_code == 200


async def test_only_discipline_signs(ready: Notify) -> None:
    clue_id = (await hand_over(ready))["clue_id"]
    for step, body in (("receive", None), ("refuse", {"reason": "材料不全"})):
        for role in ("operator", "admin", "office", "adapter"):
            assert (await ready.post(f"/v1/clues/{clue_id}/{step}", body, role=role)).status_code == 403
        foreign = {"role": "discipline", "place": "990102", "units": ("990102.jiwei",)}
        assert (await ready.post(f"/v1/clues/{clue_id}/{step}", body, **foreign)).status_code == 404


async def test_pages_and_filters_of_clues(ready: Notify) -> None:
    names = [f"n{n}" for n in range(5)]
    await ready.raise_(*(alert("raised", name) for name in names))
    made = [(await hand_over(ready, name))["clue_id"] for name in names]
    got: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        page = (await ready.get("/v1/clues", params=params)).json()
        got += [one["clue_id"] for one in page["items"]]
        if page["next"] is None:
            break
        params["after"] = page["next"]
    assert got == made[::-1]
    assert (await ready.get("/v1/clues", params={"state": "received"})).json()["items"] == []
    assert (await ready.get("/v1/clues", params={"jurisdiction": "990102"})).json()["items"] == []
    assert (await ready.get("/v1/clues", params={"after": "zz"})).json()["code"] == "bad_cursor"


async def test_the_words_of_a_clue_are_nowhere_else(
    ready: Notify, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in logs, metrics, subjects, facts of the other account, or refusals."""
    secret = "极为特别的移交说明"
    with caplog.at_level(logging.DEBUG):
        clue = await hand_over(ready, note=secret)
        refused = await ready.post("/v1/clues", {"alert_id": alert_id("a"), "note": secret})
        reason = "极为特别的退回理由"
        await ready.post(f"/v1/clues/{clue['clue_id']}/refuse", {"reason": reason}, **DISCIPLINE)
        await eventually(lambda: _count(ready, 2))
    metrics = (await ready.client.get("/metrics")).text
    info = await ready.clues.stream_info("CLUES", subjects_filter=">")
    out = capfd.readouterr()
    places = [caplog.text, out.out, out.err, metrics, refused.text, json.dumps(info.state.subjects)]
    places.append(json.dumps([*await ready.facts("delivery"), *await ready.facts("clue")], ensure_ascii=False))
    for place in places:
        assert "极为特别" not in place
    assert set(info.state.subjects or {}) == {f"clues.{COUNTY}.handed_over", f"clues.{COUNTY}.refused"}


async def test_a_desk_is_told_that_a_clue_waits_and_nothing_else(start: Start, tmp_path: Any) -> None:
    from tests.notify.receivers import MailReceiver

    async with MailReceiver().up() as receiver:
        options = f'to = "a@x.cn", sender = "b@x.cn", host = "127.0.0.1", port = {receiver.port}, security = "none"'
        file = tmp_path / "channels.toml"
        desk = f'[[receivers]]\nname = "desk"\nchannel = "smtp"\ndesk = "{DESK}"\noptions = {{ {options} }}\n'
        file.write_text(f'[[receivers]]\nname = "console"\nchannel = "console"\n{desk}', "utf-8")
        notify = await start(NOTIFY_CHANNELS_FILE=file)
        await notify.tell(*ORG, day_ended(day="2025-03-04"))
        await notify.raise_(alert("raised", "a"))
        clue = await hand_over(notify)
        await eventually(lambda: receiver.got)
    assert OFFICE.encode() not in receiver.got[0]
    assert b"DOC-01" not in receiver.got[0]
    facts = await eventually(lambda: _told(notify))
    [told] = [fact["data"] for fact in facts if fact["data"]["about_kind"] == "clue"]
    assert (told["about_id"], told["receiver"], told["result"]) == (clue["clue_id"], "desk", "delivered")
    about = {"about": clue["clue_id"]}
    assert len((await notify.get("/v1/deliveries", params=about)).json()["items"]) == 1
    assert (await notify.get("/v1/deliveries", params=about, units=(OFFICE,))).json()["items"] == []
    assert (await notify.get("/v1/deliveries", params=about, **DISCIPLINE)).json()["items"] == []


async def _told(notify: Notify) -> list[dict[str, Any]] | None:
    facts = await notify.facts()
    return facts if len(facts) == 2 else None


async def test_ready_means_that_everything_makes_progress(ready: Notify) -> None:
    answer = await ready.client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {"alerts", "facts", "facts_outbox", "clues_outbox", "sending"}
