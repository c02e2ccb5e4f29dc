"""Finding the header of a sheet below its title rows, in one row or two. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.imports.templates import Column, Template
from services.intake.imports.values import text
from services.intake.imports.workbook import Cell, Sheet

_DEEPEST: Final = 25
"""Rows in which the header must begin."""
_FEWEST: Final = 2
"""Columns that must be known, or a title row with the word 会议 would be a header."""


_LONGEST: Final = 200
"""Characters of a header."""
_LARGE: Final = "万元"
_UNIT: Final = re.compile(r"单位\s*[:：]\s*(?:人民币)?万元")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a sheet's data begins and which column holds what, by the column's number from 0."""

    first_row: int
    columns: Mapping[int, Column]
    headers: Mapping[int, str]
    """The header of every column that has one, as typed; of two rows the part that names the column."""
    in_ten_thousands: frozenset[int]
    """Columns whose amounts are in 万元."""


def find(sheet: Sheet, template: Template) -> Found | None:
    """Return the header that knows the most columns, of equals the upper; None when the sheet is no such ledger."""
    rows = _filled(sheet)
    best: Found | None = None
    for top in range(min(len(rows), _DEEPEST)):
        for depth in (1, 2):
            found = _read(rows, top, depth, template)
            if found is not None and (best is None or len(found.columns) > len(best.columns)):
                best = found
    return best


def repeats(row: Sequence[Cell], found: Found) -> bool:
    """Tell whether a row is the header once more, as on each printed page."""
    same = [number for number in found.columns if number < len(row) and text(row[number]) == found.headers[number]]
    return len(same) >= _FEWEST


def _read(rows: Sequence[Sequence[Cell]], top: int, depth: int, template: Template) -> Found | None:
    lines = rows[top : top + depth]
    everywhere = any(_UNIT.search(cell) for row in rows[: top + depth] for cell in row if isinstance(cell, str))
    columns: dict[int, Column] = {}
    headers: dict[int, str] = {}
    large: set[int] = set()
    above = ""
    for number in range(len(lines[0])):
        labels = [_label(line[number]) for line in lines]
        above = labels[0] or (above if labels[-1] else "")  # a title of several columns that stands in the first only
        labels[0] = above
        if not any(labels):
            continue
        column, headers[number] = _known(labels, template)
        if column is not None and column not in columns.values():
            columns[number] = column
        if everywhere or any(_LARGE in label for label in labels):
            large.add(number)
    known = len(columns) >= _FEWEST and {column.field for column in columns.values()}.issuperset(template.anchors)
    return Found(top + depth, columns, headers, frozenset(large)) if known else None


def _label(cell: Cell) -> str:
    """Return what a cell of a header says; a long text is none."""
    return (text(cell) or "") if not isinstance(cell, str) or len(cell) <= _LONGEST else ""


def _known(labels: Sequence[str], template: Template) -> tuple[Column | None, str]:
    """Return what the labels of one column name, and by which words: both together, the lower, or the upper one."""
    distinct = list(dict.fromkeys(label for label in labels if label))
    for name in ("".join(distinct), *reversed(distinct)):
        if (column := template.column(name)) is not None:
            return column, name
    return None, distinct[-1]


def _filled(sheet: Sheet) -> list[list[Cell]]:
    """Return the first rows with merged ranges filled: a title above several columns stands above each."""
    rows = [list(row) for row in sheet.rows[: _DEEPEST + 1]]
    for top, left, bottom, right in sheet.merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            for number in range(left, min(right + 1, len(row))):
                row[number] = value
    return rows
