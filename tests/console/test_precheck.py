"""Drafts: what a form becomes, what is wrong with it, and that a document's text goes nowhere."""

import asyncio
import json
import threading
from typing import Any, NoReturn

import pytest
import structlog

from contracts.catalog import BY_NAME
from contracts.documents import DocumentIssued
from contracts.lexicons import METHOD
from contracts.text import SKETCH_METHOD, count_characters, sketch
from kit.auth import Role
from kit.errors import Rejected
from services.console.drafts import BY_KEY, DRAFTS, Draft, Kind
from services.console.filled import PREFIX, Filled, check, fill
from tests.console import fake_data as data
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend
from tests.console.test_pages import post

UNITS = {"河湾镇人民政府": "qh.hwz"}
BODY = "各乡镇要按照县委、县政府统一安排，压实责任，逐项排查隐患，及时报告进展。" * 60
LEAST: dict[str, dict[str, str]] = {
    "document": {"heading": "关于开展排查的通知", "dated": "2026-11-20"},
    "meeting": {"topic": "全县安全生产会议", "starts_at": "2026-11-20T09:00"},
    "inspection": {"topic": "百日攻坚督导", "announced_at": "2026-11-20T09:00"},
    "secondment": {
        "person": "p_teacher_01",
        "person_kind": "教师",
        "loan": "jd-01",
        "from_unit": "qh.school",
        "to_unit": "qh.jtj",
        "started_on": "2026-11-20",
    },
    "certificate": {"item": "婚姻状况证明"},
    "demand": {"subject_matter": "秋收进度", "sent_at": "2026-11-20T09:00"},
}


def filled(key: str, **entries: str | list[str]) -> Filled:
    """Fill the form of a draft: the least that it needs, and ``entries``."""
    given = {name: [value] if isinstance(value, str) else value for name, value in {**LEAST[key], **entries}.items()}
    return fill(BY_KEY[key], {PREFIX + name: values for name, values in given.items()}, UNITS)


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.key)
def test_a_draft_needs_little_and_its_fields_are_fields_of_the_event(draft: Draft) -> None:
    least = filled(draft.key)
    assert least.errors == {}
    assert check(draft, least.data) == {}
    event = BY_NAME[draft.event]
    ours = {"target_level", "target_kind", "parent_no", "parent_title", "body", "consent_education", "consent_party"}
    assert {field.name for field in draft.fields} - ours <= set(event.model_fields)


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.key)
def test_every_choice_of_a_form_is_one_that_the_event_takes(draft: Draft) -> None:
    for field in draft.fields:
        for value, _ in field.options if field.kind is not Kind.YES_NO else [("yes", ""), ("no", "")]:
            entry = {field.name: value}
            if field.name == "target_level":
                entry |= {draft.targets: "qh.hwz"} if draft.targets else {"required": "工作人员"}
            assert filled(draft.key, **entry).errors == {}, (field.name, value)


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.key)
def test_what_is_required_is_asked_for(draft: Draft) -> None:
    empty = fill(draft, {}, UNITS)
    assert empty.errors == {field.name: "必须填写" for field in draft.fields if field.required}


@pytest.mark.parametrize(
    ("key", "entries", "expected"),
    [
        (
            "document",
            {"addressees": "河湾镇人民政府\n\n qh.llx ", "target_level": "4"},
            {"addressees": [{"unit": "qh.hwz", "level": 4}, {"unit": "qh.llx", "level": 4}]},
        ),
        (
            "document",
            {"parent_no": "青政发〔2026〕3号"},
            {"implements": [{"doc_no": "青政发〔2026〕3号", "title": None}]},
        ),
        ("document", {"has_contact_name": "no", "has_contact_phone": ""}, {"has_contact_name": False}),
        ("meeting", {"required": ["工作人员"], "target_level": "4"}, {"required": [{"role": "工作人员", "level": 4}]}),
        ("meeting", {"ended_at": "2026-11-20T10:30"}, {"ended_at": "2026-11-20T10:30:00+08:00"}),
        (
            "secondment",
            {"consent_party": "青组〔2026〕5号"},
            {"consents": [{"kind": "党委审批备案", "ref": "青组〔2026〕5号"}]},
        ),
        ("secondment", {}, {"consents": []}),
        ("demand", {"items": "面积\n产量"}, {"items": ["面积", "产量"]}),
    ],
)
def test_a_form_becomes_the_data_of_an_event(key: str, entries: dict[str, Any], expected: dict[str, Any]) -> None:
    read = filled(key, **entries)
    assert read.errors == {}
    assert {name: read.data[name] for name in expected} == expected
    assert "has_contact_phone" not in read.data


