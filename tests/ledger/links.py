"""The chain of a journal checked by hand, apart from the audit that the product has."""

from collections.abc import Iterable
from typing import NamedTuple

from services.ledger.chain import ALGORITHMS, GENESIS, link


class Link(NamedTuple):
    """What the chain says of one entry."""

    position: int
    body: bytes
    algorithm: str
    prev_hash: bytes
    hash: bytes


def first_broken(links: Iterable[Link], *, previous: bytes = GENESIS, position: int = 0) -> int | None:
    """Return the position of the first entry that does not follow from its predecessor and its body; ``None``: all do."""
    for entry in links:
        position += 1
        if entry.position != position or entry.prev_hash != previous or entry.algorithm not in ALGORITHMS:
            return position
        previous = link("sm3" if entry.algorithm == "sm3" else "sha256", entry.prev_hash, entry.position, entry.body)
        if entry.hash != previous:
            return position
    return None
