"""Hostile requests of every other kind: addresses, paging marks, tokens, and the forms of the console."""

import base64
import copy
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kit import clock
from kit.auth import Principal, Role, mint, new_key_pair
from tests.fuzz.facts import NUL, VALUES, fresh, raw, secret_text
from tests.fuzz.inputs import Ask, Maker

ID: Final = "a" * 26
READS: Final = {
    "intake": ("/v1/quarantine?source=&after=&limit=&state=", "/v1/sources?after=&limit="),
    "ledger": (
        "/v1/ledgers/documents?after=&jurisdiction=&unit=&from=&to=&q=&withdrawn=&as_of=&limit=&format=", "/v1/ledgers/{}",
        "/v1/acts/{}", "/v1/counts?year=&family=&jurisdiction=&unit=&total=&limit=&after=", "/v1/plans?owner=&kind=&year=&after=",
        "/v1/units?q=&jurisdiction=&after=", "/v1/parked?after=&replayed=&limit=",
    ),
    "monitor": (
        "/v1/alerts?state=&rule=&severity=&jurisdiction=&unit=&act=&from=&to=&after=&limit=", "/v1/alerts/counts?jurisdiction=",
        "/v1/alerts/{}?revision=", "/v1/alerts/{}/dossier?revision=", "/v1/alerts/{}/replay?revision=", "/v1/acts/{}/verdicts",
        "/v1/forecasts?year=&unit=", "/v1/rules/{}", "/v1/parked?after=&limit=",
    ),
    "notify": (
        "/v1/deliveries?about=&receiver=&channel=&state=&after=&limit=", "/v1/clues?alert=&state=&jurisdiction=&after=&limit=",
        "/v1/clues/{}",
    ),
    "console": (
        "/?year=", "/ledgers/documents?jurisdiction=&unit=&from=&to=&q=&as_of=&withdrawn=&after=&columns=", "/ledgers/{}",
        "/ledgers/documents/export.xlsx?q=&from=", "/acts/{}", "/alerts?state=&severity=&rule=&jurisdiction=&unit=&act=&after=",
        "/alerts/{}", "/clues?after=", "/clues/{}", "/precheck/{}", "/sources", "/quarantine?state=&after=", "/rules/{}",
        "/login?ticket=",
    ),
}  # fmt: skip
"""The reading routes of every service with the names of what may be asked of them."""
_WORDS: Final = (
    "2025", "2026-01-01", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "-1", "0", "1e3",
    str(2**31), str(2**63), str(10**400), "00", "99", "990101", ID, "standing", "xlsx", "true", "MTG-19", "documents", "%", "_", "\\",
    "'", '"', ";", "a" * 3000, "*", "..", "../../etc/passwd", "\ufffe", "\u202e", "密", "null", "[]", "{}", "a b", "+", "&", "#", "?",
)  # fmt: skip
_KEYS: Final[tuple[Any, ...]] = (
    [], [1], [2**63], [-(2**64)], [1e999], [None], ["a"], [NUL], ["2025-01-01", "a"], ["9999-12-31", NUL], ["0001-01-01", ""],
    ["0001-01-01T00:00:00+14:00", "a"], ["9999-12-31T23:59:59-14:00", ID], ["2025-01-01T00:00:00", ID], ["a", "b", "c"],
    ["doc", "u", "2025-13-01"], ["doc", "u", "2025-01-01"], {"a": 1}, "a", 1, [[["a"]]], ["x" * 600], [True], ["doc", NUL, "0001-01-01"],
)  # fmt: skip


def cursor(random: Random) -> str:
    """Return a paging mark as somebody might forge it."""
    text = json.dumps(random.choice(_KEYS))
    if random.random() < 0.2:
        text = random.choice(('["\\ud800"]', "[" * 700, "[1" + "0" * 500 + "]", "\xff", "", "[NaN]"))
    mark = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return mark if random.random() < 0.2 else mark.rstrip("=")


def _word(random: Random) -> str:
    choice = random.random()
    if choice < 0.1:
        return quote_from_bytes(bytes(random.randrange(256) for _ in range(random.randrange(1, 12))))
    if choice < 0.15:
        return "%00"
    return quote(random.choice(_WORDS), safe="")


