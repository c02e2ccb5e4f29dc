"""Rows and their columns, declared once as a named tuple whose annotations carry the Chinese titles. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

Cell = str | int | float | bool | date | datetime | None
Kind = Literal["text", "integer", "number", "boolean", "date", "datetime", "json"]

_KINDS: Final[dict[object, Kind]] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
    date: "date",
    datetime: "datetime",
}
_MOST: Final = 2**63
_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""Years between which every zone's moments and every day have a place in the database and in Python."""
_BEYOND: Final = "a day outside of the years 2 to 9998"


class Row(NamedTuple):
    """What a ledger says of one entity; ``cells`` are its columns in their order."""

    jurisdiction: str
    unit: str
    happened_on: date
    family: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column as users see it."""

    name: str
    title: str
    kind: Kind
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Title:
    """The Chinese title of a column; ``searched`` columns are looked through by the query ``q``."""

    text: str
    searched: bool = False
    json: bool = False


def columns_of(shape: type[tuple[object, ...]]) -> tuple[Column, ...]:
    """Return the columns of a named tuple of ``Annotated[type, Title(...)]``; ``TypeError`` names a bad one."""
    return tuple(_column(name, hint) for name, hint in get_type_hints(shape, include_extras=True).items())


def _column(name: str, hint: object) -> Column:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name}: expected Annotated[type, Title(...)]")
    plain, title = get_args(hint)
    choices = [one for one in get_args(plain) if one is not NoneType] if get_args(plain) else [plain]
    kind = _KINDS.get(choices[0]) if len(choices) == 1 else None
    if kind is None or not isinstance(title, Title):
        raise TypeError(f"{name}: expected one of {', '.join(map(str, _KINDS))} and a Title")
    return Column(name, title.text, "json" if title.json else kind, title.searched)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which cells of a row may lie beyond what the database holds, by their place."""

    integers: tuple[int, ...]
    days: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[Column]) -> "Bounds":
        """Return the bounds of a ledger's columns."""
        kinds = [column.kind for column in columns]
        days = tuple(place for place, kind in enumerate(kinds) if kind in ("date", "datetime"))
        return cls(tuple(place for place, kind in enumerate(kinds) if kind == "integer"), days)

    def check(self, row: Row) -> Row:
        """Return the row; raise ``OverflowError`` for a whole number or a day that has no place in the database."""
        cells: tuple[Any, ...] = row.cells
        for place in self.integers:
            number = cells[place]
            if number is not None and not -_MOST <= number < _MOST:
                raise OverflowError("a whole number beyond 64 bits")
        for place in self.days:
            day = cells[place]
            if day is not None and not in_range(day):
                raise OverflowError(_BEYOND)
        if not in_range(row.happened_on):
            raise OverflowError(_BEYOND)
        return row


def plain_text(text: str) -> str:
    """Return a text without the one character that PostgreSQL cannot store."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def in_range(moment: date) -> bool:
    """Tell whether a day or moment can be stored and moved to any zone."""
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR
