"""Who calls and what they may do: Ed25519 tokens, roles, jurisdictions, and a declared permission on every route."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fastapi import FastAPI, Request

ISSUER: Final = "jianfu"


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
    sources: frozenset[str] = frozenset()

    def may_see(self, jurisdiction: str) -> bool:
        """Tell whether ``jurisdiction`` lies within the principal's own."""
        raise NotImplementedError

    def require(self, jurisdiction: str) -> None:
        """Raise ``Forbidden`` unless ``jurisdiction`` lies within the principal's own."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Keys:
    """The public keys that tokens are checked with, by key id."""

    public: Mapping[str, Ed25519PublicKey]
    issuer: str = ISSUER

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Read every public key of a PEM file; raise ``ValueError`` when it has none or one is not Ed25519."""
        raise NotImplementedError


def new_key_pair() -> tuple[bytes, bytes]:
    """Return a new private and public key as PEM."""
    raise NotImplementedError


def mint(key: Ed25519PrivateKey | bytes, principal: Principal, *, now: datetime, ttl: timedelta) -> str:
    """Return a token for ``principal`` signed with a private key (object or PEM), valid from ``now`` for ``ttl``."""
    raise NotImplementedError


def verify(token: str, keys: Keys, *, now: datetime) -> Principal:
    """Return whom a token proves; raise ``Unauthorized`` without saying more than the kind of fault."""
    raise NotImplementedError


class Allow:
    """A FastAPI dependency that lets the named roles pass and records them on the route."""

    def __init__(self, roles: frozenset[Role]) -> None:
        """Use ``allow``."""
        self.roles = roles

    async def __call__(self, request: Request) -> Principal:
        """Return the caller; raise ``Unauthorized`` or ``Forbidden``."""
        raise NotImplementedError


def allow(*roles: Role | str) -> Allow:
    """Return the dependency: ``who: Annotated[Principal, Depends(allow("operator", "admin"))]``."""
    return Allow(frozenset(Role(role) for role in roles))


async def public() -> None:
    """Declare that anybody may call a route: ``dependencies=[Depends(public)]``."""


def permissions(app: FastAPI) -> dict[tuple[str, str], frozenset[Role] | None]:
    """Return (method, path) -> roles of every route; an empty set is public, None is a route that forgot to declare."""
    raise NotImplementedError
