"""Keyset pages: opaque cursors, and the one shape of a list answer."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")
K = TypeVar("K")


class Current(BaseModel):
    """Up to where the answer is current: the position in the stream and the moment that message was stored."""

    model_config = ConfigDict(frozen=True)
    position: int
    time: datetime | None


class Page(BaseModel, Generic[T]):
    """One page; ask again with ``after`` set to ``next`` until it is null."""

    model_config = ConfigDict(frozen=True)
    items: list[T]
    next: str | None
    current: Current


class Keyset(Generic[K]):
    """The sort key of one list as an opaque cursor: ``ACTS = Keyset(tuple[date, str])``."""

    def __init__(self, shape: type[K]) -> None:
        """Take the type of the key: a tuple of str, int, date, datetime or bool, or None among them."""

    def encode(self, key: K) -> str:
        """Return the cursor that continues after ``key``."""
        raise NotImplementedError

    def decode(self, cursor: str) -> K:
        """Return the key; raise ``Rejected`` (bad_cursor, field ``after``) when it is none of ours."""
        raise NotImplementedError
