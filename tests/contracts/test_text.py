"""字数 and sketches: what an adapter computes from a text."""

import hashlib
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.text import (
    MOST_VALUES,
    SCALE,
    SHINGLE,
    containment,
    count_characters,
    own_ideographs,
    own_wording,
    sketch,
)
from services.monitor.book import RULES

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=200, max_size=600)
MIXED = st.text(
    st.sampled_from('甲乙〇㐀䶿豈\ufaff鿿，。、《》“”〔〕（）"\n 9A𠀀')
    | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    max_size=300,
)
SOURCES = Path(str(RULES)).parent / "sources"
DOCUMENT = """各区人民政府，各有关单位：
现将《关于加强农村道路管理的意见》（沪府发〔2024〕8号）印发给你们，请认真贯彻执行。
一、以习近平新时代中国特色社会主义思想为指导，深入贯彻党的二十届三中全会精神，建立“路长制”工作台账。
二、各镇人民政府和各村民委员会应当在每年第一季度内完成农村道路的排查，逐条登记病害，报区交通部门核定后安排维修；㐀㒒豈〇也是汉字。（责任单位：区交通委员会牵头，各镇配合）
特此通知。
　　二〇二四年五月六日
"""
"""Has each kind of what is left out."""


def by_definition(body: str) -> tuple[int, ...]:
    """Return a sketch as ``SKETCH_METHOD`` describes it, shingle by shingle."""
    own = "".join(run for _, run in own_ideographs(body))
    shingles = {own[at : at + SHINGLE].encode() for at in range(len(own) - SHINGLE + 1)}
    kept = [one for one in shingles if zlib.crc32(one) < 2**32 // SCALE]
    hashes = (int.from_bytes(hashlib.blake2b(one, digest_size=8).digest(), "big") for one in kept)
    return tuple(sorted(value >> 4 for value in hashes)[:MOST_VALUES])


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


def test_a_published_method_gives_the_same_values_for_ever():
    assert own_wording(DOCUMENT) == (
        "各区人民政府一深入贯彻建立工作台账二各镇人民政府和各村民委员会应当在每年第一季度内完成农村道路的排查"
        "逐条登记病害报区交通部门核定后安排维修㐀㒒豈〇也是汉字"
    )
    assert sketch(DOCUMENT) == (366326889563726615, 777116065468315365)


@given(MIXED)
def test_all_shingles_at_once_give_what_one_by_one_gives(text):
    assert own_wording(text) == "".join(run for _, run in own_ideographs(text))
    assert sketch(text) == by_definition(text)


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.txt")), ids=lambda path: path.stem[:3])
def test_real_texts_have_the_sketch_of_the_definition(path):
    text = path.read_text("utf-8")
    values = sketch(text)
    assert values
    assert values == by_definition(text)


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
