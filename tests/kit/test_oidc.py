"""Tokens of a given issuer, against a real little issuer over HTTP: what is believed, and that doubt is refusal."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Depends, FastAPI
from pydantic import ValidationError

from kit.auth import Keys, Principal, Role, allow, key_id, mint
from kit.errors import Forbidden, Rejected, Unauthorized, Unavailable
from kit.oidc import FRESH, PAUSE, STALE, Issuer, OidcConfig
from kit.problems import answer_faults
from kit.trust import Trust

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ISS = "https://id.example.test/realms/county"
KINDS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
KEYS = {name: make() for name, make in KINDS.items()}
"""Made once: an RSA key takes a while."""
WHO = Principal("oidc:7", Role.DISCIPLINE, "990101", frozenset({"u1"}), frozenset())


@dataclass
class Little:
    """An issuer: what it answers, and how often it was asked."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    answer: bytes | None = None
    """Instead of the keys; an empty one is 500."""
    asked: int = 0

    def jwks(self) -> bytes:
        if self.answer is not None:
            return self.answer
        return json.dumps({"keys": [jwk(name, key) for name, key in self.keys.items()]}).encode()

    def token(self, kid: str = "k1", algorithm: str = "RS256", **changes: Any) -> str:
        headers = {"kid": kid} if kid else {}
        return jwt.encode(claims(**changes), self.keys.get(kid, KEYS[algorithm]), algorithm=algorithm, headers=headers)


def claims(**changes: Any) -> dict[str, Any]:
    known = {
        "iss": ISS, "aud": ["other", "jianfu"], "sub": "7", "exp": int((NOW + HOUR).timestamp()),
        "realm": {"roles": ["offline_access", "jwjc"]}, "division": "990101", "units": ["u1"],
    }  # fmt: skip
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def jwk(name: str, key: Any) -> dict[str, Any]:
    if isinstance(key, dict):
        return {"kid": name, **key}
    public = key.public_key()
    kind = {rsa.RSAPrivateKey: "RSA", ec.EllipticCurvePrivateKey: "EC"}
    algorithm = next((jwt.get_algorithm_by_name(f"{word[0]}S256") for made, word in kind.items() if isinstance(key, made)),
                     jwt.get_algorithm_by_name("EdDSA"))  # fmt: skip
    return {"kid": name, "use": "sig", **json.loads(type(algorithm).to_jwk(public))}


@pytest_asyncio.fixture(loop_scope="session")
async def little() -> AsyncIterator[Little]:
    import asyncio

    issuer = Little(keys={"k1": KEYS["RS256"]})

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        issuer.asked += 1
        body = issuer.jwks()
        status = b"200 OK" if body else b"500 Broken"
        writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with server:
        yield issuer


def config(url: str, **changes: Any) -> OidcConfig:
    known = {
        "issuer": ISS, "audience": "jianfu", "jwks_url": url, "roles": {"jwjc": "discipline", "op": "operator"},
        "claims": {"role": "realm.roles", "jurisdiction": "division"},
    }  # fmt: skip
    return OidcConfig.model_validate({**known, **changes})


@pytest.fixture
def issuer(little: Little) -> Issuer:
    return Issuer(config(little.url))


@pytest.mark.parametrize("algorithm", KINDS)
async def test_a_token_of_the_issuer_is_believed(little: Little, issuer: Issuer, algorithm: str) -> None:
    little.keys = {"k1": KEYS[algorithm]}
    for _ in range(3):
        assert await issuer.verify(little.token(algorithm=algorithm), now=NOW) == WHO
    assert little.asked == 1


HMAC = {"kty": "oct", "k": base64.urlsafe_b64encode(b"0" * 32).decode(), "alg": "HS256"}


def confused(_: Little) -> str:
    """Sign by HMAC with the public key as the secret: what a checker believes that lets the token choose."""
    public = KEYS["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": "k1"}, claims())
    )
    import hashlib
    import hmac

    signature = hmac.new(public, header + b"." + payload, hashlib.sha256).digest()
    return b".".join([header, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def unsigned(_: Little) -> str:
    return jwt.encode(claims(), "", algorithm="none", headers={"kid": "k1"})


def tampered(little: Little) -> str:
    head, _, tail = little.token().split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(division="00")).encode()).rstrip(b"=").decode()
    return f"{head}.{payload}.{tail}"


