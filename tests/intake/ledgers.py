"""Workbooks for tests, built from their description in a golden file."""

import io
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
