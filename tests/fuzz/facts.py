"""Hostile events: what a broken, careless or malicious sender may bring to ``POST /v1/events``."""

import copy
import gzip
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import contracts
from contracts.catalog import BY_NAME
from contracts.reference import DayEnded
from tests import factories
from tests.fuzz.inputs import LEAK, Ask, Fate, Maker

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
Event = dict[str, Any]
Path_ = tuple[str | int, ...]


def _examples() -> Iterator[Event]:
    for path in sorted((Path(contracts.__file__).parent / "examples").glob("*/*.json")):
        kind = BY_NAME[path.parent.name]
        if kind.stream == "FACTS" and not kind.of_system and kind is not DayEnded:
            yield json.loads(path.read_text("utf-8"))


EXAMPLES: Final = tuple(_examples())
_numbers: Final = itertools.count(1)
NUL: Final = "\0"
VALUES: Final[Sequence[Any]] = (
    None, True, False, 0, -1, 1.5, -0.0, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, 1e308, "", " ",
    "\t\n", NUL, f"a{NUL}b", "\ufffe", "\u202eabc", "a\u200db", "\U0001f4a9" * 200, "x" * 129, "x" * 501, "x" * 2001,
    "密" * 100_000, "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "<script>alert(1)</script>", "'; drop table accepted; --",
    "%s%n%d", "{{7*7}}", "${jndi:ldap://a}", "../../etc/passwd", "a\r\nb: c", "null", "NaN", "2026-02-30", "0000-01-01",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T09:00:00",
    "2026-01-01T24:00:00Z", "2026-01-01T09:00:60Z", "-2026-01-01", "20260101", "1700000000", [], [[]], [None], [{}],
    ["x"] * 5000, [2**63], {}, {"": ""}, {"$ref": "#"}, {"__proto__": {}},
)  # fmt: skip
PIECES: Final = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 400, b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\xed\xa0\x80",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\x1b", b"\x80", b"\\x", b"{", b"}", b"[", b"]", b'"', b",", b":", b"//", b"/*", b"'", b"\\",
    b"0x1", b"01", b"+1", b"tru", b'"data":{},', b'"id":"other",', b"\xe2\x80\xae", b"\xc0\xaf",
)  # fmt: skip


def fresh(random: Random) -> Event:
    """Return a valid event that was never sent, of a random type."""
    event = copy.deepcopy(random.choice(EXAMPLES))
    event["id"] = f"fuzz-{random.getrandbits(40):x}-{next(_numbers)}"
    event.pop("traceparent", None)
    return event


