"""The hash chain of the journal: each entry's hash covers its predecessor's, its position and its body. Pure.

``hash = H(previous hash ‖ position as 8 bytes, big end first ‖ H(body))``; before the first entry stand 32 zero bytes.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple

from cryptography.hazmat.primitives.hashes import SM3, Hash

Algorithm = Literal["sha256", "sm3"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("sha256", "sm3")
GENESIS: Final = bytes(32)


class Link(NamedTuple):
    """What the chain says of one entry."""

    position: int
    body: bytes
    algorithm: str
    prev_hash: bytes
    hash: bytes


def link(algorithm: Algorithm, previous: bytes, position: int, body: bytes) -> bytes:
    """Return the hash of an entry."""
    hashed = _DIGESTS[algorithm]
    return hashed(previous + position.to_bytes(8, "big") + hashed(body))


def digest(algorithm: str, body: bytes) -> bytes:
    """Return the hash of a body alone; ``KeyError`` for an algorithm that we do not know."""
    return _DIGESTS[algorithm](body)


def first_broken(links: Iterable[Link], *, previous: bytes = GENESIS, position: int = 0) -> int | None:
    """Return the position of the first entry that does not follow from its predecessor and its body; ``None``: all do.

    ``previous`` and ``position`` are those of the entry before the first.
    """
    for entry in links:
        position += 1
        if entry.position != position or entry.prev_hash != previous or entry.algorithm not in _DIGESTS:
            return position
        previous = _of(entry)
        if entry.hash != previous:
            return position
    return None


def _of(entry: Link) -> bytes:
    return link("sm3" if entry.algorithm == "sm3" else "sha256", entry.prev_hash, entry.position, entry.body)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    state = Hash(SM3())
    state.update(data)
    return state.finalize()


_DIGESTS: Final[dict[str, Callable[[bytes], bytes]]] = {"sha256": _sha256, "sm3": _sm3}
