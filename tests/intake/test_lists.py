"""``jianfu list``: lists from TOML and tables become one versioned fact; what is wrong is told by its row."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import decode
from contracts.reference import CalendarPublished, ListVersioned
from contracts.workdays import builtin
from deploy import cli, listing
from services.intake.imports import workbook
from services.monitor.domain import fold
from services.monitor.world import build
from tests.intake import ledgers
from tests.intake.conftest import Intake

NOW = datetime(2026, 3, 5, tzinfo=UTC)
HEAD: dict[str, Any] = {
    "kind": "保留证明清单",
    "jurisdiction": "990101",
    "basis": "青政办发〔2026〕3号",
    "valid_from": date(2026, 1, 1),
}


def table(rows: list[list[Any]], **head: Any) -> listing.Read:
    book = workbook.read(ledgers.xlsx([{"name": "清单", "rows": rows}]))
    return listing.read_table(book, HEAD | head)


@pytest.mark.parametrize("name", listing.shipped())
def test_a_list_that_ships_is_whole_and_says_where_it_is_from(name: str) -> None:
    read = listing.read_toml(listing.shipped()[name])
    event = listing.event_of(read)
    assert read.errors == []
    assert isinstance(event, ListVersioned)
    assert event.published_url
    assert read.head["remark"]
    assert len({item.name for item in event.items}) == len(event.items)


def test_the_national_certificates_are_twenty_and_hubeis_differ_as_published() -> None:
    names = {}
    for name, text in listing.shipped().items():
        event = listing.event_of(listing.read_toml(text))
        assert isinstance(event, ListVersioned)
        names[name] = {item.name for item in event.items}
    national, hubei = names["certificates-national-2020"], names["certificates-hubei"]
    assert (len(national), len(hubei)) == (20, 21)
    assert national - hubei == {"健在证明", "婚育状况证明", "户口登记项目内容变更申请证明"}
    assert hubei - national == {"生育状况证明", "户口登记项目内容变更更正证明", "缴费票据遗失证明", "转学证明"}


def test_a_place_has_the_nearest_list_after_both_are_loaded() -> None:
    lines = []
    for text in listing.shipped().values():
        read = listing.read_toml(text)
        event = listing.event_of(read)
        assert event is not None
        lines.append(json.dumps({**json.loads(listing.envelope(read, event, NOW)), "recordedtime": NOW.isoformat()}))
    world = build(fold([decode(line.encode()) for line in lines]), builtin())
    found = {place: world.list_for("不应出具证明清单", place, date(2026, 1, 1)) for place in ("420101", "990101")}
    assert {place: len(one.items) if one else 0 for place, one in found.items()} == {"420101": 21, "990101": 20}
    assert world.list_for("不应出具证明清单", "420101", date(2020, 4, 30)) is None


def test_a_table_is_read_below_its_title_with_every_column() -> None:
    read = table([
        ["青禾县保留证明清单"],
        ["编号", "事项名称", "别名", "依据", "依据层级", "有效期至", "每年次数上限", "备注"],
        ["bl-1", "户籍证明", "户口证明、户籍关系证明", "户口登记条例", "全国", "2027-12-31", 2, "本人申请"],
        ["", "居住证明", "", "", "", "", "", ""],
    ])  # fmt: skip
    event = listing.event_of(read)
    assert read.errors == []
    assert isinstance(event, ListVersioned)
    first, second = event.items
    assert first.model_dump(exclude_defaults=True) == {
        "item": "bl-1",
        "name": "户籍证明",
        "aliases": ("户口证明", "户籍关系证明"),
        "basis": "户口登记条例",
        "basis_level": 0,
        "valid_to": date(2027, 12, 31),
        "most_a_year": 2,
        "note": "本人申请",
    }
    assert second.item.startswith("i-")
    again = listing.event_of(table([["名称"], ["居住证明"], ["户籍证明"]]))
    assert isinstance(again, ListVersioned)
    assert again.items[0].item == second.item  # of its name, wherever it stands


def test_a_calendar_of_days_without_meetings_has_its_days_of_the_week() -> None:
    rows = [
        ["名称", "每周", "期间起", "期间止", "适用范围"],
        ["无会日", "周三、周五", "2026-01-01", "2026-12-31", "全县性会议"],
    ]
    event = listing.event_of(table(rows, kind="无会日历"))
    assert isinstance(event, ListVersioned)
    [item] = event.items
    assert (item.weekdays, item.starts_on, item.applies_to) == ((3, 5), date(2026, 1, 1), ("全县性会议",))


def test_a_local_work_calendar_is_a_calendar() -> None:
    text = """
    kind = "工作日历"
    jurisdiction = "45"
    year = 2026
    basis = "壮族三月三放假通知"
    days_off = [2026-04-20, 2026-04-21]
    work_days = []
    """
    event = listing.event_of(listing.read_toml(text))
    assert isinstance(event, CalendarPublished)
    assert (event.place, len(event.days_off)) == ("45", 2)
    wrong = listing.read_toml(text.replace("year = 2026", "year = 2025"))
    assert listing.event_of(wrong) is None
    assert any("应全部在 year 所写的年份内" in error for error in wrong.errors)


@pytest.mark.parametrize(
    ("rows", "head", "error"),
    [
        ([["名称"], ["甲"], ["甲"]], {}, "第 3 行：编号"),
        ([["编号", "名称"], ["1", "甲"], ["2", "甲"]], {}, "第 3 行：名称 甲 与第 2 行重复"),
        ([["名称", "有效期至"], ["甲", "明年"]], {}, "第 2 行：有效期至"),
        ([["编号", "名称"], ["1", ""]], {}, "第 2 行：名称 缺少此字段"),
        ([["编号", "名称"], ["一 号", "甲"]], {}, "第 2 行：编号 "),
        ([["名称", "每周"], ["甲", "礼拜八"]], {}, "第 2 行：每周应为周一至周日"),
        ([["标题"], ["甲"]], {}, "没有找到表头"),
        ([["名称"]], {}, "清单里没有事项"),
        ([["名称"], ["甲"]], {"kind": "别的清单"}, "清单种类 kind：只能是"),
        ([["名称"], ["甲"]], {"jurisdiction": "9"}, "区划代码 jurisdiction：应为 2、4、6、9 或 12 位区划代码"),
        ([["名称"], ["甲"]], {"basis": None}, "依据文号 basis：应为文字"),
        ([["名称"], ["甲"]], {"extra": 1}, "extra：不认识此项"),
    ],
)
def test_what_is_wrong_is_named_with_its_row_and_nothing_is_stated(
    rows: list[list[Any]], head: dict[str, Any], error: str
) -> None:
    read = table(rows, **head)
    assert listing.event_of(read) is None
    assert any(one.startswith(error) for one in read.errors), read.errors


@pytest.mark.parametrize("text", ["kind = ", "items = 3", ""])
def test_a_broken_toml_is_told(text: str) -> None:
    read = listing.read_toml(text)
    assert listing.event_of(read) is None
    assert read.errors


async def test_the_same_list_is_one_fact_and_a_changed_one_another(intake: Intake) -> None:
    read = table([["名称"], ["户籍证明"]])
    event = listing.event_of(read)
    assert event is not None
    changed = table([["名称"], ["户籍证明"], ["居住证明"]])
    other = listing.event_of(changed)
    assert other is not None
    lines = [
        listing.envelope(read, event, NOW),
        listing.envelope(read, event, NOW),
        listing.envelope(changed, other, NOW),
    ]
    results = [(await intake.batch(line, role="operator"))[0]["result"] for line in lines]
    assert results == ["accepted", "duplicate", "accepted"]


def test_the_command_checks_without_stating(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "清单.xlsx"
    path.write_bytes(ledgers.xlsx([{"name": "清单", "rows": [["名称"], ["户籍证明"], ["户籍证明"]]}]))
    line = ["list", "load", str(path), "--kind", "保留证明清单", "--jurisdiction", "990101", "--dry-run"]
    assert cli.main(line) == 1
    said = capsys.readouterr().out
    assert "第 3 行：名称 户籍证明 与第 2 行重复" in said
    assert "生效日期 valid_from：缺少此字段" in said
    assert "没有载入" in said
    assert cli.main(["list", "load", "certificates-hubei", "--dry-run"]) == 0
    assert "21 项：没有发现问题" in capsys.readouterr().out
    assert cli.main(["list", "load", str(tmp_path / "none.toml")]) == 2
    assert cli.main(["list", "shipped"]) == 0
    assert "certificates-national-2020" in capsys.readouterr().out
