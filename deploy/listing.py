"""``jianfu list``: a list or calendar of a jurisdiction, from a small TOML or a table, to one fact; every fault with its row."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any, Final

from pydantic import ValidationError

from contracts.event import Event, Json
from contracts.faults import faults
from contracts.jurisdiction import NATION, is_code
from contracts.reference import CalendarPublished, ListItem, ListVersioned
from kit.clock import BEIJING
from services.intake.imports import values
from services.intake.imports.workbook import Cell, Workbook

CALENDAR: Final = "工作日历"
"""Not a kind of list: the days off and work days of a year, as a calendar of their own."""
SHIPPED: Final = files("deploy") / "lists"
_DEEPEST: Final = 15
"""Rows in which a table's header must begin."""
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_EVENT_HEAD: Final = ("kind", "valid_from", "valid_to", "basis", "published_url")
_ENVELOPE: Final = ("jurisdiction", "unit")
_HEAD: Final = {
    "kind": "清单种类",
    "jurisdiction": "区划代码",
    "unit": "发布单位标识",
    "basis": "依据文号",
    "valid_from": "生效日期",
    "valid_to": "有效期至",
    "published_url": "公布网址",
    "remark": "说明",
}
"""What is said of a whole list, and how a table's command line calls it."""


@dataclass(frozen=True, slots=True)
class _Column:
    field: str
    names: tuple[str, ...]
    read: Callable[[Cell], object]


def _day(cell: Cell) -> date | None:
    """Return a whole date of any year: what lists are valid for may lie far from today."""
    typed = values.text(cell)
    if typed is None:
        return None
    year = _YEAR.search(typed)
    if year is None:
        raise values.Unreadable("应为完整的日期，例如 2026-12-31")
    return values.day(cell, year=int(year[0]))


def _weekdays(cell: Cell) -> list[int]:
    """Return the days of the week that a cell names: 周一、周五 or 1、5."""
    found = []
    for piece in values.pieces(cell):
        bare = piece.removeprefix("星期").removeprefix("周")
        if bare not in _WEEK:
            raise values.Unreadable("应为周一至周日，用顿号隔开")
        found.append(_WEEK[bare])
    return found


_WEEK: Final = {
    name: number
    for number, names in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7"), 1)
    for name in names
}
_COLUMNS: Final = (
    _Column("item", ("编号", "事项编号", "项目编号", "清单编号", "代码"), values.text),
    _Column("name", ("名称", "事项名称", "事项", "清单事项", "项目名称", "证明名称", "内容"), values.text),
    _Column("aliases", ("别名", "又称", "其他名称", "俗称"), values.pieces),
    _Column("basis", ("依据", "设定依据", "文件依据", "法律依据"), values.text),
    _Column("basis_level", ("依据层级", "依据级别"), values.level),
    _Column("owner", ("责任单位标识", "责任单位", "主管单位"), values.text),
    _Column("valid_to", ("有效期至", "截止日期", "失效日期"), _day),
    _Column("most_a_year", ("每年次数上限", "年度次数", "每年次数"), values.integer),
    _Column("starts_on", ("期间起", "起始日期", "开始日期"), _day),
    _Column("ends_on", ("期间止", "结束日期"), _day),
    _Column("weekdays", ("每周", "星期"), _weekdays),
    _Column("applies_to", ("适用范围",), values.pieces),
    _Column("note", ("备注", "说明"), values.text),
)
TITLES: Final[Mapping[str, str]] = {column.field: column.names[0] for column in _COLUMNS}


