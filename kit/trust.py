"""Whom a service believes: tokens of this system's own keys, and of a given issuer where one is configured."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

import jwt

from kit.tokens import MAX_TOKEN, Keys, Principal, verify


class Authority(Protocol):
    """Somebody else who proves callers."""

    name: str
    """The ``iss`` of its tokens."""

    async def verify(self, token: str, *, now: datetime) -> Principal:
        """Return whom a token proves; raise ``Rejected``."""
        ...


class Trust:
    """Our own keys, and one issuer beside."""

    def __init__(self, keys: Keys, issuer: Authority | None = None) -> None:
        """Believe both; an issuer never speaks in our own name."""
        self.keys = keys
        self._issuer = issuer if issuer is not None and issuer.name != keys.issuer else None

    @classmethod
    def load(cls, public_key_file: Path, oidc_file: Path | None) -> "Trust":
        """Read both files; raise ``ValueError`` that names what is wrong with one."""
        keys = Keys.load(public_key_file)
        if oidc_file is None:
            return cls(keys)
        from kit.oidc import Issuer, OidcConfig  # noqa: PLC0415  its HTTP client takes a tenth of a second to load

        return cls(keys, Issuer(OidcConfig.load(oidc_file)))

    async def principal(self, token: str, *, now: datetime) -> Principal:
        """Return whom a token proves; what it says of its issuer only chooses who checks it."""
        if self._issuer is not None and _issuer_of(token) == self._issuer.name:
            return await self._issuer.verify(token, now=now)
        return verify(token, self.keys, now=now)


def _issuer_of(token: str) -> object:
    if len(token) > MAX_TOKEN:
        return None
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError):
        return None