def query(random: Random) -> Ask:
    service = random.choice([*READS])
    path, _, names = random.choice(READS[service]).partition("?")
    pairs = [
        f"{name}={cursor(random) if name == 'after' and random.random() < 0.8 else _word(random)}"
        for name in names.split("=&")
        if name and random.random() < 0.35
        for name in [name.rstrip("=")]
    ]
    if random.random() < 0.05:
        pairs.append(random.choice(("x=1", "=", "&&", "a" * 5000, "%", "limit=1&limit=2")))
    path = path.replace("{}", random.choice((ID, _word(random), _word(random))))
    role = random.choice(("admin", "operator", "discipline", "office"))
    address = f"{path}?{'&'.join(pairs)}" if pairs else path
    return Ask("query", service, address, fate="either", method="GET", role=role, page=service == "console")


def method(random: Random) -> Ask:
    service = random.choice([*READS])
    path = random.choice(READS[service]).partition("?")[0].replace("{}", ID)
    verb = random.choice(("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"))
    body = random.choice((b"", b"{}", b"x" * 9000))
    return Ask(
        "method",
        service,
        path,
        body,
        fate="either",
        method=verb,
        role="admin",
        page=service == "console" or verb == "HEAD",
    )


def _b64(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def forger(good: str) -> Callable[[Random], str]:
    """Return a maker of tokens that prove nothing; ``good`` is one of the system's own to start from."""
    head, claims, signature = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    foreign = Ed25519PrivateKey.generate()
    who = Principal("adapter@test", Role("adapter"), "00", frozenset(), frozenset({"/"}))
    said = jwt.decode(good, options={"verify_signature": False})
    other = mint(new_key_pair()[0], who, now=clock.now(), ttl=timedelta(hours=1))
    headers: tuple[Any, ...] = (
        {"alg": "none", "kid": kid}, {"alg": "None", "kid": kid}, {"alg": "HS256", "kid": kid}, {"alg": "RS256", "kid": kid},
        {"alg": "EdDSA", "kid": "../../secrets/key"}, {"alg": "EdDSA", "kid": "' or 1=1"}, {"alg": "EdDSA", "kid": [kid]},
        {"alg": "EdDSA", "kid": {"a": kid}}, {"alg": "EdDSA", "kid": None}, {"alg": "EdDSA"}, {}, [], "a", 1, None, {"alg": [kid]},
        {"alg": "EdDSA", "kid": kid, "crit": ["x"], "x": 1}, {"alg": "EdDSA", "kid": kid, "b64": False, "crit": ["b64"]},
        {"alg": "EdDSA", "kid": kid, "jku": "http://127.0.0.1:9/"}, {"alg": "EdDSA", "kid": kid, "jwk": {"kty": "OKP"}},
        b"\xff", b"[" * 4000, b"[" * 2000 + b"]" * 2000, b'{"a":' * 900 + b"1" + b"}" * 900, b'{"alg":"EdDSA","kid":1e999}',
    )  # fmt: skip

    def header(random: Random) -> str:
        return f"{_b64(random.choice(headers))}.{claims}.{random.choice((signature, '', 'AA', 'A' * 86))}"

    def claim(random: Random) -> str:
        values: tuple[Any, ...] = (None, "admin", "00", 1, -1, [], {}, 10**30, "x" * 5000)
        return f"{head}.{_b64(said | {random.choice([*said]): random.choice(values)})}.{signature}"

    def signed(random: Random) -> str:
        if random.random() < 0.5:
            return jwt.encode(said, "secret" * 8, algorithm="HS256", headers={"kid": kid})
        return jwt.encode(said | {"role": "admin"}, foreign, algorithm="EdDSA", headers={"kid": kid})

    def cut(random: Random) -> str:
        at = random.randrange(len(good) - 3)
        return good[:at] + random.choice("ABCxyz019-_.") * random.randrange(2, 5) + good[at + 1 :]

    def nonsense(random: Random) -> str:
        if random.random() < 0.5:
            return "".join(random.choice("abcXYZ012-_=.%/+") for _ in range(random.randrange(1, 400)))
        return random.choice(
            ("", "a", "..", "a.b", "a.b.c.d", "x" * 9000, "x" * 60_000, good * 3, good + "=", good[:-4], other)
        )

    return lambda random: random.choice((header, header, claim, signed, cut, nonsense))(random)


def token_maker(good: str) -> Maker:
    """Return a maker of requests whose token must be refused."""
    forge = forger(good)

    def make(random: Random) -> Ask:
        value = f"{random.choice(('Bearer', 'Bearer', 'Bearer', 'bearer', 'Basic', 'Token'))} {forge(random)}"
        headers = {"authorization": value, "content-type": "application/cloudevents+json"}
        if random.random() < 0.5:
            return Ask("token", "intake", "/v1/events", raw(fresh(random)), headers, role=None)
        service = random.choice(("ledger", "monitor", "notify", "intake"))
        path = (
            random.choice([path for path in READS[service] if "/rules" not in path]).partition("?")[0].replace("{}", ID)
        )
        return Ask("token", service, path, headers=headers, method="GET", role=None)

    return make


def draft(random: Random) -> Ask:
    """Ask for a check before issuing; nothing of it is stored."""
    event = fresh(random)
    body = {key: event[key] for key in ("type", "jurisdiction", "unitid", "time", "data")}
    if random.random() < 0.3:
        body["data"] = {**body["data"], "note": secret_text(random)}
    for name in random.sample([*body], random.randrange(3)):
        body[name] = copy.deepcopy(random.choice(VALUES))
    inner = random.choice([*body["data"]]) if isinstance(body["data"], dict) and body["data"] else None
    if inner is not None:
        body["data"][inner] = random.choice((body["data"][inner], copy.deepcopy(random.choice(VALUES))))
    sent = (
        raw(body)
        if random.random() < 0.9
        else random.choice((b"", b"[]", b"[" * 90_000, b"null", b"\xff", b'{"\\ud800":1}'))
    )
    return Ask(
        "precheck", "monitor", "/v1/precheck", sent, {"content-type": "application/json"}, "either", role="operator"
    )


def note(random: Random) -> Ask:
    """Hand an alert over that there is not, with whatever note."""
    text = random.choice((secret_text(random), copy.deepcopy(random.choice(VALUES)), "\ud800", NUL, "请核查"))
    path, body = random.choice((
        ("/v1/clues", {"alert_id": ID, "note": text}), ("/v1/clues", {"alert_id": text}), ("/v1/clues", [text]),
        (f"/v1/clues/{ID}/refuse", {"reason": text}), (f"/v1/clues/{quote(str(text)[:50], safe='', errors='replace')}/receive", {}),
    ))  # fmt: skip
    role = "operator" if path == "/v1/clues" else "discipline"
    return Ask("clue", "notify", path, raw(body), {"content-type": "application/json"}, role=role)


FORM: Final = "a-form-token"
_FIELDS: Final = (
    "heading",
    "doc_no",
    "dated",
    "copies",
    "pages",
    "addressees",
    "body",
    "topic",
    "starts_at",
    "unit_id",
    "target_level",
)


def form(random: Random) -> Ask:
    """Send a form of the console as no browser would."""
    fields: dict[str, Any] = {"form_token": FORM}
    for name in random.sample(_FIELDS, random.randrange(1, 6)):
        value = random.choice((*VALUES[:40], *_WORDS, secret_text(random), "9" * 5000))
        fields[random.choice((f"f_{name}", f"f.{name}", name))] = value if isinstance(value, str) else str(value)[:400]
    path = random.choice((
        "/precheck/document", "/precheck/meeting", "/precheck/inspection", f"/precheck/{_word(random)}", f"/clues/{ID}/receive",
        f"/clues/{ID}/refuse", f"/alerts/{ID}/hand-over", f"/quarantine/{'0' * 26}/replay", "/logout",
    ))  # fmt: skip
    body = urlencode({key: value.encode("utf-8", "replace") for key, value in fields.items()}).encode()
    choice = random.randrange(8)
    if choice == 0:
        body = body.replace(FORM.encode(), random.choice((b"", b"x", "密".encode(), b"%ff", b"%00")))
    elif choice == 1:
        body = random.choice(
            (b"=&=&=", b"&" * 5000, b"form_token=" + FORM.encode() + b"&a" * 2000, b"\xff" * 100, b"%" * 100)
        )
    return Ask(
        "console form", "console", path, body, {"content-type": "application/x-www-form-urlencoded"}, "either",
        role=random.choice(("office", "operator", "discipline")), page=True,
    )  # fmt: skip


MAKERS: Final[Mapping[Maker, int]] = {query: 60, method: 6, draft: 18, note: 8, form: 8}
