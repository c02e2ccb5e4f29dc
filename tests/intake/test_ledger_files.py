"""Every golden ledger, and files that nobody should send."""

import io
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit.errors import Rejected
from services.intake.imports import files, templates, workbook
from services.intake.imports.drafts import Origin
from services.intake.imports.importing import Content, understand
from services.intake.imports.kinds import TRANSLATORS
from services.intake.imports.workbook import Workbook
from tests.intake import ledgers
from tests.intake.events import COUNTY

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.toml"))
UNIT = "青禾县委办"


def load(path: Path) -> tuple[dict[str, Any], bytes]:
    case = tomllib.loads(path.read_text("utf-8"))
    return case, ledgers.csv(case["csv"], case["encoding"]) if "csv" in case else ledgers.xlsx(case["sheets"])


def understood(book: Workbook, kind: str, year: int = 2026) -> Content:
    assert book.fault is None
    return understand(book, templates.load()[kind], Origin(COUNTY, UNIT, "0" * 64), year=year)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    case, content = load(path)
    expect = case["expect"]
    got = understood(workbook.read(content), case["kind"], case["year"])
    events = [msgspec.json.decode(item) for item in got.items]
    assert [event["data"] for event in events] == expect["data"]
    assert [(error.row, *([error.field] if error.field else [])) for error in got.errors] == [
        tuple(error) for error in expect["errors"]
    ]
    assert got.skipped.total() == expect["skipped"]
    assert got.secret == expect.get("secret", 0)
    assert set(expect.get("notices", [])) <= set(got.notices)
    if "unused" in expect:
        assert [header for sheet in got.sheets for header in sheet.unused] == expect["unused"]


def test_every_column_of_every_template_is_in_a_golden_file() -> None:
    reached: dict[str, set[str]] = {}
    for path in GOLDEN:
        case, content = load(path)
        got = understood(workbook.read(content), case["kind"], case["year"])
        reached.setdefault(case["kind"], set()).update(
            title for sheet in got.sheets for title in sheet.columns.values()
        )
    assert reached == {kind: {column.title for column in t.columns} for kind, t in templates.load().items()}


@pytest.mark.parametrize("template", templates.load().values(), ids=lambda template: template.kind)
def test_a_template_has_its_translator_and_each_title_its_column(template: templates.Template) -> None:
    assert template.kind in TRANSLATORS
    for column in template.columns:
        for name in column.names:
            assert template.column(name) == column
            assert template.column(f" {name[:1]}\n{name[1:]}（盖章）") == column


def test_the_old_binary_form_is_read() -> None:
    rows: list[list[Any]] = [
        ["2026年发文台账", "", ""],
        ["文号", "标题", "日期"],
        ["青办发[2026]1号", "关于甲的通知", 46266],
        ["青办发[2026]2号", "关于乙的通知", "2026.9.2"],
        ["合计", "", 2],
    ]
    got = understood(workbook.read(ledgers.xls(rows, merged=(0, 0, 0, 2))), "documents")
    assert [msgspec.json.decode(item)["data"]["dated"] for item in got.items] == ["2026-09-01", "2026-09-02"]
    assert got.skipped == {"合计行": 1}
    assert not got.errors


def test_the_id_of_a_row_does_not_hang_on_its_place_or_its_other_cells() -> None:
    header = ["文号", "标题", "日期", "份数"]
    one = ledgers.xlsx([{"name": "a", "rows": [header, ["青办发[2026]1号", "甲", "2026-01-02", 5]]}])
    two = ledgers.xlsx([{"name": "b", "rows": [["台账"], header, ["青办发〔2026〕01号", "甲(更正)", "2026-01-02", 6]]}])
    first, second = (
        msgspec.json.decode(understood(workbook.read(content), "documents").items[0]) for content in (one, two)
    )
    assert first["id"] == second["id"]
    assert (
        first["source"] == second["source"] == "/imports/990101/%E9%9D%92%E7%A6%BE%E5%8E%BF%E5%A7%94%E5%8A%9E/documents"
    )
    assert first["data"] != second["data"]
    assert first["subject"].endswith("#a!2")


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


