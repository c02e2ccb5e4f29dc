"""发文字号: what people type is read, and what is written is the standard's form."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.doc_no import DocNo, parse_doc_no
from contracts.documents import DocumentIssued

BRACKETS = ("〔〕", "[]", "［］", "（）", "()", "【】", "｛｝", "{}")
NUMBERS = st.builds(
    DocNo,
    code=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12).filter(
        lambda code: "第" not in code
    ),
    year=st.integers(1949, 2099),
    number=st.integers(1, 99999),
)


@given(NUMBERS)
def test_what_is_written_reads_as_what_it_was(number):
    assert parse_doc_no(str(number)) == number


@given(NUMBERS, st.sampled_from(BRACKETS), st.booleans(), st.booleans(), st.booleans())
def test_every_way_of_typing_a_number_is_the_same_number(number, brackets, full_width, zeros, ordinal):
    digits = f"{number.year}", f"{number.number:05d}" if zeros else f"{number.number}"
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    year, serial = (text.translate(wide) if full_width else text for text in digits)
    typed = f" {number.code} {brackets[0]}{year}{brackets[1]} {'第' if ordinal else ''}{serial} 号"
    assert parse_doc_no(typed) == number


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("厅字〔2024〕16号", DocNo("厅字", 2024, 16)),
        ("厅字[2024]016号", DocNo("厅字", 2024, 16)),
        ("中办发〔2012〕18号", DocNo("中办发", 2012, 18)),
        ("国办函〔2026〕12号", DocNo("国办函", 2026, 12)),
    ],
)
def test_golden_numbers(typed, parsed):
    assert parse_doc_no(typed) == parsed


@pytest.mark.parametrize(
    "text", ["国务院令第400号", "国令第711号", "2024年16号", "厅字〔24〕16号", "厅字〔2024〕号", "", "〔2024〕16号"]
)
def test_other_forms_are_no_number(text):
    assert parse_doc_no(text) is None


def test_an_event_carries_the_standard_form_and_leaves_orders_alone():
    assert DocumentIssued(heading="甲", dated=date(2024, 1, 1), doc_no="厅字[2024]016号").doc_no == "厅字〔2024〕16号"
    assert DocumentIssued(heading="甲", dated=date(2024, 1, 1), doc_no="国令第711号").doc_no == "国令第711号"
