"""Rows and their columns, declared once as a named tuple whose annotations carry the Chinese titles. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Annotated, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

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


def storable(row: Row) -> Row:
    """Return the row without what PostgreSQL cannot hold; ``OverflowError`` for a number or day beyond its range."""
    _day(row.happened_on)
    return row._replace(cells=tuple([None if cell is None else _CHECKS[cell.__class__](cell) for cell in row.cells]))


def plain_text(text: str) -> str:
    """Return a text without the one character that PostgreSQL cannot store."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def in_range(moment: date) -> bool:
    """Tell whether a day or moment can be stored and moved to any zone."""
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR


def _number(number: int) -> int:
    if not -_MOST <= number < _MOST:
        raise OverflowError("a whole number beyond 64 bits")
    return number


def _day(day: date) -> date:
    if not in_range(day):
        raise OverflowError("a day outside of the years 2 to 9998")
    return day


def _same(cell: Cell) -> Cell:
    return cell


_CHECKS: Final[dict[type, Callable[..., Cell]]] = {
    str: plain_text,
    bool: _same,
    int: _number,
    float: _same,
    date: _day,
    datetime: _day,
}
