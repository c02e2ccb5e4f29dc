"""Tokens of a given OpenID Connect issuer: its keys fetched over HTTP, its claims mapped to what a caller is here.

Fails closed. What is wrong with a token is 401; a caller without a role or jurisdiction here is 403; only where the issuer
cannot be asked for a key that nobody has seen is it 503, because then nobody can tell.
"""

import asyncio
import re
import ssl
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import httpx
import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.jurisdiction import is_code
from kit.errors import Forbidden, Unauthorized, Unavailable
from kit.tokens import LEEWAY, MAX_TOKEN, Principal, Role

Algorithm = Literal["RS256", "ES256", "EdDSA"]

FRESH: Final = timedelta(hours=1)
"""After this the keys are fetched anew, so that one that was withdrawn ends."""
STALE: Final = timedelta(hours=12)
"""So long the keys that are known serve while the issuer cannot be reached."""
PAUSE: Final = timedelta(seconds=15)
"""Between two tries to fetch: nobody makes us flood the issuer with invented keys."""
_PATIENCE: Final = 5.0
_MOST_BYTES: Final = 512 * 1024
_MOST_KEYS: Final = 64
_LEAST_RSA: Final = 2048
_LOCAL: Final = re.compile(r"^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")
_UNKNOWN: Final = "访问凭证无法识别"

_log = structlog.stdlib.get_logger("kit.oidc")

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Claims(BaseModel):
    """Which claim says what; a dot leads into an object, as in ``realm_access.roles``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Name = "role"
    jurisdiction: Name = "jurisdiction"
    units: Name = "units"
    sources: Name = "sources"


class OidcConfig(BaseModel):
    """The issuer, as a TOML file names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issuer: Name
    audience: Name
    jwks_url: Name
    algorithms: Annotated[frozenset[Algorithm], Field(min_length=1)] = frozenset({"RS256", "ES256", "EdDSA"})
    ca_file: Path | None = None
    """Whom to trust for the issuer's certificate; None: the authorities of the system."""
    claims: Claims = Claims()
    roles: Mapping[Name, Role]
    """What the issuer calls a role -> ours; a value that is not here is no role."""

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if not self.jwks_url.startswith("https://") and not _LOCAL.match(self.jwks_url):
            raise ValueError(
                "jwks_url: expected https (http only on this machine): whoever changes the keys is anybody"
            )
        return self

    @classmethod
    def load(cls, path: Path) -> "OidcConfig":
        """Read a TOML file; raise ``ValueError`` that names what is wrong."""
        return cls.model_validate(tomllib.loads(path.read_text("utf-8")))