DOUBTFUL: dict[str, tuple[Callable[[Little], str], type[Rejected]]] = {
    "another issuer": (lambda one: one.token(iss="https://evil.test"), Unauthorized),
    "another audience": (lambda one: one.token(aud="other"), Unauthorized),
    "no audience": (lambda one: one.token(aud=None), Unauthorized),
    "expired": (lambda one: one.token(exp=int((NOW - HOUR).timestamp())), Unauthorized),
    "without an end": (lambda one: one.token(exp=None), Unauthorized),
    "an end that is no number": (lambda one: one.token(exp="soon"), Unauthorized),
    "not valid yet": (lambda one: one.token(nbf=int((NOW + HOUR).timestamp())), Unauthorized),
    "nobody": (lambda one: one.token(sub=None), Unauthorized),
    "alg none": (unsigned, Unauthorized),
    "alg confusion": (confused, Unauthorized),
    "alg of another kind of key": (
        lambda _: jwt.encode(claims(), KEYS["ES256"], algorithm="ES256", headers={"kid": "k1"}), Unauthorized,
    ),
    "a strange key under a known name": (
        lambda _: jwt.encode(claims(), KEYS["EdDSA"], algorithm="EdDSA", headers={"kid": "k1"}), Unauthorized,
    ),
    "tampered": (tampered, Unauthorized),
    "without a key's name": (lambda one: one.token(""), Unauthorized),
    "a key that the issuer does not have": (lambda one: one.token("k2"), Unauthorized),
    "no token": (lambda _: "x.y.z", Unauthorized),
    "too long": (lambda one: one.token(pad="x" * 9000), Unauthorized),
    "no role": (lambda one: one.token(realm=None), Forbidden),
    "a role that is none here": (lambda one: one.token(realm={"roles": ["admin"]}), Forbidden),
    "two roles": (lambda one: one.token(realm={"roles": ["jwjc", "op"]}), Forbidden),
    "a role of another kind": (lambda one: one.token(realm={"roles": {"jwjc": True}}), Forbidden),
    "no jurisdiction": (lambda one: one.token(division=None), Forbidden),
    "no code of a jurisdiction": (lambda one: one.token(division="%"), Forbidden),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
async def test_doubt_is_refusal(little: Little, issuer: Issuer, name: str) -> None:
    make, error = DOUBTFUL[name]
    with pytest.raises(error):
        await issuer.verify(make(little), now=NOW)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (HMAC, "HS256"),
        (rsa.generate_private_key(65537, 1024), "RS256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        ({"kty": "RSA", "n": "!", "e": "AQAB"}, "RS256"),
    ],
    ids=["secret", "weak", "another curve", "broken"],
)
async def test_an_issuer_s_key_that_is_not_good_enough_is_none(
    little: Little, issuer: Issuer, key: Any, algorithm: str
) -> None:
    little.keys["bad"] = key
    signer = b"0" * 32 if algorithm == "HS256" else KEYS["RS256"] if isinstance(key, dict) else key
    with pytest.raises(Unauthorized):
        await issuer.verify(jwt.encode(claims(), signer, algorithm=algorithm, headers={"kid": "bad"}), now=NOW)
    assert await issuer.verify(little.token(), now=NOW) == WHO


async def test_an_algorithm_that_is_not_on_the_list_is_refused(little: Little) -> None:
    with pytest.raises(Unauthorized):
        await Issuer(config(little.url, algorithms=["EdDSA"])).verify(little.token(), now=NOW)


async def test_keys_may_change_and_one_that_is_gone_ends(little: Little, issuer: Issuer) -> None:
    old = little.token()
    assert await issuer.verify(old, now=NOW) == WHO
    little.keys = {"k2": KEYS["ES256"]}
    new = little.token("k2", "ES256")
    assert await issuer.verify(new, now=NOW + PAUSE) == WHO
    assert little.asked == 2
    with pytest.raises(Unauthorized):
        await issuer.verify(old, now=NOW + PAUSE)


async def test_a_key_that_is_gone_ends_within_the_hour_although_nobody_brings_a_new_one(
    little: Little, issuer: Issuer
) -> None:
    late = little.token(exp=int((NOW + 24 * HOUR).timestamp()))
    assert await issuer.verify(late, now=NOW) == WHO
    little.keys = {}
    assert await issuer.verify(late, now=NOW + FRESH) == WHO
    with pytest.raises(Unauthorized):
        await issuer.verify(late, now=NOW + FRESH + timedelta(seconds=1))


async def test_invented_keys_do_not_flood_the_issuer(little: Little, issuer: Issuer) -> None:
    for number in range(50):
        with pytest.raises(Unauthorized):
            await issuer.verify(little.token(f"invented-{number}"), now=NOW)
    assert little.asked == 1


