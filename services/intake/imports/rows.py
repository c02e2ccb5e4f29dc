"""The rows of a sheet as values by field, with what could not be read. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.secrecy import is_marked, is_secret_field, is_secret_value
from services.intake.imports import headers, values
from services.intake.imports.headers import Found
from services.intake.imports.templates import Column, Template, plain
from services.intake.imports.values import Unreadable
from services.intake.imports.workbook import Cell, Sheet

_TOTAL: Final = re.compile(
    r"^(?:本|全|累)?(?:月|季度?|年度?|页|周|半年|上半年|下半年)?(?:合计|小计|总计|共计|累计|总数)"
)
_NOTE: Final = re.compile(
    r"^(?:备?注\d?|说明\d?|(?:填表|填报|制表|审核|复核|联系|经办|(?:单位)?负责)(?:人|日期|时间|单位)?|分管领导)\s*[:：]"
)
_SECTION: Final = re.compile(r"^(?:\d{4}年)?(?:[一二三四五六七八九十]{1,3}|\d{1,2})月(?:份)?$|^第?[一二三四1-4]季度$")
_MONTH: Final = re.compile(r"(?<!\d)(\d{1,2})月")
_CHINESE_MONTHS: Final = ("十二", "十一", "十", "九", "八", "七", "六", "五", "四", "三", "二", "一")
_LONGEST_CELL: Final = 5000
"""Characters of a cell that a column of the ledger may hold: more than any field takes, units in a row included."""
_LABELS: Final = 3
"""Cells among which the word 合计 is looked for."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a cell or row: its number as the table program shows it, its header, what was expected."""

    sheet: str
    row: int
    field: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: readable values by field, in China time where they are moments."""

    sheet: str
    number: int
    values: Mapping[str, object]

    def get(self, name: str) -> object:
        """Return a value or None."""
        return self.values.get(name)


@dataclass(slots=True)
class Reading:
    """What a sheet holds."""

    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    secret: int = 0
    """Rows with a mark or level of secrecy; of them nothing but the number is kept."""
    skipped: Counter[str] = field(default_factory=Counter)


def looks_classified(sheet: Sheet, found: Found | None) -> bool:
    """Tell whether anything outside the data rows bears a mark: the name, the title, the header."""
    above = sheet.rows if found is None else sheet.rows[: found.first_row]
    return is_marked(sheet.name) or any(is_marked(cell) for row in above for cell in row if isinstance(cell, str))


def read(sheet: Sheet, found: Found, template: Template, *, year: int) -> Reading:
    """Read every data row below the header; ``year`` completes dates that leave it out."""
    reading = Reading()
    month = _month_of(sheet.name)
    for number, row in _data(sheet, found):
        if _is_secret(row, found):
            reading.secret += 1
            reading.errors.append(RowError(sheet.name, number, None, "secret", "该行疑似涉密，已拒收，内容未保存"))
        elif why := _why_not_data(row, found, template):
            reading.skipped[why] += 1
        else:
            _take(reading, Row(sheet.name, number, {}), row, found, year=year, month=month)
    return reading


def _take(reading: Reading, at: Row, row: Sequence[Cell], found: Found, *, year: int, month: int | None) -> None:
    got: dict[str, object] = {}
    errors: list[RowError] = []
    for number, column in found.columns.items():
        header = found.headers[number]
        large = number in found.in_ten_thousands
        try:
            value = _needed(_value(row[number], column, got, large=large, year=year, month=month), column)
        except Unreadable as error:
            errors.append(RowError(at.sheet, at.number, header, "invalid", str(error)))
        else:
            got[column.field] = value
    reading.errors += errors
    if not errors:
        reading.rows.append(Row(at.sheet, at.number, got))


def _needed(value: object, column: Column) -> object:
    if value is None and column.required:
        raise Unreadable("此列不能为空；如是公式，请先在表格软件中保存计算结果")
    return value


def _value(
    cell: Cell, column: Column, got: Mapping[str, object], *, large: bool, year: int, month: int | None
) -> object:
    if isinstance(cell, str) and len(cell) > _LONGEST_CELL:
        raise Unreadable(f"最多 {_LONGEST_CELL} 个字")
    readings: Mapping[str, Callable[[], object]] = {
        "text": lambda: values.text(cell),
        "list": lambda: values.pieces(cell),
        "units": lambda: values.pieces(cell),
        "integer": lambda: values.integer(cell),
        "money": lambda: values.money(cell, in_ten_thousands=large),
        "choice": lambda: values.choice(cell, column.choices),
        "level": lambda: values.level(cell),
        "date": lambda: values.day(cell, year=year, month=month),
        "moment": lambda: values.moment(cell, year=year, month=month),
        "end": lambda: values.end_of(cell, got.get("starts_at"), year=year, month=month),
    }
    return readings[column.read]()


def _data(sheet: Sheet, found: Found) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the rows below the header with their numbers; what is merged downwards stands in each of its rows."""
    rows = [list(row) for row in sheet.rows]
    for top, left, bottom, right in sheet.merged:
        if top < found.first_row or top >= len(rows) or left != right or left >= len(rows[top]):
            continue
        for row in rows[top + 1 : bottom + 1]:
            row[left] = rows[top][left]
    for index in range(found.first_row, len(rows)):
        yield index + 1, rows[index]


def _is_secret(row: Sequence[Cell], found: Found) -> bool:
    return any(
        (isinstance(cell, str) and is_marked(cell))
        or (number in found.headers and is_secret_field(found.headers[number]) and is_secret_value(cell))
        for number, cell in enumerate(row)
    )


def _why_not_data(row: Sequence[Cell], found: Found, template: Template) -> str | None:
    """Return why a row is no act: blank, a total, a repeated header, a note or a heading of a section."""
    telling = [number for number in range(len(row)) if not _is_serial(found.headers.get(number, ""), template)]
    filled = [shown for number in telling if (shown := values.text(row[number])) is not None]
    everything = [shown for cell in row if (shown := values.text(cell)) is not None]
    if not filled and not any(_TOTAL.match(_squeezed(shown)) for shown in everything):
        return "空行"
    if any(_TOTAL.match(_squeezed(shown)) for shown in everything[:_LABELS]):
        return "合计行"
    if headers.repeats(row, found):
        return "重复的表头"
    if _NOTE.match(everything[0]):
        return "说明行"
    if len(set(filled)) == 1 and _SECTION.match(_squeezed(filled[0])):
        return "分节标题"
    return None


def _is_serial(header: str, template: Template) -> bool:
    return plain(header) in {"序号", "编号"} and template.is_ignored(header)


def _month_of(name: str) -> int | None:
    """Return the month that a sheet is named after."""
    if found := _MONTH.search(name):
        number = int(found[1])
        return number if 1 <= number <= len(_CHINESE_MONTHS) else None
    for index, word in enumerate(_CHINESE_MONTHS):
        if f"{word}月" in name:
            return len(_CHINESE_MONTHS) - index
    return None


def _squeezed(shown: str) -> str:
    return re.sub(r"\s+", "", shown)
