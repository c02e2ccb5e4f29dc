"""Who calls: Ed25519 tokens with a role, a jurisdiction, and for adapters and offices their sources and units."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from contracts.jurisdiction import Jurisdiction, is_within
from kit.errors import Forbidden, Unauthorized
from kit.ids import new_id

ISSUER: Final = "jianfu"
AUDIENCE: Final = "jianfu"
LEEWAY: Final = timedelta(seconds=30)
"""How far the clocks of the machines may differ."""
_ALGORITHM: Final = "EdDSA"
MAX_TOKEN: Final = 8192
"""Characters; a longer one is not looked at."""
_PEM: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class Role(StrEnum):
    """What a caller is."""

    ADAPTER = "adapter"
    OFFICE = "office"
    OPERATOR = "operator"
    DISCIPLINE = "discipline"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whom a token proved."""

    subject: str
    role: Role
    jurisdiction: str
    units: frozenset[str] = frozenset()
    """The units that this caller may act for; empty means none in particular."""
    sources: frozenset[str] = frozenset()
    """The CloudEvents sources that this caller may speak for; empty means none in particular."""

    def may_see(self, jurisdiction: str) -> bool:
        """Tell whether ``jurisdiction`` lies within the principal's own."""
        return is_within(jurisdiction, self.jurisdiction)

    def require(self, jurisdiction: str) -> None:
        """Raise ``Forbidden`` unless ``jurisdiction`` lies within the principal's own."""
        if not self.may_see(jurisdiction):
            raise Forbidden("所请求的区划不在您的管辖范围内", field="jurisdiction")


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The public keys that tokens are checked with, by key id; several while keys are being changed."""

    public: Mapping[str, Ed25519PublicKey]
    issuer: str = ISSUER

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Read every public key of a PEM file; raise ``ValueError`` when it has none or one that is not Ed25519."""
        found: dict[str, Ed25519PublicKey] = {}
        for pem in _PEM.findall(path.read_bytes()):
            key = load_pem_public_key(pem)
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError(f"{path.name}: a key that is not Ed25519")  # noqa: TRY004  the file is wrong, not a type
            found[key_id(key)] = key
        if not found:
            raise ValueError(f"{path.name}: no public key in PEM form")
        return cls(found)


def new_key_pair() -> tuple[bytes, bytes]:
    """Return a new private and public key as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a public key: 16 characters of its SHA-256."""
    digest = hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()
    return base64.urlsafe_b64encode(digest)[:16].decode()


class _Claims(BaseModel):
    """What our tokens say; numbers of seconds since 1970 for the times."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
    iss: str
    aud: str
    sub: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    role: Role
    jurisdiction: Jurisdiction
    units: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    iat: int
    exp: int


def mint(key: Ed25519PrivateKey | bytes, principal: Principal, *, now: datetime, ttl: timedelta) -> str:
    """Return a token for ``principal`` signed with a private key (object or PEM), valid from ``now`` for ``ttl``."""
    if isinstance(key, bytes):
        loaded = load_pem_private_key(key, password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise TypeError("tokens are signed with Ed25519 only")
        key = loaded
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.subject,
        "role": principal.role.value,
        "jurisdiction": principal.jurisdiction,
        "units": sorted(principal.units),
        "sources": sorted(principal.sources),
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        "jti": new_id(),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": key_id(key.public_key())})


def verify(token: str, keys: Keys, *, now: datetime) -> Principal:
    """Return whom a token proves; raise ``Unauthorized`` that tells the kind of fault and nothing of the token."""
    if len(token) > MAX_TOKEN:
        raise Unauthorized("访问凭证无法识别")
    claims = _proved(token, keys)
    moment = now.timestamp()
    if moment > claims.exp + LEEWAY.total_seconds():
        raise Unauthorized("访问凭证已过期，请重新登录", code="token_expired")
    # issued in the future is no fault: our own signature says that it was issued, so a clock has been set back
    return Principal(claims.sub, claims.role, claims.jurisdiction, claims.units, claims.sources)


@lru_cache(maxsize=1024)  # 0.4 ms for each request of the same caller; only what is proved is kept, times are not
def _proved(token: str, keys: Keys) -> _Claims:
    """Return what a token says, its signature, issuer and audience checked; these never change for one set of keys."""
    try:
        key = keys.public.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise Unauthorized("访问凭证不是由本系统信任的密钥签发")
        # the times are checked above, against the clock that we are given
        unchecked: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        claims = _Claims.model_validate(jwt.decode(token, key, algorithms=[_ALGORITHM], options=unchecked))
    except (jwt.PyJWTError, ValidationError, ValueError):
        raise Unauthorized("访问凭证无法识别") from None
    if claims.iss != keys.issuer or claims.aud != AUDIENCE:
        raise Unauthorized("访问凭证不是为本系统签发")
    return claims
