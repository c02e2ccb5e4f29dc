"""A ledger file through the one way in, and the report that its owner reads."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict

from kit.errors import Overloaded, Rejected
from kit.tokens import Principal
from services.intake.imports import drafts, files, headers, rows
from services.intake.imports.drafts import Incomplete, Origin
from services.intake.imports.headers import Found
from services.intake.imports.kinds import TRANSLATORS
from services.intake.imports.rows import Row, RowError
from services.intake.imports.templates import Template
from services.intake.imports.workbook import Workbook
from services.intake.modes import MOST_ITEMS
from services.intake.results import ItemResult, ReasonShown
from services.intake.taking import Taker

MOST_ERRORS: Final = 1000
"""Row errors that a report lists; it counts all."""
_AT_ONCE: Final = 2
_MOST_WAITING: Final = 8
"""Files in memory that are read or wait for it; who brings another is told to come again."""


class RowProblem(BaseModel):
    """What is wrong with one row: its number as the table program shows it, and the header of the column."""

    model_config = ConfigDict(frozen=True)
    sheet: str
    row: int
    field: str | None
    code: str
    detail: str


class SheetRead(BaseModel):
    """How one sheet was understood, for a person to check once per template."""

    model_config = ConfigDict(frozen=True)
    sheet: str
    first_row: int
    columns: dict[str, str]
    """Header as typed -> column of the ledger."""
    unused: list[str]


class Report(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(frozen=True)
    kind: str
    title: str
    file_sha256: str
    dry_run: bool
    rows: int
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    secret: int
    skipped: int
    errors: list[RowProblem]
    sheets: list[SheetRead]
    notices: list[str]


@dataclass(slots=True)
class Content:
    """What a file holds, before anything of it is taken in."""

    items: list[bytes] = field(default_factory=list)
    at: list[tuple[Row, Found]] = field(default_factory=list)
    """Where each item stands."""
    errors: list[RowError] = field(default_factory=list)
    secret: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    sheets: list[SheetRead] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Return how many data rows there are, readable or not."""
        return len(self.items) + len({(error.sheet, error.row) for error in self.errors})


class Importer:
    """Imports files, a few at a time."""

    def __init__(self, taker: Taker) -> None:
        """Take the way in."""
        self._taker = taker
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def run(
        self, content: bytes, template: Template, origin: Origin, who: Principal, *, year: int, dry_run: bool
    ) -> Report:
        """Take in every readable row of a file and report the rest; raise ``Rejected`` for a file as a whole."""
        if self._waiting >= _MOST_WAITING:
            raise Overloaded("正在导入的文件较多，请稍后再试", retry_after=10)
        self._waiting += 1
        try:
            read = await self._read(content, template, origin, year=year)
        finally:
            self._waiting -= 1
        if dry_run:
            results = await self._taker.foresee(read.items, who)
        else:
            results = await self._take(read, template, origin, who)
        return _report(read, results, template, origin, dry_run=dry_run)

    async def _read(self, content: bytes, template: Template, origin: Origin, *, year: int) -> Content:
        async with self._slots:
            book = await files.read(content)
            return await asyncio.to_thread(understand, book, template, origin, year=year)

    async def _take(self, read: Content, template: Template, origin: Origin, who: Principal) -> list[ItemResult]:
        results: list[ItemResult] = []
        for start in range(0, len(read.items), MOST_ITEMS):
            results += await self._taker.take(read.items[start : start + MOST_ITEMS], who)
        if read.secret:
            source = drafts.source_of(template, origin.jurisdiction, origin.unit)
            await self._taker.count_secret(source, origin.jurisdiction, read.secret)
        return results


def understand(book: Workbook, template: Template, origin: Origin, *, year: int) -> Content:
    """Read every sheet of a workbook; raise ``Rejected`` when it looks classified or is no such ledger. Pure."""
    content = Content()
    translate = TRANSLATORS[template.kind]
    for sheet in book.sheets:
        found = headers.find(sheet, template)
        if rows.looks_classified(sheet, found):
            raise Rejected("表名、标题或说明中有密级标志，整份文件已拒收，内容未保存", code="secret", field="file")
        if found is None:
            if sheet.rows:
                content.notices.append(f"工作表“{sheet.name}”没有找到{template.title}的表头，未读取")
            continue
        reading = rows.read(sheet, found, template, year=year)
        content.errors += reading.errors
        content.secret += reading.secret
        content.skipped += reading.skipped
        content.sheets.append(_shown(sheet.name, found, template))
        for row in reading.rows:
            try:
                draft = translate(row)
            except Incomplete as missing:
                title = template.titled(missing.field)
                content.errors.append(RowError(row.sheet, row.number, title, "invalid", missing.detail))
            else:
                content.items.append(drafts.event(template, origin, row, draft))
                content.at.append((row, found))
    if not content.sheets:
        needed = "、".join(template.titled(name) for name in template.anchors)
        raise Rejected(f"没有找到{template.title}的表头，至少应有这些列：{needed}", code="no_header", field="file")
    content.notices += _notices(book, content)
    return content


def _shown(name: str, found: Found, template: Template) -> SheetRead:
    return SheetRead(
        sheet=name,
        first_row=found.first_row + 1,
        columns={found.headers[number]: column.title for number, column in found.columns.items()},
        unused=[
            header
            for number, header in found.headers.items()
            if number not in found.columns and not template.is_ignored(header)
        ],
    )


def _notices(book: Workbook, content: Content) -> Iterator[str]:
    if book.formulas_without_value:
        yield f"有 {book.formulas_without_value} 个公式没有保存计算结果，按空白处理；请在表格软件中打开并保存后重新导入"
    if book.hidden_sheets:
        yield f"有 {book.hidden_sheets} 个隐藏的工作表，未读取"
    for why, count in content.skipped.items():
        yield f"跳过{why} {count} 行"


def _report(
    read: Content, results: Sequence[ItemResult], template: Template, origin: Origin, *, dry_run: bool
) -> Report:
    counts = Counter(result.result for result in results)
    refused = [_refused(one.reason, at, template) for one, at in zip(results, read.at, strict=True) if one.reason]
    listed = sorted([*read.errors, *refused], key=lambda error: (error.sheet, error.row))
    unreadable = len({(error.sheet, error.row) for error in read.errors}) - read.secret
    return Report(
        kind=template.kind,
        title=template.title,
        file_sha256=origin.file,
        dry_run=dry_run,
        rows=read.rows,
        accepted=counts["accepted"],
        duplicate=counts["duplicate"],
        conflict=counts["conflict"],
        rejected=counts["rejected"] + unreadable,
        secret=read.secret,
        skipped=sum(read.skipped.values()),
        errors=[
            RowProblem(sheet=error.sheet, row=error.row, field=error.field, code=error.code, detail=error.detail)
            for error in listed[:MOST_ERRORS]
        ],
        sheets=read.sheets,
        notices=read.notices,
    )


def _refused(reason: ReasonShown, at: tuple[Row, Found], template: Template) -> RowError:
    """Tell a refusal of the one way in in the words of the ledger: its row and its column's header."""
    row, found = at
    if reason.code == "conflict":
        detail = "这一行此前导入过，内容现已不同；已隔离待处理，如属更正请报送更正"
        return RowError(row.sheet, row.number, None, reason.code, detail)
    name = (reason.field or "").removeprefix("data.").split(".")[0]
    header = next((found.headers[number] for number, column in found.columns.items() if column.field == name), None)
    return RowError(row.sheet, row.number, header or template.titled(name) or None, reason.code, reason.detail)
