"""The three content modes of CloudEvents over HTTP, each as a list of structured events in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import msgspec

from kit.errors import Rejected, TooLarge

MOST_ITEMS: Final = 1000
BATCH: Final = "application/cloudevents-batch+json"
STRUCTURED: Final = "application/cloudevents+json"
_JSON: Final = "application/json"
_SUFFIX: Final = "+json"


class UnknownMode(Rejected):
    """The content type is none that carries an event."""

    status = 415
    default_code = "unsupported_media_type"


class Unparsed(Rejected):
    """The body as a whole cannot be taken apart into events."""

    status = 400
    default_code = "malformed"


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted."""

    items: list[bytes]
    batch: bool


def take_apart(headers: Mapping[str, str], body: bytes) -> Post:
    """Return the events of a request; raise ``UnknownMode``, ``Unparsed`` or ``TooLarge`` for it as a whole."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    charset = parameters.replace(" ", "").lower().partition("charset=")[2].split(";")[0].strip('"')
    if charset not in {"", "utf-8", "utf8"}:
        raise UnknownMode("只接受 UTF-8 编码", field="content-type")
    if kind == BATCH:
        return Post(split(body), batch=True)
    if kind == STRUCTURED:
        return Post([body], batch=False)
    if "ce-specversion" in headers or "ce-id" in headers:
        if kind != _JSON and not kind.endswith(_SUFFIX):
            raise UnknownMode("事件的数据应为 JSON", field="content-type")
        return Post([_assembled(headers, body)], batch=False)
    raise UnknownMode(f"应为 {STRUCTURED}、{BATCH}，或带 ce- 标头的 {_JSON}", field="content-type")


def split(body: bytes) -> list[bytes]:
    """Return the raw events of a batch; raise ``Unparsed`` or ``TooLarge``."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unparsed("批量请求应为一个有效的 JSON 数组") from error
    if len(items) > MOST_ITEMS:
        raise TooLarge(f"一批最多 {MOST_ITEMS} 个事件，请分批发送")
    return [bytes(item) for item in items]


def _assembled(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a binary-mode request in the structured form; the data goes in as it is, but only as one value."""
    data = {"data": msgspec.Raw(body)} if body.strip() else {}
    try:  # or a body could close the object and go on with attributes of its own
        msgspec.json.decode(body or b"0", type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unparsed("事件的数据应为一个有效的 JSON 值", field="data") from error
    attributes: dict[str, object] = {}
    for name, value in headers.items():
        if name.startswith("ce-") and name != "ce-data":
            attributes[name[3:]] = _text(name, value)
    attributes["datacontenttype"] = _JSON
    return msgspec.json.encode({**attributes, **data})


def _text(name: str, value: str) -> str:
    """Return a header's value as the HTTP binding writes it: UTF-8, percent-encoded where it is not ASCII."""
    try:
        return unquote(value.encode("latin-1").decode("utf-8"), errors="strict")
    except UnicodeError as error:
        raise Unparsed("标头应为百分号编码的 UTF-8", field=name) from error
