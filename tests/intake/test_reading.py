"""What one event's bytes become: a candidate, or a refusal that says why and keeps nothing it must not."""

import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts.catalog import decode
from contracts.event import fact_id
from contracts.secrecy import is_marked, may_be_secret
from services.intake.domain import Candidate, Refused
from services.intake.reading import MAX_EVENT, read
from tests.intake.events import SOURCE, issued, raw, raw_issued

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def candidate(body: bytes) -> Candidate:
    item = read(body, now=NOW)
    assert isinstance(item, Candidate), item
    return item


def refused(body: bytes) -> Refused:
    item = read(body, now=NOW)
    assert isinstance(item, Refused), item
    return item


def event(type_: str, data: dict[str, Any], **attributes: Any) -> bytes:
    bare = {**issued(), "type": f"cn.jianfu.{type_}.v1", "data": data, **attributes}
    return raw({name: value for name, value in bare.items() if value is not None})


def correction(type_: str, replacement: dict[str, Any], **target: Any) -> bytes:
    about = {"target": {"id": "1", **target}, "target_type": type_, "replacement": replacement, "reason": "x"}
    return event("act.corrected", about)


def test_what_is_stored_is_what_readers_can_read() -> None:
    item = candidate(raw_issued())
    fact = decode(item.body)
    assert item.fact_id == fact.fact_id == fact_id(SOURCE, "doc-1")
    assert item.subject == "facts.990101.doc.issued"
    assert fact.recorded == NOW
    assert msgspec.json.decode(item.body)["data"] == issued()["data"]


@pytest.mark.parametrize("decimals", ["", ".000000", ".0000009"])
def test_a_given_recorded_time_and_trace_are_kept(decimals: str) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    given_ = raw_issued(recordedtime=f"2026-09-02T00:00:00{decimals}Z", traceparent=trace)
    item = read(given_, now=NOW, traceparent="00-" + "c" * 32 + "-" + "d" * 16 + "-01")
    assert isinstance(item, Candidate)
    assert item.recorded == datetime(2026, 9, 2, tzinfo=UTC)
    assert item.traceparent == trace


