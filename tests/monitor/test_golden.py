"""The golden checks of the design: each one visible test, by cases of rule files where a rule decides it."""

from datetime import date, timedelta

import pytest
from stdnum.cn import uscc

from contracts.doc_no import parse_doc_no
from services.monitor.conditions import shown as as_shown
from tests.monitor.rows import BOOK, CALENDAR, Shown, shown

CASES = {
    "G-1": [Shown("DOC-21", "恰为 10 页", "complied"), Shown("DOC-22", "10 页约 6160 字", "violated")],
    "G-2": [
        Shown("RPT-01", "国庆前一日收到，节后首日截止", "violated"),
        Shown("RPT-01", "国庆前一日收到，节后第二日截止", "complied"),
        Shown("RPT-01", "春节前的调休周六算工作日", "complied"),
        Shown("RPT-01", "调休周日算工作日：周五收到，周一截止", "complied"),
        Shown("RPT-01", "跨入尚未公布安排的年份", "undetermined"),
    ],
    "G-3": [Shown("SEC-01", "清理期间的不判", "none"), Shown("SEC-01", "清理后首日起判", "violated")],
    "G-7": [
        Shown("CRT-01", "按国家清单，健在证明不应出具", "violated"),
        Shown("CRT-01", "湖北清单没有健在", "undetermined"),
        Shown("CRT-01", "湖北清单增加的转学证明", "violated"),
    ],
    "G-8": [Shown("DOC-08", "上位文件声明不再配套，县里引其文号再配套", "violated")],
    "G-9": [Shown("SEC-05", "三个月的借用被 3 天返回隔开", "violated")],
    "G-10": [
        Shown("MTG-19", "视频会议 91 分钟", "violated"),
        Shown("MTG-19", "视频会议 89 分钟", "complied"),
        Shown("MTG-18", "现场会议 4 小时 1 分", "violated"),
    ],
}
DUE = [
    (date(2026, 9, 30), date(2026, 10, 9)),
    (date(2026, 2, 13), date(2026, 2, 24)),
    (date(2026, 9, 18), date(2026, 9, 21)),
    (date(2026, 12, 30), None),
]
"""Day of receipt -> the earliest last day of two working days; ``None``: the year has no calendar yet."""


@pytest.mark.parametrize("row", CASES)
def test_a_golden_check_is_a_case_of_a_rule(row: str) -> None:
    for one in CASES[row]:
        shown(one)


def test_g_1_ten_pages_are_6160_characters() -> None:
    assert 10 * 22 * 28 == 6160
    assert BOOK.rules["DOC-21"].parameters["most_pages"].value == 10


@pytest.mark.parametrize(("received", "due"), DUE, ids=[str(received) for received, _ in DUE])
def test_g_2_two_working_days_after_receipt(received: date, due: date | None) -> None:
    days = [received + timedelta(days=step) for step in range(15)]
    enough = [day for day in days if (CALENDAR.between(received, day) or 0) >= 2]
    assert (enough[0] if enough else None) == due


def test_g_3_the_end_of_february_2024_is_its_29th() -> None:
    assert BOOK.rules["SEC-01"].effective_from - timedelta(days=1) == date(2024, 2, 29)


def test_g_4_a_rate_printed_shorter_is_the_same_rate() -> None:
    rate = as_shown(20381 / 24227 * 100)
    assert isinstance(rate, float)
    assert rate != 84.12
    assert abs(rate - 84.12) < 0.0101


@pytest.mark.parametrize(
    ("code", "valid"),
    [("91110000101623741K", True), ("911101066976941872", True), ("91350211M0000XUF46", False)],
)
def test_g_5_a_code_of_a_unit_has_its_check_character(code: str, valid: bool) -> None:
    assert uscc.is_valid(code) is valid


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("厅字〔2024〕16号", "厅字〔2024〕16号"),
        ("中办发〔2012〕18号", "中办发〔2012〕18号"),
        ("国办函〔2026〕12号", "国办函〔2026〕12号"),
        ("厅字[2024]016号", "厅字〔2024〕16号"),
    ],
)
def test_g_6_document_numbers_are_read_and_normalised(written: str, meant: str) -> None:
    assert str(parse_doc_no(written)) == meant
