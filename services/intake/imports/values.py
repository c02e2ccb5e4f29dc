"""One cell to one value, in the many forms that people type; ``Unreadable`` says what was expected. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from contracts.jurisdiction import Level
from kit.clock import BEIJING
from services.intake.imports.workbook import Cell, Moment

_SERIAL_EPOCH: Final = date(1899, 12, 30)
_SERIALS: Final = range(20_000, 80_000)
"""Excel's day numbers from 1954 to 2119."""
_COMPACT: Final = re.compile(r"^(?:19|20)\d{6}$")
_WEEKDAY: Final = re.compile(r"\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")
_SPACE: Final = re.compile(r"(?<=\D) | (?=\D)")
_FULL: Final = re.compile(r"^(\d{4}|\d{2})[年./-](\d{1,2})[月./-](\d{1,2})日?$")
_MONTH_DAY: Final = re.compile(r"^(\d{1,2})[月./-](\d{1,2})日?$")
_DAY: Final = re.compile(r"^(\d{1,2})[日号]$")
_RANGE: Final = re.compile(r"^(.*?\d[日号]?)(?:至|到|~|—+|–|-{2,}|(?<=[日号])-|(?<=\d)-(?=\d{1,2}[:时点]))(.+)$")
_TIME: Final = re.compile(
    r"(上午|下午|晚上|中午|早上|am|pm)?(\d{1,2})(?::(\d{1,2})(?::\d{1,2})?|[时点](半|\d{1,2}(?=分|$))?分?)$"
)
_HALF_DAY_ONLY: Final = re.compile(r"(?:上午|下午|晚上|全天|早上|中午)$")
_AFTERNOON: Final = frozenset({"下午", "晚上", "pm"})
_CHINESE_DIGITS: Final = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CHINESE_NUMBER: Final = re.compile(r"[一二三四五六七八九]?十[一二三四五六七八九]?")
_NOON: Final = 12

_SEPARATORS: Final = re.compile(r"[、,，;；\n\r\t]+")
_LEVELS: Final[tuple[tuple[str, Level], ...]] = (
    ("村", 5), ("社区", 5), ("乡", 4), ("镇", 4), ("街道", 4), ("县", 3), ("区", 3), ("旗", 3), ("市", 2), ("州", 2),
    ("省", 1), ("中央", 0), ("全国", 0),
)  # fmt: skip
_TEN_THOUSAND: Final = 10_000
_LONGEST: Final = 200
"""Characters of a cell with a number or a date: what is longer is neither, and would only take time."""


class Unreadable(Exception):
    """The cell is not what its column holds; the text says in Chinese what was expected."""


def text(cell: Cell) -> str | None:
    """Return a cell's text on one line; whole numbers without a decimal point."""
    if cell is None:
        return None
    if isinstance(cell, Moment):
        return cell.iso
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    return "".join(line.strip() for line in re.split(r"[\r\n]+", cell)) or None


def pieces(cell: Cell) -> list[str]:
    """Return the parts of a cell that holds several, each once, in order."""
    if not isinstance(cell, str):
        whole = text(cell)
        return [whole] if whole else []
    return list(dict.fromkeys(part.strip() for part in _SEPARATORS.split(cell) if part.strip()))


def integer(cell: Cell) -> int | None:
    """Return a whole number that may bear thousands separators and a unit."""
    number = _number(cell, "应为整数，例如 12")
    if number is None:
        return None
    in_ten_thousands = isinstance(cell, str) and "万" in cell
    if number != number.to_integral_value() or number < 0 or in_ten_thousands:
        raise Unreadable("应为不小于 0 的整数，例如 12")
    return int(number)


def money(cell: Cell, *, in_ten_thousands: bool) -> float | None:
    """Return an amount in 元 of a column in 元 or 万元; the cell may say 万元 itself."""
    number = _number(cell, "应为金额，例如 3500 或 0.35万元")
    if number is None:
        return None
    large = in_ten_thousands or (isinstance(cell, str) and "万" in cell)
    return float(number * _TEN_THOUSAND if large else number)


def choice(cell: Cell, choices: Mapping[str, Sequence[str]]) -> str | None:
    """Return the choice that a cell names by one of its spellings; the choice "" stands for none."""
    given = text(cell)
    if given is None:
        return None
    wanted = _half(given).lower()
    for name, spellings in choices.items():
        if wanted == _half(name).lower() or wanted in spellings:
            return name or None
    raise Unreadable(f"应为以下之一：{'、'.join(name for name in choices if name)}")


def level(cell: Cell) -> Level | None:
    """Return the lowest level that a cell names."""
    given = text(cell)
    if given is None:
        return None
    for word, number in _LEVELS:
        if word in given:
            return number
    raise Unreadable("应写明层级：省、市、县、乡镇或村")


def day(cell: Cell, *, year: int, month: int | None = None) -> date | None:
    """Return the day that a cell names, of a range the first; ``year`` and ``month`` complete what it leaves out."""
    if cell is None:
        return None
    if isinstance(cell, Moment):
        if cell.kind == "time":
            raise Unreadable("应为日期，这里只有时刻")
        return _plausible(datetime.fromisoformat(cell.iso).date(), year)
    if isinstance(cell, float) and int(cell) in _SERIALS:
        return _plausible(_SERIAL_EPOCH + timedelta(days=int(cell)), year)
    if isinstance(cell, float) and not cell.is_integer():
        raise Unreadable("日期不完整或有歧义，请写成 2026-09-01 的形式")
    return _plausible(_typed_day(_tidied(text(cell) or ""), year, month), year)