class Issuer:
    """Checks tokens of one issuer; its keys are kept and fetched anew as they change."""

    def __init__(self, config: OidcConfig) -> None:
        """Plan it; nothing is fetched before the first token."""
        self.name = config.issuer
        self.config = config
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None
        self._one = asyncio.Lock()
        self._tls = ssl.create_default_context(cafile=config.ca_file)

    async def verify(self, token: str, *, now: datetime) -> Principal:
        """Return whom a token proves; raise ``Unauthorized``, ``Forbidden`` or ``Unavailable``."""
        key = await self._key(_header(token), now)
        # the times are checked below, against the clock that we are given
        unchecked: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["exp", "sub"]}
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self.config.audience,
                issuer=self.config.issuer,
                options=unchecked,
            )
            begin, end = float(claims.get("nbf", 0)), float(claims["exp"])
        except (jwt.PyJWTError, TypeError, ValueError):
            raise Unauthorized(_UNKNOWN) from None
        margin = LEEWAY.total_seconds()
        if now.timestamp() > end + margin:
            raise Unauthorized("访问凭证已过期，请重新登录", code="token_expired")
        if now.timestamp() < begin - margin:
            raise Unauthorized("访问凭证尚未生效")
        return self._principal(claims)

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        names = self.config.claims
        roles = {self.config.roles[name] for name in _texts(claims, names.role) if name in self.config.roles}
        places = _texts(claims, names.jurisdiction)
        if len(roles) != 1:
            raise Forbidden("此账号在本系统中没有角色，或有多个角色")
        if len(places) != 1 or not is_code(next(iter(places))):
            raise Forbidden("此账号没有对应的区划")
        [role], [place] = roles, places
        subject = f"oidc:{claims['sub']}"[:128]  # never that of a token of our own
        return Principal(subject, role, place, _texts(claims, names.units), _texts(claims, names.sources))

    async def _key(self, header: Mapping[str, Any], now: datetime) -> jwt.PyJWK:
        name, algorithm = str(header.get("kid", "")), header.get("alg")
        if algorithm not in self.config.algorithms:
            raise Unauthorized(_UNKNOWN)
        if name not in self._keys or self._older_than(FRESH, now):
            await self._refresh(name, now)
        key = self._keys.get(name)
        if key is None:
            raise Unauthorized("访问凭证不是由本系统信任的密钥签发")
        if key.algorithm_name != algorithm:
            raise Unauthorized(_UNKNOWN)
        return key

    async def _refresh(self, wanted: str, now: datetime) -> None:
        """Fetch the keys, one caller at a time; where that fails keep those that are known for a while."""
        async with self._one:
            if wanted in self._keys and not self._older_than(FRESH, now):
                return  # somebody else was faster
            if self._tried is None or abs(now - self._tried) >= PAUSE:
                self._tried = now
                try:
                    self._keys = _usable(await self._fetch(), self.config.algorithms)
                except (httpx.HTTPError, ValueError, msgspec.MsgspecError) as error:
                    _log.warning("oidc.unreachable", error=type(error).__name__)
                else:
                    self._fetched = now
            reached = self._fetched is not None and self._fetched == self._tried
            if not reached and (wanted not in self._keys or self._older_than(STALE, now)):
                raise Unavailable("暂时无法向身份签发方核对访问凭证，请稍后再试")

    async def _fetch(self) -> list[dict[str, Any]]:
        async with (
            httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, follow_redirects=False, verify=self._tls) as client,
            client.stream("GET", self.config.jwks_url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise ValueError("expected 200 from the issuer")
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("expected fewer bytes of keys")
        return msgspec.json.decode(body, type=_KeySet).keys[:_MOST_KEYS]

    def _older_than(self, age: timedelta, now: datetime) -> bool:
        return self._fetched is None or abs(now - self._fetched) > age


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


def _usable(found: list[dict[str, Any]], allowed: frozenset[Algorithm]) -> dict[str, jwt.PyJWK]:
    """Return the keys for signatures that are of a kind and strength that is allowed; the others are as if not there."""
    keys: dict[str, jwt.PyJWK] = {}
    for one in found:
        if one.get("use", "sig") != "sig" or not isinstance(one.get("kid"), str):
            continue
        try:
            algorithm = _algorithm_of(jwt.PyJWK.from_dict(one).key)
            if algorithm in allowed and one.get("alg", algorithm) == algorithm:
                keys[one["kid"]] = jwt.PyJWK.from_dict(one, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    return keys


def _algorithm_of(key: object) -> str | None:
    """Return the one algorithm that a key is for: the token has no say in it."""
    if isinstance(key, RSAPublicKey):
        return "RS256" if key.key_size >= _LEAST_RSA else None
    if isinstance(key, EllipticCurvePublicKey):
        return "ES256" if isinstance(key.curve, SECP256R1) else None
    return "EdDSA" if isinstance(key, Ed25519PublicKey) else None


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > MAX_TOKEN:
        raise Unauthorized(_UNKNOWN)
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Unauthorized(_UNKNOWN) from None


def _texts(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Return the texts under a path: one, or a list of them; what is of another kind is none."""
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(one for one in found if isinstance(one, str) and one and "\n" not in one)