def raw(event: Any, *, ascii_only: bool = False) -> bytes:
    return json.dumps(event, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def ask(kind: str, body: bytes, fate: Fate = "refused", content: str = STRUCTURED, **headers: str | bytes) -> Ask:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask(kind, "intake", "/v1/events", body, {"content-type": content, **named}, fate)


def paths(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    if at:
        yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


def put(event: Event, at: Path_, value: Any) -> Event:
    inner: Any = event
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return event


def get(event: Event, at: Path_) -> Any:
    inner: Any = event
    for step in at:
        inner = inner[step]
    return inner


def somewhere(random: Random, event: Event) -> Path_:
    return random.choice([*paths(event)])


# ---------------------------------------------------------------- makers


def valid(random: Random) -> Ask:
    return ask("event valid", raw(fresh(random), ascii_only=random.random() < 0.3), "accepted")


def field(random: Random) -> Ask:
    event = fresh(random)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = somewhere(random, event)
        if at[0] != "id" or random.random() < 0.2:
            put(event, at, copy.deepcopy(random.choice(VALUES)))
    return ask("event one field", raw(event), "either")


def lacking(random: Random) -> Ask:
    event = fresh(random)
    at = somewhere(random, event)
    inner = get(event, at[:-1])
    if random.random() < 0.5 or isinstance(inner, list):
        del inner[at[-1]]
    else:
        inner[random.choice(("surprise", "", NUL, "a.b", "\u202e", "x" * 9000, "密", "__class__", "ID"))] = 1
    return ask("event more or less", raw(event), "either")


def bytes_(random: Random) -> Ask:
    body = bytearray(raw(fresh(random)))
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(body))
        choice = random.randrange(4)
        if choice == 0:
            body[at] ^= 1 << random.randrange(8)
        elif choice == 1:
            del body[at : at + random.randrange(1, 40)]
        elif choice == 2:
            body[at:at] = random.choice(PIECES)
        else:
            body[at:at] = body[at : at + random.randrange(1, 60)]
    return ask("event bytes", bytes(body), "either")


def deep(random: Random) -> Ask:
    depth = random.choice((30, 500, 1000, 20_000, 100_000))
    opened, closed = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    nest = (
        opened * min(depth, 120_000 // len(opened))
        + b"1"
        + closed * random.choice((0, min(depth, 120_000 // len(opened))))
    )
    event = raw(put(fresh(random), ("data", "x"), "HERE"))
    whole = random.random() < 0.3
    return ask(
        "event deep", nest if whole else event.replace(b'"HERE"', nest), content=random.choice((STRUCTURED, BATCH))
    )


def large(random: Random) -> Ask:
    event = fresh(random)
    event["data"]["x"] = random.choice(("x", "密\u200d", '"\\', "级：!")) * random.choice((1000, 60_000, 90_000))
    return ask("event large", raw(event, ascii_only=random.random() < 0.2))


def twice(random: Random) -> Ask:
    """Give a name twice: the last counts, and what the first said may be nowhere."""
    event = raw(fresh(random))
    if random.random() < 0.5:
        return ask("event names twice", event[:-1] + b', "data": []}')
    return ask(
        "event names twice", b'{"data": "\xe6\x9c\xba\xe5\xaf\x86 ' + LEAK.encode() + b'",' + event[1:], "either"
    )


def integer(random: Random) -> Ask:
    event = fresh(random)
    numbers = [at for at in paths(event) if type(get(event, at)) is int and at[-1] != "cost" and at[0] == "data"]
    value = random.choice((2**63, 2**64, -(2**63) - 1, 10**30, 10**4000))
    if not numbers:
        return ask(
            "event integer",
            raw(put(event, ("data", "x"), value)) if value < 10**4000 else b'{"x":' + b"9" * 5000 + b"}",
        )
    at = random.choice(numbers)
    return ask(
        "event integer", raw(put(event, at, "HERE")).replace(b'"HERE"', b"9" * 20 if value > 10**100 else b"%d" % value)
    )


_MOMENTS: Final = (
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z",
    "1949-01-01T00:00:00Z", "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59", "1970-01-01T00:00:00Z",
    "2026-01-01T09:00:00.123456789+08:00",
)  # fmt: skip
_DAYS: Final = ("0001-01-01", "9999-12-31", "0002-01-01", "9998-12-31", "1900-01-01", "2024-02-29", "2100-01-01")


def dated(random: Random) -> Ask:
    event = fresh(random)
    for at in paths(event):
        value = get(event, at)
        if isinstance(value, str) and value[:2] == "20" and value[4:5] == "-" and random.random() < 0.6:
            put(event, at, random.choice(_MOMENTS if "T" in value else _DAYS))
    if random.random() < 0.7:  # so that what is in the data is looked at
        event |= {"time": factories.TIME, "recordedtime": factories.TIME}
    return ask("event dates", raw(event), "either")


_LEVELS: Final = ("绝密", "机密", "秘密", "絕密", "機密", "祕密")
_BETWEEN: Final = (
    "",
    " ",
    "\u3000",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u2060",
    "\u00ad",
    "\ufe0f",
    "\u0308",
    "\t",
    "\u3164",
    "\u202e",
)
_AFTER: Final = ("★", " ★ ", "★1年", "☆", "＊", "⭐️", " 长期", "級３年", "级件★")


def secret_text(random: Random) -> str:
    """Return a text with a mark of secrecy in one of the ways in which it may be hidden."""
    level = random.choice(_BETWEEN).join(random.choice(_LEVELS))
    mark = f"{level}{random.choice(_BETWEEN)}{random.choice(_AFTER)}"
    return random.choice(
        (f"{LEAK}{mark}", f"{mark}{LEAK}", f"★{LEAK}", f"密级：{level}({LEAK})", f"{mark}关于{LEAK}的通知")
    )


def secret(random: Random) -> Ask:
    event = fresh(random)
    texts = [at for at in paths(event["data"]) if isinstance(get(event["data"], at), str)]
    choice = random.randrange(6)
    if choice == 0:
        field_ = random.choice(("secrecy_level", "密级", "Secret-Level", "保密期限", "classification"))
        event["data"] |= {field_: random.choice(("机密", "1年", {"a": LEAK}, LEAK)), "x": LEAK}
    elif choice == 1:
        event["data"][secret_text(random)] = 1
    elif choice == 2:
        event["subject"] = secret_text(random)
    elif choice == 3:
        event |= {"type": "cn.jianfu.act.corrected.v1"}
        event["data"] = {
            "target": {"id": "1"}, "target_type": "cn.jianfu.doc.issued.v1", "reason": "x",
            "replacement": {"heading": secret_text(random), "dated": "2026-01-01"},
        }  # fmt: skip
    elif choice == 4:
        event["data"]["attachments"] = [{"name": f"{secret_text(random)}.pdf"}]
    else:
        put(event["data"], random.choice(texts), secret_text(random))
    body = raw(event, ascii_only=random.random() < 0.3)
    if random.random() < 0.1:
        body = random.choice((body[:-1], body + b"}", b"[" + body))  # nothing can be parsed, and nothing may be kept
    return ask("event secret", body)


def content(random: Random) -> Ask:
    body = raw(fresh(random))
    kind, headers = random.choice(
        (
            ("text/plain", {}), ("", {}), ("application/cloudevents+xml", {}), ("application/xml", {}), ("a" * 3000, {}),
            (f"{STRUCTURED}; charset=gbk", {}), (f"{STRUCTURED}; charset=utf-16", {}), (f"{STRUCTURED};charset", {}),
            ("multipart/form-data; boundary=x", {}), ("multipart/form-data", {}), (";;;", {}), ("application/json", {}),
            (STRUCTURED, {"content_encoding": "gzip"}), (BATCH, {"content_encoding": "deflate, br"}), (BATCH, {}),
        )
    )  # fmt: skip
    if "content_encoding" in headers:
        body = gzip.compress(b" " * 20_000_000, 1) if random.random() < 0.02 else gzip.compress(body)
    if kind.endswith("utf-16"):
        body = body.decode().encode("utf-16")
    return ask("content type", body, "either" if kind.endswith(";charset") else "refused", content=kind, **headers)


def binary(random: Random) -> Ask:
    event = fresh(random)
    data = event.pop("data")
    event.pop("datacontenttype", None)
    headers: dict[str, str | bytes] = {f"ce-{name}": str(value).encode() for name, value in event.items()}
    name = random.choice([*headers, "ce-", "ce-data", "ce-x", "ce-subject", "ce-data_base64", "ce-datacontenttype"])
    headers[name] = random.choice(
        (b"%ff", b"\xff", b"%00", b"%", b"", b"a" * 3000, "密".encode(), b"%E5%AF%86", b"1.1", b"../..")
    )
    body = random.choice(
        (raw(data), b"", b"1", b'{}, "source": "/x"', b"{}}", b"[" * 5000, b"\xff", b'{"a":"\\u0000"}')
    )
    return Ask("binary mode", "intake", "/v1/events", body, {"content-type": "application/json", **headers}, "either")


def batch(random: Random) -> Ask:
    makers = (valid, field, lacking, integer, dated, secret)
    items = [random.choice(makers)(random).body for _ in range(random.choice((0, 2, 10, 40)))]
    return ask("batch mixed", b"[" + b",".join(items) + b"]", "either", BATCH)


def batch_form(random: Random) -> Ask:
    item = raw(fresh(random))
    body = random.choice(
        (
            b"[" + b",".join([b"{}"] * 1001) + b"]", b"[" + b",".join([b"1"] * 100_000) + b"]", b"{}", b"", b"[1,]", b"[NaN]",
            b"[" + item + b"," + item[:-1] + b"]", b"[" + item, b"[]" * 2, b"[[[[" + item + b"]]]]", b"[" * 200_000,
            b'[null, 1, true, "x", []]', b"\xef\xbb\xbf[" + item + b"]",
        )
    )  # fmt: skip
    return ask("batch form", body, "either", BATCH)


MAKERS: Final[Mapping[Maker, int]] = {
    valid: 6, field: 22, lacking: 8, bytes_: 16, deep: 1, large: 1, twice: 3, integer: 5, dated: 10, secret: 12,
    content: 5, binary: 6, batch: 2, batch_form: 2,
}  # fmt: skip
"""How often each of them is asked, of a hundred."""