@pytest.mark.parametrize("answer", [b"", b"{", b'{"keys": 1}', b'{"keys": [' + b" " * 600_000 + b"]}"])
async def test_an_issuer_that_cannot_be_asked_is_503_until_it_can(
    little: Little, issuer: Issuer, answer: bytes
) -> None:
    little.answer = answer
    with pytest.raises(Unavailable):
        await issuer.verify(little.token(), now=NOW)
    little.answer = None
    with pytest.raises(Unavailable):
        await issuer.verify(little.token(), now=NOW + PAUSE / 2)
    assert await issuer.verify(little.token(), now=NOW + PAUSE) == WHO


async def test_known_keys_serve_for_a_while_when_the_issuer_is_away_and_then_no_more(
    little: Little, issuer: Issuer
) -> None:
    late = little.token(exp=int((NOW + 24 * HOUR).timestamp()))
    assert await issuer.verify(late, now=NOW) == WHO
    little.answer = b""
    assert await issuer.verify(late, now=NOW + STALE) == WHO
    with pytest.raises(Unavailable):
        await issuer.verify(little.token("k2"), now=NOW + STALE)
    with pytest.raises(Unavailable):
        await issuer.verify(late, now=NOW + STALE + timedelta(seconds=1))


async def test_the_issuer_never_speaks_for_our_own_keys_nor_they_for_it(little: Little) -> None:
    own = ed25519.Ed25519PrivateKey.generate()
    keys = Keys({key_id(own.public_key()): own.public_key()})
    trust = Trust(keys, Issuer(config(little.url)))
    clerk = Principal("oidc:7", Role.OFFICE, "990101")
    assert await trust.principal(mint(own, clerk, now=NOW, ttl=HOUR), now=NOW) == clerk
    assert await trust.principal(little.token(), now=NOW) == WHO
    with pytest.raises(Unauthorized):
        await trust.principal(little.token(iss="jianfu"), now=NOW)
    with pytest.raises(Unauthorized):
        await trust.principal(jwt.encode(claims(), own, algorithm="EdDSA"), now=NOW)
    usurper = Trust(keys, Issuer(config(little.url, issuer="jianfu")))
    with pytest.raises(Unauthorized):
        await usurper.principal(little.token(iss="jianfu"), now=NOW)


async def test_routes_answer_401_403_and_503(little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    from kit import clock

    monkeypatch.setattr(clock, "now", lambda: NOW)
    own = ed25519.Ed25519PrivateKey.generate()
    app = FastAPI()
    app.state.trust = Trust(Keys({key_id(own.public_key()): own.public_key()}), Issuer(config(little.url)))
    answer_faults(app)
    app.get("/", dependencies=[Depends(allow("discipline"))])(lambda: 1)

    async def status(token: str) -> tuple[int, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
            answer = await client.get("/", headers={"authorization": f"Bearer {token}"})
        return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]

    little.answer = b""
    assert await status(little.token()) == (503, "unavailable")
    little.answer = None
    monkeypatch.setattr(clock, "now", lambda: NOW + PAUSE)
    assert await status(little.token()) == (200, "")
    assert await status(little.token(aud="other")) == (401, "unauthorized")
    assert await status(little.token(realm={"roles": ["op"]})) == (403, "forbidden")


FILE = """
issuer = "{iss}"
audience = "jianfu"
jwks_url = "{url}"
algorithms = ["ES256"]
[claims]
role = "groups"
[roles]
"纪检" = "discipline"
"""


def test_the_file_says_who_is_believed_and_faults_in_it_are_named(tmp_path: Path) -> None:
    path = tmp_path / "oidc.toml"
    path.write_text(FILE.format(iss=ISS, url="https://id.example.test/jwks"), "utf-8")
    read = OidcConfig.load(path)
    assert read.issuer == ISS
    assert set(read.algorithms) == {"ES256"}
    assert dict(read.roles) == {"纪检": Role.DISCIPLINE}
    assert (read.claims.role, read.claims.jurisdiction) == ("groups", "jurisdiction")
    for old, new, named in (
        ("https://id", "http://id", "jwks_url"),
        ('"ES256"', '"HS256"', "algorithms"),
        ('["ES256"]', "[]", "algorithms"),
        ('"discipline"', '"king"', "roles"),
        ("audience", "audiences", "audience"),
    ):
        text = FILE.format(iss=ISS, url="https://id.example.test/jwks")
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(ValidationError, match=named):
            OidcConfig.load(path)
