"""How many columns of a terminal a text takes: wide characters take two. Pure."""

import unicodedata
from typing import Final

_WIDE: Final = frozenset("WF")


def width(text: str) -> int:
    """Return how many columns a terminal shows a text in."""
    return sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)


def padding(text: str, wide: int) -> str:
    """Return the blanks that fill a text up to a width."""
    return " " * (wide - width(text))
