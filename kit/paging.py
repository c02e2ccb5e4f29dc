"""Keyset pages: opaque cursors, and the one shape of a list answer."""

import base64
import binascii
from datetime import datetime
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from kit.errors import Rejected

T = TypeVar("T")
K = TypeVar("K")

_MAX_CURSOR: Final = 1024


_BIGGEST: Final = 2**63
_YEARS: Final = range(2, 9999)
"""Years whose every moment is one in each zone."""


class Current(BaseModel):
    """Up to where the answer is current: the position in the stream and the moment when that message was stored."""

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
        self._shape: TypeAdapter[K] = TypeAdapter(shape)

    def encode(self, key: K) -> str:
        """Return the cursor that continues after ``key``: URL-safe, and no secret."""
        return base64.urlsafe_b64encode(self._shape.dump_json(key)).rstrip(b"=").decode()

    def decode(self, cursor: str) -> K:
        """Return the key; raise ``Rejected`` (bad_cursor, field ``after``) when it is none of this list's."""
        try:
            padded = cursor[:_MAX_CURSOR].encode("ascii") + b"=" * (-len(cursor) % 4)
            key = self._shape.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True), strict=True)
        except (ValueError, binascii.Error, ValidationError):
            raise _foreign() from None
        if not all(_is_storable(part) for part in (key if isinstance(key, tuple) else (key,))):
            raise _foreign()
        return key


def _foreign() -> Rejected:
    return Rejected("翻页标记 after 不是本列表给出的，请从第一页重新查询", code="bad_cursor", field="after")


def _is_storable(value: object) -> bool:
    """Tell whether a database can compare with a part of a key."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, datetime):
        return value.tzinfo is not None and value.year in _YEARS
    return not isinstance(value, int) or -_BIGGEST <= value < _BIGGEST