@dataclass(slots=True)
class Read:
    """What a file says: the head of its list, its rows by number, and what is wrong."""

    head: dict[str, Any]
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read_toml(text: str) -> Read:
    """Read a list in TOML: its head, and ``[[items]]``; numbers of faults count the items."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Read({}, errors=[f"不是有效的 TOML：{error}"])
    items = said.pop("items", [])
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return Read(said, errors=["items 应为 [[items]] 表，每条一项"])
    return Read(said, list(enumerate(items, 1)))


def read_table(book: Workbook, head: Mapping[str, Any]) -> Read:
    """Read the first sheet whose header knows the names of items; numbers of faults are the rows of the table."""
    found = Read(dict(head))
    for sheet in book.sheets:
        for top, row in enumerate(sheet.rows[:_DEEPEST]):
            columns = _columns(row)
            if "name" in {column.field for column in columns.values()}:
                for number, cells in enumerate(sheet.rows[top + 1 :], top + 2):
                    _take(found, number, cells, columns)
                return found
    found.errors.append(f"没有找到表头：应有“名称”一列，可有{'、'.join(TITLES.values())}")
    return found


def _columns(row: Sequence[Cell]) -> dict[int, _Column]:
    known = {name: column for column in _COLUMNS for name in column.names}
    labels = {number: values.text(cell) for number, cell in enumerate(row)}
    return {number: known[label] for number, label in labels.items() if label in known}


def _take(found: Read, number: int, cells: Sequence[Cell], columns: Mapping[int, _Column]) -> None:
    if not any(cell is not None for cell in cells):
        return
    row: dict[str, Any] = {}
    for place, column in columns.items():
        try:
            value = column.read(cells[place]) if place < len(cells) else None
        except values.Unreadable as error:
            found.errors.append(f"第 {number} 行：{column.names[0]}{error}")
            continue
        if value not in (None, []):
            row[column.field] = value
    found.rows.append((number, row))


def event_of(read: Read) -> Event | None:
    """Return the list or calendar that a file says; what is wrong with it is added to its errors."""
    place = read.head.get("jurisdiction")
    if not isinstance(place, str) or not is_code(place):
        read.errors.append("区划代码 jurisdiction：应为 2、4、6、9 或 12 位区划代码")
    unknown = sorted(set(read.head) - {*_HEAD, "year", "days_off", "work_days"})
    read.errors += [f"{name}：不认识此项；可写 {'、'.join(_HEAD)}" for name in unknown]
    if read.head.get("kind") == CALENDAR:
        names = ("year", "basis", "days_off", "work_days")
        return _event(read, CalendarPublished, {name: read.head[name] for name in names if name in read.head})
    items = _items(read)
    head: Json = {name: read.head[name] for name in _EVENT_HEAD if name in read.head}
    return _event(read, ListVersioned, {**head, "items": items})


def _event(read: Read, kind: type[Event], data: Json) -> Event | None:
    try:
        event = kind.model_validate({**data, "place": read.head.get("jurisdiction")})
    except ValidationError as error:
        for fault in faults(error.errors(include_url=False, include_input=False)):
            if fault.field != "place" and not fault.field.startswith("items."):
                title = _HEAD.get(fault.field)
                read.errors.append(f"{f'{title} ' if title else ''}{fault.field}：{fault.detail}")
        return None
    return None if read.errors else event


def _items(read: Read) -> list[Json]:
    items: list[Json] = []
    seen: dict[str, int] = {}
    for number, row in read.rows:
        item = {"item": _id_of(str(row.get("name", ""))), **row}
        try:
            one = ListItem.model_validate(item)
        except ValidationError as error:
            read.errors += [
                f"第 {number} 行：{TITLES.get(fault.field.partition('.')[0], fault.field)} {fault.detail}"
                for fault in faults(error.errors(include_url=False, include_input=False))
            ]
            continue
        for word in {f"编号 {one.item}", f"名称 {one.name}", *(f"名称 {name}" for name in one.aliases)}:
            if word in seen:
                read.errors.append(f"第 {number} 行：{word} 与第 {seen[word]} 行重复")
            seen.setdefault(word, number)
        items.append(one.model_dump(mode="json", exclude_defaults=True))
    if not items and not read.errors:
        read.errors.append("清单里没有事项")
    return items


def _id_of(name: str) -> str:
    """Return the stable id of an item that has none: of its name, so that rows may move."""
    return f"i-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def envelope(read: Read, event: Event, now: datetime) -> bytes:
    """Return the fact: the same list stated again is the same fact, and another content is another version."""
    data = event.model_dump(mode="json", exclude_defaults=True)
    place = str(read.head["jurisdiction"])
    digest = hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    begins = read.head.get("valid_from")
    began = datetime.combine(begins, time(), BEIJING) if isinstance(begins, date) else now
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"list-{digest[:32]}",
            "source": f"/lists/{place}",
            "type": event.type_name(),
            "time": min(began, now).isoformat(),
            "jurisdiction": place,
            "unitid": str(read.head.get("unit") or f"{place}.lists"),
            "datacontenttype": "application/json",
            "data": data,
        },
        ensure_ascii=False,
    ).encode()


def shipped() -> dict[str, str]:
    """Return the lists that ship with the product: name -> text."""
    found = {one.name.removesuffix(".toml"): one for one in SHIPPED.iterdir() if one.name.endswith(".toml")}
    return {name: one.read_text("utf-8") for name, one in sorted(found.items())}


def place_name(place: str) -> str:
    """Return how a command says where a list holds."""
    return "全国" if place == NATION else place


def head_of(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Return what was given of a head on the command line."""
    return {name: value for name, value in pairs if value is not None}
