"""The hash chain of the journal: each entry's hash covers its predecessor's, its position and its body. Pure.

``hash = H(previous hash ‖ position as 8 bytes, big end first ‖ H(body))``; before the first entry stand 32 zero bytes.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Literal

from cryptography.hazmat.primitives.hashes import SM3, Hash

Algorithm = Literal["sha256", "sm3"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("sha256", "sm3")
GENESIS: Final = bytes(32)


def link(algorithm: Algorithm, previous: bytes, position: int, body: bytes) -> bytes:
    """Return the hash of an entry."""
    if algorithm == "sha256":  # of every fact, written, audited and restored: without a call in between
        sha256 = hashlib.sha256
        return sha256(previous + position.to_bytes(8, "big") + sha256(body).digest()).digest()
    hashed = _DIGESTS[algorithm]
    return hashed(previous + position.to_bytes(8, "big") + hashed(body))


def digest(algorithm: str, body: bytes) -> bytes:
    """Return the hash of a body alone; ``KeyError`` for an algorithm that we do not know."""
    return _DIGESTS[algorithm](body)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    state = Hash(SM3())
    state.update(data)
    return state.finalize()


_DIGESTS: Final[dict[str, Callable[[bytes], bytes]]] = {"sha256": _sha256, "sm3": _sm3}
