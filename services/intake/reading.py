"""Raw bytes to a candidate fact, or the reason why it is none: secrecy gate, contract, plausibility, identity. Pure."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, cast

import msgspec
from stdnum.cn import uscc

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.catalog import ContractBroken, FromTheFuture, find_type, read_data
from contracts.doc_no import parse_doc_no
from contracts.documents import DocumentIssued
from contracts.event import ActRef, Event, Json, fact_id
from contracts.faults import null_in
from contracts.jurisdiction import is_code
from contracts.reference import DayEnded, UnitRegistered
from contracts.secrecy import is_secret, may_be_secret
from kit.clock import BEIJING
from kit.facts import Header, read_event, read_header
from services.intake.domain import Candidate, Reason, Refused, Warn

MAX_EVENT: Final = 256 * 1024
"""Bytes of one event; a text itself never travels, only its sketch."""
EARLIEST: Final = 1949
"""The first year in which an act can have happened."""
AHEAD: Final = timedelta(days=1)
"""How far a sender's clock may run ahead of ours."""

_RFC3339: Final = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$")
_CONTROLS: Final = re.compile(r"[\x00-\x1f]")
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of U+0000 in JSON, which PostgreSQL's text cannot hold; not a backslash before the letters u0000."""
_WELL_FORMED: Final = re.compile(r"^[\u4e00-\u9fff]{1,12}〔(?:19|20)\d{2}〕[1-9]\d{0,4}号$")
_LONGEST_FIELD: Final = 200


