"""A ledger file's bytes to its cells, in a process of its own.

Files come from anywhere, and the parsers are not ours: here a bomb or a crash ends only a child without memory, time or
files to waste. The parent runs this file by its path, so it loads nothing of the project.
"""

import csv
import io
import math
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

import msgspec
import python_calamine as calamine

MOST_MEMORY: Final = 1024**3
MOST_CPU: Final = 30
MOST_UNPACKED: Final = 300 * 1024**2
MOST_RATIO: Final = 250
"""Real workbooks pack 5 to 30 times."""
MOST_PARTS: Final = 2000
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 256
MOST_CELLS: Final = 1_000_000
MOST_TEXT: Final = 20_000_000
"""Characters of all cells: a text that is stored once may stand in every cell."""
_WIDEST: Final = 64 * MOST_COLUMNS
"""Cells of one line before what is empty to the right is cut: as many as a table program has columns."""
_MOST_LINES: Final = 10 * MOST_ROWS
"""Lines of a text file, with the empty ones."""

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WEB: Final = (b"<html", b"<!doctype html", b"<table", b"<?xml")

Fault = Literal["password", "bomb", "too_many", "too_much", "web", "encoding", "empty", "unreadable"]


Kind = Literal["date", "datetime", "time"]


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """A date or time as the file types it, in ISO 8601."""

    kind: Kind
    iso: str


Cell = str | float | bool | Moment | None
"""An empty cell is None, also where it holds white space."""


class Sheet(msgspec.Struct, frozen=True):
    """One sheet: rows from the first of the file on, and merged ranges as (row, column, last row, last column)."""

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]] = []


class Workbook(msgspec.Struct, frozen=True):
    """The sheets of a file, or why it cannot be read."""

    sheets: list[Sheet] = []
    fault: Fault | None = None
    formulas_without_value: int = 0
    hidden_sheets: int = 0


class _Refused(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def read(content: bytes) -> Workbook:
    """Read a file by what it is, whatever its name says."""
    try:
        return _read(content)
    except _Refused as refused:
        return Workbook(fault=refused.fault)
    except calamine.PasswordError:
        return Workbook(fault="password")
    except MemoryError:
        return Workbook(fault="too_much")
    except BaseException as error:
        # whatever foreign parsers raise, the file is one that cannot be read; a panic of theirs is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return Workbook(fault="unreadable")


def _read(content: bytes) -> Workbook:
    if content.startswith(_ZIP):
        missing = _check_zip(content)
        sheets, hidden = _sheets(content)
        return Workbook(_within_limits(sheets), formulas_without_value=missing, hidden_sheets=hidden)
    if content.startswith(_OLE):
        _check_ole(content)
        sheets, hidden = _sheets(content)
        return Workbook(_within_limits(sheets), hidden_sheets=hidden)
    return Workbook(_within_limits([_table(content)]))


def _check_zip(content: bytes) -> int:
    """Refuse a bomb by what the archive says of itself; return how many formulas have no saved value."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(len(content), 1024):
            raise _Refused("bomb")
        if any(part.flag_bits & 1 for part in parts):
            raise _Refused("password")
        sheets = [
            part for part in parts if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
        ]
        return sum(_formulas_without_value(archive.read(part)) for part in sheets)


def _check_ole(content: bytes) -> None:
    if _ENCRYPTED in content:
        raise _Refused("password")


def _formulas_without_value(xml: bytes) -> int:
    return sum(xml.count(b"</f>" + empty) for empty in (b"</c>", b"<v></v>", b"<v/>", b"<v />"))


def _sheets(content: bytes) -> tuple[list[Sheet], int]:
    """Return the visible sheets and how many are hidden: those hold drafts and lists to choose from."""
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        tables = [meta for meta in book.sheets_metadata if meta.typ == calamine.SheetTypeEnum.WorkSheet]
        visible = [meta.name for meta in tables if meta.visible == calamine.SheetVisibleEnum.Visible]
        return [_sheet(book.get_sheet_by_name(name)) for name in visible], len(tables) - len(visible)


def _sheet(sheet: calamine.CalamineSheet) -> Sheet:
    if sheet.total_height > MOST_ROWS * 60 or sheet.total_width > _WIDEST:
        raise _Refused("too_many")
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = [(top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or []]
    return Sheet(sheet.name, _trimmed(rows), merged)


def _cell(value: object) -> Cell:
    if isinstance(value, str | timedelta):
        return str(value).strip() or None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, date | time):
        kind: Kind = "time" if isinstance(value, time) else "datetime" if isinstance(value, datetime) else "date"
        return Moment(kind, value.isoformat())
    return None


def _table(content: bytes) -> Sheet:
    """Read text with separators: UTF-8, UTF-16 with its mark, or GB 18030 (which includes GBK)."""
    if content.lstrip()[:64].lower().startswith(_WEB):
        raise _Refused("web")
    text = _decoded(content)
    head = text[:20_000]
    separator = max((",", "\t", ";"), key=head.count)
    rows: list[list[Cell]] = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if len(rows) >= _MOST_LINES or len(row) > _WIDEST:
            raise _Refused("too_many")
        rows.append([cell.strip() or None for cell in row])
    return Sheet("", _trimmed(rows))


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            try:
                text = content.decode("gb18030")
            except UnicodeDecodeError:
                raise _Refused("encoding") from None
    if "\x00" in text:
        raise _Refused("encoding")
    return text


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Cut what is empty to the right and below, and make all rows equally long."""
    width = max((column + 1 for row in rows for column, cell in enumerate(row) if cell is not None), default=0)
    last = max((number + 1 for number, row in enumerate(rows) if any(cell is not None for cell in row)), default=0)
    if last > MOST_ROWS or width > MOST_COLUMNS:
        raise _Refused("too_many")
    return [row[:width] + [None] * (width - len(row)) for row in rows[:last]]


def _within_limits(sheets: list[Sheet]) -> list[Sheet]:
    if not any(sheet.rows for sheet in sheets):
        raise _Refused("empty")
    if sum(len(sheet.rows) for sheet in sheets) > MOST_ROWS or sum(map(_cells, sheets)) > MOST_CELLS:
        raise _Refused("too_many")
    text = sum(len(cell) for sheet in sheets for row in sheet.rows for cell in row if isinstance(cell, str))
    if text > MOST_TEXT:
        raise _Refused("too_much")
    return sheets


def _cells(sheet: Sheet) -> int:
    """Return how many cells a sheet has, each counted again for every merged range that covers it."""
    height, width = len(sheet.rows), len(sheet.rows[0]) if sheet.rows else 0
    return height * width + sum(
        max(0, min(bottom, height) - top) * max(0, min(right, width) - left + 1)
        for top, left, bottom, right in sheet.merged
    )


def main() -> None:
    """Read a file from standard input and write its cells to standard output as MessagePack."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(msgspec.msgpack.encode(read(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