@pytest.mark.parametrize(
    ("key", "entries", "field", "message"),
    [
        ("document", {"pages": "十"}, "pages", "应为整数"),
        ("document", {"pages": "-1"}, "pages", "应为整数"),
        ("document", {"dated": "2026-02-30"}, "dated", "应为日期，例如 2026-03-05"),
        ("document", {"genre": "便条"}, "genre", "只能是 '决议'"),
        ("document", {"heading": "长" * 501}, "heading", "最多 500 个字符"),
        ("meeting", {"starts_at": "明天"}, "starts_at", "应为日期和时间"),
        ("meeting", {"ended_at": "2026-11-19T10:00"}, "ended_at", "应不早于开始时间(starts_at)"),
        ("meeting", {"parent": "不是编号"}, "parent", "应为 26 位编号"),
        ("secondment", {"person": "张三"}, "person", "应为 6 至 64 个字母、数字或 _ - 组成的代号，不得使用姓名"),
        ("secondment", {"planned_end": "2026-11-01"}, "planned_end", "应不早于开始日期(started_on)"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(key: str, entries: dict[str, str], field: str, message: str) -> None:
    errors = filled(key, **entries).errors
    assert [*errors] == [field]
    assert errors[field].startswith(message)


def test_a_body_becomes_its_length_and_sketch() -> None:
    read = filled("document", body=BODY, char_count="3")
    assert "body" not in read.data
    assert read.data["char_count"] == count_characters(BODY)
    assert read.data["sketch"] == {"method": SKETCH_METHOD, "values": list(sketch(BODY))}
    assert read.measured is not None
    assert read.measured.characters == count_characters(BODY)
    assert BODY[:10] not in json.dumps(read.data, ensure_ascii=False)


def test_a_body_becomes_what_it_asks_for_and_its_parts() -> None:
    body = "一、重要意义\n今年汛期来得早。\n二、工作任务\n各镇要每日报送进展。严禁打卡签到。"
    read = filled("document", body=body)
    stated: dict[str, Any] = dict(read.data)
    assert stated["phrases"] == [{"lexicon": name, "count": 1, "method": METHOD} for name in ("指令", "日周报", "套话")]
    assert [part["kind"] for part in stated["sections"]] == ["重要意义", "目标任务"]
    assert check(BY_KEY["document"], stated) == {}
    asked: dict[str, Any] = dict(filled("inspection", body="各镇要上传现场照片。").data)
    assert [one["lexicon"] for one in asked["phrases"]] == ["指令", "留痕"]
    assert "char_count" not in asked


async def test_a_draft_is_judged_and_its_text_stays_here(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(Role.OFFICE)
    entries = LEAST["document"] | {"body": BODY}
    with structlog.testing.capture_logs() as logs:
        page = await post(
            client,
            "/precheck/document",
            unit_id="青禾县人民政府办公室",
            **{PREFIX + name: text for name, text in entries.items()},
        )
    assert page.status_code == 200
    method, _, sent = next(asked for asked in backend.asked if asked[1] == "/v1/precheck")
    assert method == "POST"
    assert {name: sent[name] for name in ("type", "jurisdiction", "unitid", "time")} == {
        "type": DocumentIssued.type_name(),
        "jurisdiction": "990101",
        "unitid": "qh.zfb",
        "time": "2026-11-20T09:00:00+08:00",
    }
    for place in (json.dumps(backend.asked, ensure_ascii=False), json.dumps(logs, ensure_ascii=False)):
        assert BODY[:12] not in place
    assert page.text.count(BODY[:12]) == 1, "what it asks for is told once, and the text is never drawn again"
    assert "正文提出了 1 类要求" in page.text
    assert "有 1 项不符合规定" in page.text
    assert "<b>除非</b>属于“上级明确要求制发的综合性文件”" in page.text
    assert "缺少：附注是否载明联系方式" in page.text
    assert f"正文 {count_characters(BODY):,}".replace(",", "\u2009") in page.text
    assert "关于开展排查的通知" in page.text


async def test_a_unit_that_nobody_knows_is_told_and_nothing_is_judged(browse: Browser, backend: FakeBackend) -> None:
    entries = {PREFIX + name: text for name, text in LEAST["document"].items()}
    page = await post(await browse(Role.OPERATOR), "/precheck/document", unit_id="青禾县没有的局", **entries)
    assert page.status_code == 422
    assert "发出单位：没有登记的单位" in page.text
    assert all(asked[1] != "/v1/precheck" for asked in backend.asked)


async def test_a_text_with_a_secrecy_mark_is_refused_unseen(browse: Browser, backend: FakeBackend) -> None:
    entries = LEAST["document"] | {"body": "机密★5年\n" + BODY}
    page = await post(
        await browse(Role.OFFICE),
        "/precheck/document",
        unit_id="qh.zfb",
        **{PREFIX + name: text for name, text in entries.items()},
    )
    assert page.status_code == 422
    assert "涉密内容不得在本系统中处理" in page.text
    assert BODY[:12] not in page.text
    assert not [asked for asked in backend.asked if asked[1] == "/v1/precheck"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("各村应当上报。" * 28_571, 200, "正文 199\u2009997 字"),
        ("报" * 200_000, 200, "正文 200\u2009000 字"),
        ("报" * 200_001, 422, "正文过长，超过 200\u2009000 字"),
        ("报" * 1_000_000, 413, "内容过大"),
    ],
)
async def test_a_body_is_read_up_to_the_length_that_is_said(browse: Browser, body: str, status: int, says: str) -> None:
    form = {"unit_id": "qh.hwz", **{PREFIX + name: value for name, value in LEAST["document"].items()}}
    page = await post(await browse(Role.OFFICE), "/precheck/document", **form, **{f"{PREFIX}body": body})
    assert page.status_code == status
    assert says in page.text


@pytest.mark.parametrize(
    ("path", "reader"), [("/precheck/document", "precheck.fill"), ("/precheck/compare", "compare.compare")]
)
async def test_others_are_answered_while_a_long_text_is_read(
    browse: Browser, monkeypatch: pytest.MonkeyPatch, path: str, reader: str
) -> None:
    begun, answered = threading.Event(), threading.Event()

    def slow(*_: object) -> NoReturn:
        begun.set()
        raise Rejected("其他人已得到答复" if answered.wait(20) else "其他人没有得到答复")

    monkeypatch.setattr(f"services.console.pages.{reader}", slow)
    client = await browse(Role.OFFICE)
    reading = asyncio.create_task(post(client, path, child=BODY, parent=BODY, **{f"{PREFIX}body": BODY}))
    try:
        assert await asyncio.to_thread(begun.wait, 20)
        assert (await client.get("/keys")).status_code == 200
        answered.set()
        assert "其他人已得到答复" in (await reading).text
    finally:
        answered.set()
        await asyncio.gather(reading, return_exceptions=True)


async def test_a_superior_meeting_is_named_by_its_act(browse: Browser, backend: FakeBackend) -> None:
    entries = LEAST["meeting"] | {"parent": data.act(2)}
    fields = {PREFIX + name: text for name, text in entries.items()}
    client = await browse(Role.OPERATOR)
    await post(client, "/precheck/meeting", unit_id="qh.fgj", **fields)
    sent = next(body for _, path, body in backend.asked if path == "/v1/precheck")
    assert sent["data"]["parent"] == {"source": data.SOURCE, "id": "act-2"}
    unknown = await post(client, "/precheck/meeting", unit_id="qh.fgj", **fields | {f"{PREFIX}parent": "a" * 26})
    assert unknown.status_code == 422
    assert "台账中没有这个编号" in unknown.text


async def test_a_faulty_form_comes_back_as_it_was_filled(browse: Browser, backend: FakeBackend) -> None:
    fields = {f"{PREFIX}heading": "甲", f"{PREFIX}dated": "2026-11-20", f"{PREFIX}pages": "x"}
    page = await post(await browse(Role.OPERATOR), "/precheck/document", **fields)
    assert page.status_code == 422
    assert "发出单位：必须填写" in page.text
    assert "页数：应为整数" in page.text
    assert 'value="甲"' in page.text
    assert not [asked for asked in backend.asked if asked[1] == "/v1/precheck"]