def read(raw: bytes, *, now: datetime, traceparent: str | None = None) -> Candidate | Refused:
    """Read one CloudEvent in JSON; nothing of a refused item that looks classified is in the answer."""
    if len(raw) > MAX_EVENT:
        return Refused(Reason("too_large", f"单个事件最多 {MAX_EVENT // 1024} KB，正文不应随事件传输"), keep=None)
    try:
        value = msgspec.json.decode(raw)
        if is_secret(value, raw if b"\\u" not in raw else msgspec.json.encode(value)):
            return _secret(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return _unreadable(raw, error)
    # kept is what was parsed, not what was sent: of a field given twice the gate has seen only the one that counts
    if not isinstance(value, dict):
        return Refused(Reason("invalid", "事件应为一个 JSON 对象"), keep=msgspec.json.encode(value))
    try:
        return _candidate(value, now, traceparent)
    except _Broken as broken:
        return Refused(broken.reason, keep=msgspec.json.encode(value), **_identity(value))


class _Broken(Exception):
    """The item is readable and wrong."""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(code)
        self.reason = Reason(code, detail, field and field[:_LONGEST_FIELD])


def _candidate(value: Json, now: datetime, traceparent: str | None) -> Candidate:
    told = value.get("recordedtime") is not None
    value = _stamped(value, now, traceparent)
    body = msgspec.json.encode(value)
    _check_form(value, body)
    header, event = _opened(body)
    time = _plausible("time", header.time, now)
    recorded = _plausible("recordedtime", header.recordedtime, now) if told else now
    target = _check_meaning(event, now)
    return Candidate(
        fact_id=fact_id(header.source, header.id),
        source=header.source,
        id=header.id,
        subject=f"facts.{header.jurisdiction}.{event.family}.{event.verb}",
        body=body,
        hash=content_hash(value, time),
        jurisdiction=header.jurisdiction,
        unit=header.unitid,
        time=time,
        recorded=recorded,
        target=target.fact(header.source) if target else None,
        target_source=(target.source or header.source) if target else None,
        traceparent=header.traceparent,
        warnings=_warnings(event),
    )


def _stamped(value: Json, now: datetime, traceparent: str | None) -> Json:
    """Return the event with when we learned it and the trace that brought it, where its sender says neither."""
    stamps: Json = {}
    if value.get("recordedtime") is None:
        stamps["recordedtime"] = _text_of(now)
    if traceparent is not None and value.get("traceparent") is None:
        stamps["traceparent"] = traceparent
    return {**value, **stamps}


@lru_cache(maxsize=4)  # one moment for all items of a request
def _text_of(now: datetime) -> str:
    return now.isoformat()


def _opened(body: bytes) -> tuple[Header, Event]:
    """Validate an event as readers will, from the bytes that they will get."""
    try:
        header = read_header(body)
        return header, read_event(header)
    except ContractBroken as error:
        raise _Broken("invalid", error.detail, error.field) from error
    except FromTheFuture as error:
        raise _Broken("future_version", "事件版本比本系统新，升级后可重放", "type") from error


def content_hash(value: Mapping[str, object], time: datetime) -> bytes:
    """Return SHA-256 of what a fact says: type, time (in UTC), jurisdiction, unit, schema and data, keys sorted.

    Left out is how and when it came to us: ``recordedtime``, ``traceparent``, and ``subject``, in which an import names
    the file and row that a fact was read from. So the same fact hashes alike in each content mode and from each copy of
    a ledger.
    """
    said = {
        "type": value.get("type"),
        "time": time.isoformat(),
        "jurisdiction": value.get("jurisdiction"),
        "unitid": value.get("unitid"),
        "dataschema": value.get("dataschema"),
        "data": value.get("data"),
    }
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest()


def _check_form(value: Json, body: bytes) -> None:
    """Refuse what the contract's types let pass and CloudEvents 1.0 or PostgreSQL does not."""
    for name in ("time", "recordedtime"):
        text = value.get(name)
        if text is not None and not (isinstance(text, str) and _RFC3339.match(text)):
            raise _Broken("invalid", "应为带时区的日期时间(RFC 3339)，例如 2026-09-01T09:00:00+08:00", name)
    if b"\\" not in body:  # control characters are always escaped
        return
    for name, text in value.items():
        if name != "data" and isinstance(text, str) and _CONTROLS.search(text):
            raise _Broken("invalid", "属性中不得有控制字符", name)
    if _NUL.search(body):
        raise _Broken("invalid", "文本中不得有空字符(U+0000)", null_in(value))


def _plausible(name: str, moment: datetime, now: datetime) -> datetime:
    """Return a moment in UTC; refuse one that no clock can have shown."""
    late = moment.year > now.year + 1  # seen first: the ends of the calendar cannot be converted
    if not late and moment.year >= EARLIEST:
        moment = moment.astimezone(UTC)
        late = moment > now + AHEAD
    if late:
        raise _Broken("implausible", "时间比现在晚一天以上，请检查发送方的时钟", name)
    if moment.year < EARLIEST:
        raise _Broken("implausible", f"时间早于 {EARLIEST} 年", name)
    return moment


def _check_meaning(event: Event, now: datetime) -> ActRef | None:
    """Check what one contract alone cannot say; return the fact that this one amends, if any."""
    if event.stream != "FACTS" or event.of_system:
        raise _Broken("invalid", "此类事件只由系统自身产生，不接受报送", "type")
    if isinstance(event, DayEnded) and event.day >= now.astimezone(BEIJING).date():
        raise _Broken("implausible", "这一天尚未结束", "data.day")
    if isinstance(event, ActCorrected):
        _check_replacement(event)
    if isinstance(event, ActCorrected | ActWithdrawn):
        return event.target
    return None


def _check_replacement(event: ActCorrected) -> None:
    """Validate the whole new data of an act as what it says it is."""
    try:
        target, _ = find_type(event.target_type)
        if not target.is_act:
            raise _Broken("invalid", "只有行政行为可以更正", "data.target_type")
        read_data(event.target_type, event.replacement)
    except ContractBroken as error:
        field = "data.target_type" if error.field == "type" else f"data.replacement{error.field.removeprefix('data')}"
        raise _Broken("invalid", error.detail, field) from error
    except FromTheFuture as error:
        raise _Broken("future_version", "被更正事件的版本比本系统新，升级后可重放", "data.target_type") from error


def _warnings(event: Event) -> tuple[Warn, ...]:
    if isinstance(event, ActCorrected):
        inner = read_data(event.target_type, event.replacement)
        return tuple(
            Warn(f"data.replacement{warn.field.removeprefix('data')}", warn.detail) for warn in _warnings(inner)
        )
    if isinstance(event, DocumentIssued) and event.doc_no is not None and not _is_well_formed(event.doc_no):
        return (Warn("data.doc_no", "发文字号不是“机关代字〔年份〕序号号”的形式，已原样保留"),)
    if isinstance(event, UnitRegistered) and event.uscc is not None and not uscc.is_valid(event.uscc):
        return (Warn("data.uscc", "统一社会信用代码的校验位不符，请核对"),)
    return ()


def _is_well_formed(doc_no: str) -> bool:
    """Tell whether a 发文字号 can be read; the contract has rewritten those that can, which is quickly seen."""
    return _WELL_FORMED.match(doc_no) is not None or parse_doc_no(doc_no) is not None


def _unreadable(raw: bytes, error: Exception) -> Refused:
    if may_be_secret(raw):
        return _secret(None)
    if isinstance(error, RecursionError):
        reason = Reason("malformed", "嵌套过深")
    elif isinstance(error, UnicodeError):
        reason = Reason("malformed", "不是有效的 UTF-8 文本")
    elif isinstance(error, msgspec.ValidationError):
        reason = Reason("malformed", "数字超出可表示的范围")
    else:
        reason = Reason("malformed", "不是有效的 JSON(NaN、Infinity 和不成对的代理字符也不允许)")
    return Refused(reason, keep=raw)


def refused_whole(body: bytes, reason: Reason) -> Refused:
    """Refuse a body that could not be taken apart into items; of a large one nothing is kept, nor looked at."""
    if len(body) > MAX_EVENT:
        return Refused(reason, keep=None)
    return _secret(None) if may_be_secret(body) else Refused(reason, keep=body)


def _secret(value: object) -> Refused:
    """Refuse with nothing but who sent it, where that has the form of a source."""
    source = value.get("source") if isinstance(value, dict) else None
    return Refused(
        Reason("secret", "疑似涉密，已拒收；系统未保存其任何内容。涉密文件只能以数量形式另行报送"),
        keep=None,
        source=_source(source),
    )


def _identity(value: Json) -> Json:
    """Return what can be read of who sent it, where it has the right form."""
    place, id_ = value.get("jurisdiction"), value.get("id")
    return {
        "source": _source(value.get("source")),
        "id": id_ if isinstance(id_, str) and 1 <= len(id_) <= 128 and not _CONTROLS.search(id_) else None,  # noqa: PLR2004 - the contract's bounds
        "jurisdiction": place if isinstance(place, str) and is_code(place) else None,
    }


def _source(value: object) -> str | None:
    fits = isinstance(value, str) and re.fullmatch(r"[!-~]{1,256}", value) is not None
    return cast("str", value) if fits else None