def moment(cell: Cell, *, year: int, month: int | None = None) -> datetime | None:
    """Return the moment that a cell names, in China time; a day without a time begins at midnight."""
    if cell is None:
        return None
    if isinstance(cell, Moment) and cell.kind == "datetime":
        exact = datetime.fromisoformat(cell.iso)
        _plausible(exact.date(), year)
        return exact.replace(tzinfo=BEIJING)
    if isinstance(cell, str):
        typed = _first_of_range(_tidied(cell))
        found = _TIME.search(typed)
        rest = typed[: found.start()] if found else _HALF_DAY_ONLY.sub("", typed)
        on = _plausible(_typed_day(rest.rstrip("t "), year, month), year)
        return datetime.combine(on, _typed_time(found) if found else time(), BEIJING)
    on_day = day(cell, year=year, month=month)
    part = timedelta(seconds=round((cell % 1) * 86_400)) if isinstance(cell, float) else timedelta()
    return None if on_day is None else datetime.combine(on_day, time(), BEIJING) + part


def end_of(cell: Cell, begin: object, *, year: int, month: int | None = None) -> datetime | None:
    """Return the moment when something ended; a bare time is one of the day when it began, if ``begin`` is known."""
    if not isinstance(begin, datetime):
        return moment(cell, year=year, month=month)
    if isinstance(cell, Moment) and cell.kind == "time":
        return datetime.combine(begin.date(), time.fromisoformat(cell.iso), BEIJING)
    if isinstance(cell, str) and (found := _TIME.fullmatch(_tidied(cell))):
        return datetime.combine(begin.date(), _typed_time(found), BEIJING)
    if isinstance(cell, float) and 0 <= cell < 1:
        return datetime.combine(begin.date(), time(), BEIJING) + timedelta(seconds=round(cell * 86_400))
    return moment(cell, year=year, month=month)


def _typed_day(typed: str, year: int, month: int | None) -> date:
    typed = _first_of_range(typed)
    if typed.isdigit() and int(typed) in _SERIALS:
        return _SERIAL_EPOCH + timedelta(days=int(typed))
    try:
        if _COMPACT.match(typed):
            return date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
        if found := _FULL.match(typed):
            century = 2000 if len(found[1]) == 2 else 0  # noqa: PLR2004 - two digits of a year
            return date(century + int(found[1]), int(found[2]), int(found[3]))
        if found := _MONTH_DAY.match(typed):
            return date(year, int(found[1]), int(found[2]))
        if month is not None and (found := _DAY.match(typed)):
            return date(year, month, int(found[1]))
    except ValueError:
        raise Unreadable("没有这一天，请核对日期") from None
    raise Unreadable("应为日期，例如 2026-09-01、2026.9.1、2026年9月1日 或 20260901")


def _typed_time(found: re.Match[str]) -> time:
    hour, minute = int(found[2]), 30 if found[4] == "半" else int(found[3] or found[4] or 0)
    if found[1] in _AFTERNOON and hour < _NOON:
        hour += _NOON
    try:
        return time(hour, minute)
    except ValueError:
        raise Unreadable("没有这个时刻，请核对时间") from None


def _tidied(typed: str) -> str:
    """Return typed text in half width without weekdays, Chinese numerals, or white space but one between two digits."""
    if len(typed) > _LONGEST:
        raise Unreadable("应为日期，例如 2026-09-01、2026.9.1、2026年9月1日 或 20260901")
    half = _SPACE.sub("", re.sub(r"\s+", " ", _WEEKDAY.sub(" ", _half(typed)).strip())).lower()
    return _CHINESE_NUMBER.sub(_tens, half).translate(_CHINESE_DIGITS)


def _tens(found: re.Match[str]) -> str:
    tens, _, ones = found[0].partition("十")
    return f"{tens.translate(_CHINESE_DIGITS) or '1'}{ones.translate(_CHINESE_DIGITS) or '0'}"


def _first_of_range(typed: str) -> str:
    found = _RANGE.match(typed)
    return found[1] if found else typed


def _plausible(on: date, year: int) -> date:
    if abs(on.year - year) > 1:
        raise Unreadable(f"年份与所选年度 {year} 相差一年以上，请核对")
    return on


def _number(cell: Cell, expected: str) -> Decimal | None:
    if cell is None:
        return None
    if isinstance(cell, bool | Moment) or (isinstance(cell, str) and len(cell) > _LONGEST):
        raise Unreadable(expected)
    typed = re.sub(r"[,\s]|[字页份人个元册名万]+$", "", _half(cell)) if isinstance(cell, str) else repr(cell)
    try:
        number = Decimal(typed)
    except InvalidOperation:
        raise Unreadable(expected) from None
    if not number.is_finite():
        raise Unreadable(expected)
    return number


def _half(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed)
