"""区划代码: the parent is a prefix, and the nation is above all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.jurisdiction import NATION, PATTERN, is_code, is_within, level_of, path_of

CODES = st.from_regex(PATTERN, fullmatch=True)


@given(CODES)
def test_a_path_leads_from_the_nation_down_to_the_code(code):
    path = path_of(code)
    assert path[0] == NATION
    assert path[-1] == code
    assert [level_of(one) for one in path] == list(range(level_of(code) + 1)) or code.startswith(NATION)
    assert all(is_within(code, one) for one in path)


@given(CODES, CODES)
def test_a_code_lies_within_another_exactly_when_that_is_in_its_path(code, other):
    assert is_within(code, other) == (other in path_of(code))


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("00", 0),
        ("99", 1),
        ("9901", 2),
        ("990101", 3),
        ("61A1", 2),
        ("990101001", 4),
        ("990101001201", 5),
        ("6101A0", 3),
    ],
)
def test_levels_follow_the_length(code, level):
    assert level_of(code) == level


@pytest.mark.parametrize(
    "text", ["", "9", "990", "99010", "9901011", "A9", "99-1", "990101001201001", "99０1", "9901\n"]
)
def test_what_is_no_code(text):
    assert not is_code(text)
    with pytest.raises(ValueError, match="not a jurisdiction code"):
        level_of(text)
