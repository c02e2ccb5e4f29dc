"""A ledger as an .xlsx workbook, written row by row: memory does not grow with it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from kit.paging import Current
from services.ledger.columns import Cell
from services.ledger.domain import CHINA, Ledger, Version

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = re.compile("^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet may run when a cell begins with it: also the full-width signs, which offices type."""
_PLACE: Final = ("编号", "行政区划", "单位", "日期")
_WIDTH: Final = 18


async def write_workbook(
    file: IO[bytes], ledger: Ledger, portions: AsyncIterator[Sequence[Version]], current: Current, most: int
) -> int:
    """Write at most ``most`` rows and return how many; ``portions`` brings one more where rows are left out.

    Texts that a spreadsheet would run as a formula begin with an apostrophe. The second sheet says what the first one
    is, up to when it is current, and whether rows are missing.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(ledger.title)
    titles = [*_PLACE, *(column.title for column in ledger.columns)]
    sheet.freeze_panes = "A2"
    for number in range(1, len(titles) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    sheet.append(titles)
    found = written = 0
    async for versions in portions:
        found += len(versions)
        rows = [_cells(version) for version in versions[: most - written]]
        written += len(rows)
        await asyncio.to_thread(_append, sheet, rows)
    note = book.create_sheet("说明")
    note.append(["台账", ledger.title])
    note.append(["行数", written])
    note.append(["是否完整", f"否：超过 {most} 行，其余未导出，请缩小查询范围" if found > written else "是"])
    note.append(["数据截至位置", current.position])
    note.append(["数据截至时间", _value(current.time)])
    await asyncio.to_thread(book.save, file)
    return written


def _append(sheet: WriteOnlyWorksheet, rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        sheet.append(row)


def _cells(version: Version) -> list[object]:
    row = version.row
    return [_value(cell) for cell in (version.act_id, row.jurisdiction, row.unit, row.happened_on, *row.cells)]


def _value(cell: Cell) -> object:
    """Return a cell as a spreadsheet takes it: moments in China's time, without a zone, which it does not know."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", cell)
        return f"'{text}" if _FORMULA.match(text) else text
    if isinstance(cell, datetime):
        return cell.astimezone(CHINA).replace(tzinfo=None)
    return cell
