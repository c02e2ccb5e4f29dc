"""The only maker of ids and secrets; everything else takes them as arguments."""

import base64
import secrets
import time
from typing import Final

_RANDOM_BYTES: Final = 10
_MILLISECONDS_PER_NANOSECOND: Final = 1_000_000


def new_id() -> str:
    """Return 26 lower-case letters and digits, unique, and ordered by the millisecond of their making.

    48 bits of Unix milliseconds and 80 random bits in base32hex, whose alphabet sorts like its values.
    """
    milliseconds = time.time_ns() // _MILLISECONDS_PER_NANOSECOND
    raw = milliseconds.to_bytes(6, "big") + secrets.token_bytes(_RANDOM_BYTES)
    return base64.b32hexencode(raw)[:26].decode().lower()


def token() -> str:
    """Return a secret of 256 random bits that may stand in a URL."""
    return secrets.token_urlsafe(32)
