"""A token proves who calls, for a while and to us only; every route says who may call it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from fastapi import APIRouter, Depends, FastAPI
from hypothesis import given
from hypothesis import strategies as st

from kit import clock
from kit.auth import Keys, Principal, Role, allow, key_id, mint, new_key_pair, permissions, public, verify
from kit.errors import Forbidden, Rejected, Unauthorized
from kit.problems import answer_faults
from kit.trust import Trust

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLERK = Principal("clerk-7", Role.OFFICE, "990101", frozenset({"u1", "u2"}), frozenset({"oa.qinghe"}))


@pytest.fixture(scope="module")
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def keys(private: Ed25519PrivateKey) -> Keys:
    return Keys({key_id(private.public_key()): private.public_key()})


def test_a_token_proves_what_was_put_into_it(private: Ed25519PrivateKey, keys: Keys) -> None:
    assert verify(mint(private, CLERK, now=NOW, ttl=HOUR), keys, now=NOW + HOUR / 2) == CLERK


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        (-HOUR, True),
        (HOUR + timedelta(seconds=29), True),
        (HOUR + timedelta(seconds=31), False),
    ],
)
def test_a_token_has_its_time(private: Ed25519PrivateKey, keys: Keys, moment: timedelta, valid: object) -> None:
    token = mint(private, CLERK, now=NOW, ttl=HOUR)
    if valid:
        assert verify(token, keys, now=NOW + moment) == CLERK
    else:
        with pytest.raises(Unauthorized):
            verify(token, keys, now=NOW + moment)


CLAIMS = {
    "iss": "jianfu",
    "aud": "jianfu",
    "sub": "clerk",
    "role": "office",
    "jurisdiction": "990101",
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + HOUR).timestamp()),
}


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"aud": "another"},
        {"aud": ["jianfu", "another"]},
        {"role": "emperor"},
        {"jurisdiction": "99 or 1=1"},
        {"jurisdiction": ""},
        {"sub": ""},
        {"exp": None},
        {"exp": "never"},
        {"units": "u1"},
        {"iat": float("inf")},
    ],
)
def test_claims_that_are_not_ours_are_refused(
    private: Ed25519PrivateKey, keys: Keys, change: Mapping[str, object]
) -> None:
    kid = {"kid": key_id(private.public_key())}
    claims = {**CLAIMS, **change}
    assert verify(jwt.encode(CLAIMS, private, "EdDSA", kid), keys, now=NOW).subject == "clerk"
    with pytest.raises(Unauthorized):
        verify(jwt.encode(claims, private, "EdDSA", kid), keys, now=NOW)


def test_a_token_of_another_key_is_refused_whatever_it_says_of_itself(private: Ed25519PrivateKey, keys: Keys) -> None:
    other = Ed25519PrivateKey.generate()
    ours = key_id(private.public_key())
    raw_public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    rsa = generate_private_key(65537, 2048)
    forged = [
        mint(other, CLERK, now=NOW, ttl=HOUR),
        jwt.encode(CLAIMS, other, "EdDSA", {"kid": ours}),
        jwt.encode(CLAIMS, rsa, "RS256", {"kid": ours}),
        jwt.encode(CLAIMS, "x" * 32, "HS256", {"kid": ours}),
        jwt.encode(CLAIMS, "", "none", {"kid": ours}),
        jwt.encode(CLAIMS, private, "EdDSA"),
        _hmac_with_public_key(raw_public, ours),
    ]
    for token in forged:
        with pytest.raises(Unauthorized):
            verify(token, keys, now=NOW)


def _hmac_with_public_key(secret: bytes, kid: str) -> str:
    """Sign like an attacker who hopes that the public key is taken for a shared secret."""
    import hashlib
    import hmac

    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": kid}, CLAIMS)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(secret, text, hashlib.sha256).digest()).rstrip(b"=")
    return (text + b"." + signature).decode()


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode() + ".e30.x"))
def test_rubbish_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        verify(token, Keys({}), now=NOW)
    assert len(token) < 4 or token not in caught.value.detail


@given(place=st.integers(0, 400), bit=st.integers(0, 7))
def test_a_changed_byte_is_noticed(private: Ed25519PrivateKey, keys: Keys, place: int, bit: int) -> None:
    token = bytearray(mint(private, CLERK, now=NOW, ttl=HOUR).encode())
    place %= len(token) - 2  # the last character of a base64 text may have bits that mean nothing
    token[place] ^= 1 << bit
    with pytest.raises(Unauthorized):
        verify(token.decode("latin-1"), keys, now=NOW)


def test_keys_come_from_a_file_and_may_be_several(tmp_path: Path) -> None:
    pairs = [new_key_pair(), new_key_pair()]
    path = tmp_path / "keys.pem"
    path.write_bytes(b"\n".join(public for _, public in pairs))
    keys = Keys.load(path)
    for private, _ in pairs:
        assert verify(mint(private, CLERK, now=NOW, ttl=HOUR), keys, now=NOW) == CLERK


def test_a_file_without_a_usable_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no public key"):
        Keys.load(path)
    rsa = generate_private_key(65537, 2048).public_key()
    path.write_bytes(rsa.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ValueError, match="not Ed25519"):
        Keys.load(path)
    private, _ = new_key_pair()
    path.write_bytes(private)
    with pytest.raises(ValueError, match="no public key"):
        Keys.load(path)


@pytest.mark.parametrize(
    ("own", "asked", "may"),
    [
        ("990101", "990101", True),
        ("990101", "990101001", True),
        ("990101", "9901", False),
        ("990101", "990102", False),
        ("990101", "00", False),
        ("00", "990101", True),
    ],
)
def test_a_jurisdiction_covers_what_lies_below_it(own: str, asked: str, may: object) -> None:
    who = Principal("x", Role.OPERATOR, own)
    assert who.may_see(asked) is may
    if may:
        who.require(asked)
    else:
        with pytest.raises(Forbidden):
            who.require(asked)


@pytest.fixture
def app(keys: Keys) -> FastAPI:
    app = FastAPI()
    app.state.trust = Trust(keys)
    answer_faults(app)
    router = APIRouter(prefix="/v1")

    @router.get("/rules", dependencies=[Depends(public)])
    async def rules() -> int:
        return 1

    @router.get("/alerts")
    async def alerts(who: Annotated[Principal, Depends(allow("operator", Role.ADMIN))]) -> str:
        return who.subject

    @router.post("/alerts", dependencies=[Depends(allow("operator", "discipline"))])
    async def post(who: Annotated[Principal, Depends(allow("operator", "admin"))]) -> str:
        return who.subject

    @router.get("/forgotten")
    async def forgotten() -> int:
        return 1

    app.include_router(router)
    return app


def test_every_route_tells_its_permission_or_that_it_has_none(app: FastAPI) -> None:
    assert permissions(app) == {
        ("GET", "/openapi.json"): frozenset(),
        ("GET", "/docs"): None,
        ("GET", "/docs/oauth2-redirect"): None,
        ("GET", "/redoc"): None,
        ("GET", "/v1/rules"): frozenset(),
        ("GET", "/v1/alerts"): {Role.OPERATOR, Role.ADMIN},
        ("POST", "/v1/alerts"): {Role.OPERATOR},
        ("GET", "/v1/forgotten"): None,
    }


@pytest.mark.parametrize("role", list(Role))
async def test_only_the_declared_roles_pass(app: FastAPI, private: Ed25519PrivateKey, role: Role) -> None:
    token = mint(private, Principal("somebody", role, "99"), now=clock.now(), ttl=HOUR)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for (method, path), roles in permissions(app).items():
            if not roles:
                continue
            answer = await client.request(method, path, headers=headers)
            assert answer.status_code == (200 if role in roles else 403)
            without = await client.request(method, path)
            assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer")
            for wrong in ("Basic eDp5", "Bearer", f"Bearer {token}x", token):
                refused = await client.request(method, path, headers={"Authorization": wrong})
                assert refused.status_code == 401
                assert refused.json()["code"] == "unauthorized"
                assert token not in refused.text


def test_a_private_key_of_another_kind_signs_nothing() -> None:
    with pytest.raises(TypeError):
        mint(_rsa_pem(), CLERK, now=NOW, ttl=HOUR)


def _rsa_pem() -> bytes:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    return generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_minting_takes_the_key_as_file_content(keys: Keys) -> None:
    private, _ = new_key_pair()
    loaded = load_pem_private_key(private, None)
    assert isinstance(loaded, Ed25519PrivateKey)
    trusting = Keys({**keys.public, key_id(loaded.public_key()): loaded.public_key()})
    assert verify(mint(private, CLERK, now=NOW, ttl=HOUR), trusting, now=NOW) == CLERK
    assert issubclass(Unauthorized, Rejected)


def test_what_was_proved_once_ends_with_its_time_and_counts_for_its_keys_only(
    private: Ed25519PrivateKey, keys: Keys
) -> None:
    token = mint(private, CLERK, now=NOW, ttl=HOUR)
    assert verify(token, keys, now=NOW) == verify(token, keys, now=NOW) == CLERK
    with pytest.raises(Unauthorized):
        verify(token, keys, now=NOW + 2 * HOUR)
    with pytest.raises(Unauthorized):
        verify(token, Keys({}), now=NOW)