GOOD = ledgers.xlsx([{"name": "a", "rows": [["文号", "标题", "日期"], ["青办发[2026]1号", "甲", "2026-01-02"]]}])
LONG_TEXT = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(8000))
BROKEN = GOOD.index(b"xl/worksheets/sheet1.xml") + 60
UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "an empty workbook": (lambda: ledgers.xlsx([{"name": "a"}]), "empty"),
    "a bomb": (lambda: zipped(bomb=b"0" * 60_000_000), "bomb"),
    "many parts": (lambda: zipped(**{f"p{number}": b"" for number in range(2100)}), "bomb"),
    "a zip that is no workbook": (lambda: zipped(readme=b"hello"), "unreadable"),
    "half a workbook": (lambda: GOOD[: len(GOOD) // 2], "unreadable"),
    "an encrypted workbook": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "password",
    ),
    "an old file of another program": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "unreadable"),
    "a web page named xls": (lambda: b"\n<html><table><tr><td>1</td></tr></table></html>", "web"),
    "bytes": (lambda: bytes(range(256)) * 20, "encoding"),
    "a text in every cell": (lambda: ledgers.xlsx([{"name": "a", "rows": [[LONG_TEXT] * 20] * 140}]), "too_much"),
    "many cells": (lambda: ledgers.csv([["标题"] * 250] * 5000, "utf-8"), "too_many"),
    "empty lines": (lambda: b"\n" * 300_000, "too_many"),
    "half an old workbook, at which the parser panics": (lambda: ledgers.xls([["标题", "日期"]])[:512], "unreadable"),
    "a broken stream in a workbook": (lambda: GOOD[:BROKEN] + bytes(40) + GOOD[BROKEN + 40 :], "unreadable"),
    "too many rows": (lambda: ledgers.csv([["文号", "标题", "日期"]] * 20_001, "utf-8"), "too_many"),
    "too many columns": (lambda: ledgers.csv([["标题"] * 300] * 2, "utf-8"), "too_many"),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_file_that_cannot_be_read_is_refused_with_its_reason(name: str) -> None:
    make, fault = UNREADABLE[name]
    with pytest.raises(Rejected) as refused:
        await files.read(make())
    assert refused.value.code == f"file_{fault}"
    assert refused.value.field == "file"


async def test_a_cell_far_away_ends_the_child_and_not_us() -> None:
    content = ledgers.xlsx([{"name": "a", "rows": [["标题"]]}])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", far)
    with pytest.raises(Rejected) as refused:
        await files.read(zipped(**parts))
    assert refused.value.code in {"unreadable", "file_too_many", "file_unreadable"}


def test_an_entity_of_a_file_is_not_expanded() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    sheet = "xl/worksheets/sheet1.xml"
    entity = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    assert b"\xe7\x94\xb2" in parts[sheet]
    parts[sheet] = entity + parts[sheet].replace("甲".encode(), b"&x;")
    book = workbook.read(zipped(**parts))
    assert book.fault == "unreadable" or b"&x;" in msgspec.json.encode(book)


@pytest.mark.parametrize(
    "sheet",
    [
        {"name": "秘密", "rows": [["标题", "日期"], ["甲", "2026-01-01"]]},
        {"name": "a", "rows": [["机密★一年"], ["标题", "日期"], ["甲", "2026-01-01"]]},
        {"name": "a", "rows": [["乱", "表"], ["密级：机密", "2026-01-01"]]},
    ],
    ids=["name", "title", "no ledger"],
)
def test_a_mark_outside_the_rows_refuses_the_whole_file(sheet: dict[str, Any]) -> None:
    other = {"name": "b", "rows": [["标题", "日期"], ["乙", "2026-01-01"]]}
    with pytest.raises(Rejected) as refused:
        understood(workbook.read(ledgers.xlsx([sheet, other])), "documents")
    assert refused.value.code == "secret"


def test_a_table_of_something_else_is_refused_with_what_was_expected() -> None:
    with pytest.raises(Rejected, match="会议名称"):
        understood(workbook.read(ledgers.csv([["姓名", "工资"], ["甲", "1"]], "gbk")), "meetings")


def test_rows_of_different_lengths_are_read() -> None:
    rows = [["一、发文台账", "", "", "", "", "", ""], ["标题", "日期"], ["甲", "2026-01-01", "x", "y"], ["乙"]]
    content = understood(workbook.read(ledgers.csv(rows, "utf-8")), "documents")
    assert len(content.items) == 1
    assert [error.row for error in content.errors] == [4]


def test_a_cell_that_takes_time_by_its_square_is_read_at_once() -> None:
    long = ["甲" + " " * 30_000 + "乙", "万" * 30_000 + "x", "通知(" * 8000, "【" * 30_000, "1-" * 15_000]
    rows = [["标题", "日期", "份数"], *([one, one, one] for one in long)]
    content = understood(workbook.read(ledgers.csv([long, *rows], "utf-8")), "documents")
    assert {error.row for error in content.errors} == {3, 4, 5, 6, 7}
    assert not content.items


def test_a_formula_without_a_saved_value_is_told() -> None:
    content = ledgers.xlsx([{"name": "a", "rows": [["标题", "日期", "份数"], ["甲", "2026-01-01", "=1+1"]]}])
    assert any("1 个公式" in notice for notice in understood(workbook.read(content), "documents").notices)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_the_encoding_of_text_is_found(encoding: str) -> None:
    content = ledgers.csv([["标题", "日期"], ["关于镇街的通知", "2026-01-01"]], encoding)
    assert (
        msgspec.json.decode(understood(workbook.read(content), "documents").items[0])["data"]["heading"]
        == "关于镇街的通知"
    )
