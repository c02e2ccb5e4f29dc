"""Jurisdiction codes (区划代码) as prefix paths, and the five administrative levels.

A code has 2, 4, 6, 9 or 12 characters (省, 市, 县, 乡, 村), as GB/T 2260 and the statistical division code build
them; the parent is always a prefix. 新区 and 开发区 have no national code of their own, so every place after the
province may hold the letters A-Z. ``00`` is the nation and an ancestor of every other code.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

NATION: Final = "00"
"""The jurisdiction of central organs and of national lists and calendars."""

PATTERN: Final = r"^[0-9]{2}(?:[0-9A-Z]{2}(?:[0-9A-Z]{2}(?:[0-9A-Z]{3}(?:[0-9A-Z]{3})?)?)?)?$"

Jurisdiction = Annotated[str, StringConstraints(pattern=PATTERN)]
Level = Literal[0, 1, 2, 3, 4, 5]
"""中央 0, 省 1, 市 2, 县 3, 乡 4, 村 5 (domain table: 县及以下 is ``>= 3``, 县以下 is ``> 3``)."""

_LEVEL_OF_LENGTH: Final[dict[int, Level]] = {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}
_LENGTHS: Final = (2, 4, 6, 9, 12)
_CODE: Final = re.compile(PATTERN)


def is_code(text: str) -> bool:
    """Tell whether ``text`` has the form of a jurisdiction code."""
    return _CODE.fullmatch(text) is not None


def level_of(code: str) -> Level:
    """Return the level of a code; raise ``ValueError`` when it has not the form of one."""
    if not is_code(code):
        msg = "not a jurisdiction code of 2, 4, 6, 9 or 12 characters"
        raise ValueError(msg)
    return 0 if code == NATION else _LEVEL_OF_LENGTH[len(code)]


def is_within(code: str, ancestor: str) -> bool:
    """Tell whether ``code`` is ``ancestor`` or lies below it."""
    return ancestor == NATION or code.startswith(ancestor)


def path_of(code: str) -> tuple[str, ...]:
    """Return the ancestors of a code and itself, the nation first."""
    below = () if code == NATION else tuple(code[:n] for n in _LENGTHS if n <= len(code))
    return (NATION, *below)
