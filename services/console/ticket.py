"""One-time login tickets: a short-lived signed JWT that carries the user's API token into the browser's session."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.types import Options
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from kit.auth import ISSUER, Keys, key_id
from kit.errors import Unauthorized
from kit.ids import new_id

AUDIENCE: Final = "jianfu-console-login"
"""Another audience than that of API tokens: neither passes for the other."""
TICKET_LIFE: Final = timedelta(minutes=30)
_ALGORITHM: Final = "EdDSA"


class _Claims(BaseModel):
    """What a ticket says."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    iss: str
    aud: str
    iat: AwareDatetime
    exp: AwareDatetime
    jti: Annotated[str, StringConstraints(min_length=16, max_length=64)]
    tok: Annotated[str, StringConstraints(min_length=1)]


def mint_ticket(private_key: bytes, token: str, *, now: datetime, life: timedelta = TICKET_LIFE) -> str:
    """Return a ticket for one login with ``token``, an API token, signed with a private key in PEM form.

    The command line prints ``<console>/login?ticket=<ticket>``.
    """
    key = load_pem_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        msg = "tickets are signed with Ed25519 only"
        raise TypeError(msg)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "jti": new_id(),
        "tok": token,
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": key_id(key.public_key())})


class Tickets:
    """Redeems each ticket once.

    What was redeemed is kept in memory until it expires. A ticket minted before this process started is refused, so
    that a restart cannot make an old link work again.
    """

    def __init__(self, keys: Keys, *, now: Callable[[], datetime]) -> None:
        """Check tickets with the public keys that also prove API tokens."""
        self._keys = keys
        self._now = now
        self._started = now().replace(microsecond=0)
        self._spent: dict[str, datetime] = {}

    def redeem(self, ticket: str) -> str:
        """Return the API token of a ticket and spend it; raise ``Unauthorized`` saying what is wrong with it."""
        claims, now = self._check(ticket), self._now()
        if claims.iat < self._started:
            raise Unauthorized("登录链接已失效：它是在控制台本次启动之前生成的。", code="ticket_old")
        self._spent = {spent: until for spent, until in self._spent.items() if until > now}
        if claims.jti in self._spent:
            raise Unauthorized("登录链接已经使用过，每个链接只能使用一次。", code="ticket_spent")
        self._spent[claims.jti] = claims.exp
        return claims.tok

    def _check(self, ticket: str) -> _Claims:
        try:
            key = self._keys.public[str(jwt.get_unverified_header(ticket).get("kid"))]
            # the times are checked below, against the clock that we are given
            unchecked: Options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
            claims = _Claims.model_validate(jwt.decode(ticket, key, algorithms=[_ALGORITHM], options=unchecked))
        except (KeyError, ValueError, jwt.PyJWTError):
            raise Unauthorized("登录链接无效。", code="ticket_invalid") from None
        if claims.iss != self._keys.issuer or claims.aud != AUDIENCE:
            raise Unauthorized("登录链接无效。", code="ticket_invalid")
        if claims.exp <= self._now():
            raise Unauthorized("登录链接已过期。", code="ticket_expired")
        return claims