SAME = {
    "recordedtime": raw_issued(recordedtime="2026-09-02T00:00:00Z"),
    "time zone": raw_issued(time="2026-09-01T01:00:00Z"),
    "subject": raw_issued(subject="sha256:0#1!2"),
    "key order": raw(dict(reversed(issued().items()))),
    "white space": msgspec.json.format(raw_issued(), indent=4),
    "content type": raw_issued(datacontenttype="application/json"),
}
OTHER = {
    "data": raw_issued(data={"pages": 3}),
    "time": raw_issued(time="2026-09-01T09:00:01+08:00"),
    "type": event("doc.revoked", {"revoked_on": "2026-09-01"}),
    "jurisdiction": raw_issued(jurisdiction="990101001"),
    "unit": raw_issued(unitid="other"),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_fact_hashes_alike(name: str) -> None:
    assert candidate(SAME[name]).hash == candidate(raw_issued()).hash


@pytest.mark.parametrize("name", OTHER)
def test_another_content_hashes_differently(name: str) -> None:
    assert candidate(OTHER[name]).hash != candidate(raw_issued()).hash


LEVELS = ("绝密", "机密", "秘密", "機密")
CLASSIFIED: list[dict[str, Any]] = [
    *({"secrecy_level": level} for level in LEVELS),
    {"secrecy_level": "内部机要"},
    {"secrecy_level": 3},
    {"secrecy_term": "1年"},
    {"密级": "秘密"},
    {"密 级": "机密"},
    {"Secret_Level": "x"},
    {"classification": {"level": "top"}},
    {"heading": "机密"},
    {"heading": "【秘密】"},
    {"heading": "机密★1年 关于某事的通知"},
    {"heading": "★关于某事的通知"},
    {"heading": "秘密 3年"},
    {"heading": "绝密  长期"},
    {"heading": "机\u200b密★"},
    {"heading": "机 密"},
    {"heading": "密级：机密"},
    {"heading": "关于某事的通知(密级为秘密)"},
    {"addressees": [{"unit": "a", "name": "秘密"}]},
    {"deep": [[[{"note": "绝密级"}]]]},
    {"秘密": 1},
    *({"heading": f"机{gap}密 ★"} for gap in "\t\u00a0\u200d\u3000\u3164\u0308\ufe0f\u2063\U000e0020"),
    {"heading": "絶密"},
    {"heading": "密級：機密"},
    {"heading": "机密⭐️"},
    {"attachment_note": "附件：/files/%E6%9C%BA%E5%AF%86%E2%98%85.pdf"},
]
HARMLESS: list[dict[str, Any]] = [
    {},
    {"secrecy_level": None},
    {"heading": "关于加强保密工作的通知"},
    {"heading": "关于宣传《保守国家秘密法》的通知"},
    {"heading": "关于商业秘密保护的意见"},
    {"heading": "关于机密文件清退情况的通报"},
    {"heading": "关于加密货币风险提示的通知"},
]


@pytest.mark.parametrize("data", CLASSIFIED, ids=repr)
@pytest.mark.parametrize("ascii_only", [False, True], ids=["utf-8", "escaped"])
def test_what_looks_classified_is_refused_and_nothing_of_it_kept(data: dict[str, Any], *, ascii_only: bool) -> None:
    import json

    body = json.dumps(issued(data=data), ensure_ascii=ascii_only).encode()
    item = refused(body)
    assert item.reason.code == "secret"
    assert item.keep is None
    assert item.id is None
    assert item.jurisdiction is None
    assert item.source == SOURCE
    assert item.reason.field is None


@pytest.mark.parametrize("data", HARMLESS, ids=repr)
def test_words_about_secrecy_pass(data: dict[str, Any]) -> None:
    candidate(raw_issued(data=data))


def test_a_mark_in_an_attribute_is_refused() -> None:
    assert refused(raw_issued(dataschema="/x/%E7%A7%98%E5%AF%86%E2%98%85")).reason.code == "secret"
    assert refused(raw_issued(subject="机密★")).reason.code == "secret"
    assert refused(raw_issued(secrecylevel="机密")).reason.code == "secret"


def test_the_quick_look_misses_nothing_that_the_close_look_would_find() -> None:
    """The gate looks closely only where 密, ★ or a field's name stands; no other letter may become one of them."""
    squeezed = [
        chr(n)
        for n in range(0x110000)
        if not 0xD800 <= n < 0xE000 and set(unicodedata.normalize("NFKC", chr(n))) & {"密", "★"}
    ]
    assert squeezed == ["★", "密"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_broken_bytes_with_a_level_are_not_kept(encoding: str) -> None:
    body = '{"heading": "机密 关于'.encode(encoding)
    assert may_be_secret(body)
    assert refused(body).reason.code == "secret"
    assert refused(body).keep is None
    assert refused(b'{"heading": "\\u673a\\u5bc6').keep is None
    assert refused(b'{"secrecy_level": "x", "dated"').keep is None
    assert refused('{"heading": "机\\t密", "dated"'.encode()).keep is None
    assert refused(b'{"secrecy_level": null, "dated"').reason.code == "malformed"


def test_of_a_field_given_twice_only_the_one_that_counts_is_kept() -> None:
    body = raw_issued().replace(b'"specversion":"1.0"', '"specversion":"1.0","bad":"机密","bad":1'.encode())
    kept = refused(body).keep
    assert kept is not None
    assert "机密".encode() not in kept


@given(st.text(max_size=30))
def test_a_mark_survives_any_text_around_it(text: str) -> None:
    assert is_marked(f"{text}★")
    assert is_marked(f"{text}机密★{text}")


HOSTILE = {
    "nothing": (b"", "malformed"),
    "no json": (b"hello", "malformed"),
    "NaN": (raw_issued().replace(b'"dated"', b'"pages":NaN,"dated"'), "malformed"),
    "Infinity": (b'{"data":Infinity}', "malformed"),
    "a huge float": (b'{"data":1e999}', "malformed"),
    "a huge integer": (b'{"data":' + b"9" * 5000 + b"}", "malformed"),
    "wrong UTF-8": (b'{"data":"\xff\xfe"}', "malformed"),
    "a lone surrogate": (b'{"data":"\\ud800"}', "malformed"),
    "encoded surrogate": (b'{"data":"\xed\xa0\x80"}', "malformed"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "malformed"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "malformed"),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "malformed"),
    "deep data": (raw_issued(data={"x": 0}).replace(b'"x":0', b'"x":' + b"[" * 900 + b"]" * 900), "invalid"),
    "two values": (raw_issued() * 2, "malformed"),
    "an array": (b"[]", "invalid"),
    "a number": (b"1", "invalid"),
    "null": (b"null", "invalid"),
    "nothing in it": (b"{}", "invalid"),
    "a foreign type": (raw_issued(type="com.example.thing"), "invalid"),
    "an unknown type": (raw_issued(type="cn.jianfu.doc.burnt.v1"), "invalid"),
    "version 0": (raw_issued(type="cn.jianfu.doc.issued.v0"), "invalid"),
    "a future version": (raw_issued(type="cn.jianfu.doc.issued.v99"), "future_version"),
    "no time": (raw_issued(time=None), "invalid"),
    "a number as time": (raw_issued(time=1_700_000_000), "invalid"),
    "a digit string as time": (raw_issued(time="1700000000"), "invalid"),
    "a naive time": (raw_issued(time="2026-09-01T09:00:00"), "invalid"),
    "the thirteenth month": (raw_issued(time="2026-13-01T09:00:00Z"), "invalid"),
    "the year 1": (raw_issued(time="0001-01-01T00:00:00+08:00"), "invalid"),
    "the year 9999": (raw_issued(time="9999-12-31T23:59:59-08:00"), "invalid"),
    "recorded in the future": (raw_issued(recordedtime="2030-01-01T00:00:00Z"), "implausible"),
    "a wrong jurisdiction": (raw_issued(jurisdiction="99010"), "invalid"),
    "a jurisdiction for another subject": (raw_issued(jurisdiction="99.>"), "invalid"),
    "an unknown attribute": (raw_issued(color="red"), "invalid"),
    "base64 data": (raw_issued(data_base64="AA=="), "invalid"),
    "an unknown field": (raw_issued(data={"colour": 1}), "invalid"),
    "a wrong field": (raw_issued(data={"pages": "six"}), "invalid"),
    "a huge field": (raw_issued(data={"pages": -1}), "invalid"),
    "U+0000": (raw_issued(data={"heading": "a\x00b"}), "invalid"),
    "a line break in the id": (raw_issued("a\nb"), "invalid"),
    "a long id": (raw_issued("x" * 129), "invalid"),
    "a space in the source": (raw_issued(source="/oa/qing he"), "invalid"),
    "too large": (raw_issued(data={"heading": "x" * MAX_EVENT}), "too_large"),
    "an integer beyond 64 bits": (raw_issued(data={"pages": 2**63}), "invalid"),
    "punctuation that takes time by its square": (raw_issued(data={"heading": "密级" + "!" * 200_000}), "invalid"),
    "today has not ended": (event("clock.day_ended", {"day": "2026-11-22"}), "implausible"),
    "a correction of no act": (correction("cn.jianfu.clock.day_ended.v1", {"day": "2026-01-01"}), "invalid"),
    "a correction of an unknown type": (correction("x", {}), "invalid"),
    "a correction of a future version": (correction("cn.jianfu.doc.issued.v99", {}), "future_version"),
    "a correction with half the data": (correction("cn.jianfu.doc.issued.v1", {"heading": "x"}), "invalid"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_refused_with_its_reason(name: str) -> None:
    body, code = HOSTILE[name]
    item = refused(body)
    assert item.reason.code == code, item.reason
    assert any("\u4e00" <= letter <= "\u9fff" for letter in item.reason.detail), item.reason
    if code != "too_large":
        assert item.keep is not None


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(body: bytes) -> None:
    assert isinstance(read(body, now=NOW), Refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(sorted(issued())), JSON)
def test_any_value_of_any_attribute_has_an_answer(name: str, value: object) -> None:
    try:
        body = raw({**issued(), name: value})
    except UnicodeEncodeError:  # a lone surrogate never leaves a JSON writer
        return
    assert isinstance(read(body, now=NOW), Candidate | Refused)


@given(st.sampled_from(["heading", "doc_no", "dated", "addressees", "sketch", "pages", "implements"]), JSON)
def test_any_value_of_any_field_has_an_answer(name: str, value: object) -> None:
    try:
        body = raw_issued(data={name: value})
    except UnicodeEncodeError:
        return
    assert isinstance(read(body, now=NOW), Candidate | Refused)


EXAMPLES = sorted((Path(contracts.__file__).parent / "examples").glob("*/*.json"))
OURS = {"delivery", "log", "alert", "dossier", "rule"}
"""Families of FACTS that only our own services state."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_published_example_is_taken_unless_only_we_may_state_it(path: Path) -> None:
    body = path.read_bytes()
    event_type = type(decode(body).event)
    item = read(body, now=datetime(2100, 1, 1, tzinfo=UTC))
    if event_type.stream == "FACTS" and event_type.family not in OURS:
        assert isinstance(item, Candidate), item
    else:
        assert isinstance(item, Refused)
        assert (item.reason.code, item.reason.field) == ("invalid", "type")


def test_a_field_is_named_in_the_reason() -> None:
    assert refused(raw_issued(data={"pages": "six"})).reason.field == "data.pages"
    assert refused(raw_issued(data={"pages": 2**63})).reason.field == "data.pages"
    assert refused(raw_issued(data={"addressees": [{"unit": "a"}, {"unit": "b", "name": "\0"}]})).reason.field == (
        "data.addressees.1.name"
    )
    corrected = HOSTILE["a correction with half the data"][0]
    assert refused(corrected).reason.field == "data.replacement.dated"


def test_a_sender_whose_clock_is_a_little_ahead_is_heard() -> None:
    soon = (NOW + timedelta(hours=23)).isoformat()
    candidate(raw_issued(time=soon, recordedtime=soon))


def test_yesterday_has_ended() -> None:
    candidate(event("clock.day_ended", {"day": "2026-11-21"}, jurisdiction="00"))


def test_a_correction_names_the_source_that_it_corrects() -> None:
    document = "cn.jianfu.doc.issued.v1", issued()["data"]
    assert candidate(correction(*document)).target_source == SOURCE
    assert candidate(correction(*document, source="/b")).target_source == "/b"
    assert candidate(event("act.withdrawn", {"target": {"id": "1"}, "reason": "x"})).target_source == SOURCE


UNIT = {"unit": "u", "name": "甲", "kind": "部门", "level": 3, "place": "990101", "valid_from": "2020-01-01"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (raw_issued(), []),
        (raw_issued(data={"doc_no": "青办发[2026]01号"}), []),
        (raw_issued(data={"doc_no": "青办发2026-1"}), ["data.doc_no"]),
        (event("unit.registered", {**UNIT, "uscc": "91110000101623741K"}), []),
        (event("unit.registered", {**UNIT, "uscc": "91350211M0000XUF46"}), ["data.uscc"]),
        (
            correction("cn.jianfu.doc.issued.v1", {**issued()["data"], "doc_no": "没有号"}),
            ["data.replacement.doc_no"],
        ),
    ],
)
def test_warnings_do_not_refuse(body: bytes, fields: list[str]) -> None:
    assert [warn.field for warn in candidate(body).warnings] == fields
