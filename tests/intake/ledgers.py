"""Workbooks for tests, built from their description in a golden file."""

import io
import struct
from datetime import date, datetime, time
from typing import Any

import openpyxl


def xlsx(sheets: list[dict[str, Any]]) -> bytes:
    """Build a workbook: each sheet has ``name``, ``rows``, and perhaps ``merge``, ``hidden_rows``, ``hidden``."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for described in sheets:
        sheet = book.create_sheet(described["name"])
        for number, row in enumerate(described.get("rows", []), 1):
            for column, value in enumerate(row, 1):
                if value != "":
                    cell = sheet.cell(number, column, value)
                    if isinstance(value, date | datetime | time):
                        cell.number_format = "yyyy-mm-dd hh:mm" if isinstance(value, datetime) else "yyyy-mm-dd"
        for area in described.get("merge", []):
            sheet.merge_cells(area)
        for number in described.get("hidden_rows", []):
            sheet.row_dimensions[number].hidden = True
        if described.get("hidden"):
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(rows: list[list[Any]], encoding: str) -> bytes:
    """Build a CSV file in an encoding of the office."""
    return "\r\n".join(",".join(str(value) for value in row) for row in rows).encode(encoding)


def xls(rows: list[list[Any]], *, merged: tuple[int, int, int, int] | None = None) -> bytes:
    """Build the least workbook of the old binary form (BIFF8 in an OLE container): texts, numbers, one merged range."""
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 6))
    width = max(len(row) for row in rows)
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            at = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str) and value:
                text = value.encode("utf-16-le")
                sheet += _record(0x0204, at + struct.pack("<HB", len(text) // 2, 1) + text)
            elif not isinstance(value, str):
                sheet += _record(0x0203, at + struct.pack("<d", value))
    if merged is not None:
        top, left, bottom, right = merged
        sheet += _record(0x00E5, struct.pack("<HHHHH", 1, top, bottom, left, right))
    sheet += _record(0x000A, b"")
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 6)) + _record(
        0x0042, struct.pack("<H", 1200)
    )
    name = struct.pack("<BB", 1, 0) + b"a"
    offset = len(begin) + len(_record(0x0085, struct.pack("<IH", 0, 0) + name)) + len(_record(0x000A, b""))
    book = begin + _record(0x0085, struct.pack("<IH", offset, 0) + name) + _record(0x000A, b"") + sheet
    return _ole("Workbook", book)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _ole(name: str, content: bytes) -> bytes:
    """Put one stream into an OLE container of 512-byte sectors: the table, the directory, then the stream."""
    content = content.ljust(4096, b"\0")  # shorter ones would lie in a table of their own
    sectors = -(-len(content) // 512)
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    chain = [table, end, *range(3, 2 + sectors), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", free) * 108
    directory = _entry("Root Entry", 5, child=1, start=end, size=0) + _entry(
        name, 2, child=free, start=2, size=len(content)
    )
    directory += (b"\0" * 68 + struct.pack("<III", free, free, free) + b"\0" * 48) * 2
    fat = b"".join(struct.pack("<I", at) for at in [*chain, *[free] * (128 - len(chain))])
    return header + fat + directory + content.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    free = 0xFFFFFFFF
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, free, child)
    return head + b"\0" * 36 + struct.pack("<IQ", start, size)
