"""字数 and sketches: what an adapter computes from a text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.text import MOST_VALUES, SCALE, SHINGLE, containment, count_characters, sketch
from services.monitor.book import RULES

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=200, max_size=600)
SOURCES = Path(str(RULES)).parent / "sources"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" \n\t　", 0),
        ("文件一般不超过5000字。", 10),
        ("電視電話、網絡視頻會議一般不超過90分鐘", 19),
        (
            "（一）OA系统v2.0上线",
            10,
        ),  # brackets count one each; OA, v2 and 0 are runs, the full stop of ASCII is nothing
        ("厅字〔2024〕16号", 7),
        ("“双随机、一公开”", 9),
    ],
)
def test_characters_and_cjk_punctuation_count_one_and_a_run_counts_one(text, count):
    assert count_characters(text) == count


@given(st.text(max_size=200), st.text(max_size=200))
def test_counts_of_parts_add_up(one, other):
    assert count_characters(f"{one}\n{other}") == count_characters(one) + count_characters(other)


@given(HAN)
def test_a_sketch_does_not_see_punctuation_blanks_or_letters(text):
    broken = "，".join(text[i : i + 7] for i in range(0, len(text), 7))
    assert sketch(f"  {broken}\n(A1)") == sketch(text)


@given(HAN, HAN)
def test_containment_in_itself_and_in_a_longer_text_is_whole(part, more):
    values = sketch(part)
    if values:
        assert containment(values, values) == 1
        assert containment(values, sketch(part + more)) == 1


def test_a_text_without_shingles_says_nothing():
    assert sketch("无") == ()
    assert containment((), (1, 2)) is None
    assert containment((1,), ()) == 0


def test_a_sketch_keeps_a_sixteenth_of_the_shingles_and_is_bounded():
    text = (SOURCES / "003_3e4e0392c28b74ff.txt").read_text("utf-8")
    han = [c for c in text if "\u4e00" <= c <= "\u9fff"]
    shingles = {"".join(han[i : i + SHINGLE]) for i in range(len(han) - SHINGLE + 1)}
    values = sketch(text)
    assert list(values) == sorted(set(values))
    assert 0.7 < len(values) * SCALE / len(shingles) < 1.3
    assert all(value < 2**64 // SCALE for value in values)
    many = "".join(chr(0x4E00 + (i * 7919) % 20000) + chr(0x4E00 + (i * 104729) % 19997) for i in range(60_000))
    assert len(sketch(many)) == MOST_VALUES


def test_containment_orders_copies_before_relatives_before_strangers():
    whole = (SOURCES / "003_3e4e0392c28b74ff.txt").read_text("utf-8")
    stranger = (SOURCES / "000_df4d92b880a2cb86.txt").read_text("utf-8")
    half = whole[: len(whole) // 2]
    mixed = half[: len(half) // 2] + stranger[: len(half) // 2]
    shares = [containment(sketch(text), sketch(whole)) for text in (half, mixed, stranger)]
    assert all(share is not None for share in shares)
    copied, partly, hardly = (share or 0 for share in shares)
    assert copied > 0.99
    assert 0.35 < partly < 0.75
    assert hardly < 0.15
