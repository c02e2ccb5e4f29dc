"""Aligned passages: what two texts share is found once, in order, and shown as it is printed."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.passages import SHORTEST_PASSAGE, SHORTEST_RUN, compare, grouped, tiles
from contracts.text import own_parts, sketch

WORDS = st.text("甲乙丙丁", max_size=60)
COPIED = "各镇人民政府和各村民委员会应当在每年第一季度内完成农村道路的排查，逐条登记病害，报区交通部门核定后安排维修"
OWN = "我镇山区道路多、车流少，先修学校和卫生院门前的三条路，其余按村民代表会议议定的次序进行"


@given(WORDS, WORDS)
@settings(max_examples=300)
def test_runs_are_the_same_in_both_texts_and_use_no_character_twice(child, parent):
    runs = tiles(child, parent, 3)
    for at, other, length in runs:
        assert length >= 3
        assert child[at : at + length] == parent[other : other + length]
    for texts in (
        [at for run in runs for at in range(run.child, run.child + run.length)],
        [at for run in runs for at in range(run.parent, run.parent + run.length)],
    ):
        assert len(texts) == len(set(texts))


@given(WORDS, WORDS)
def test_groups_keep_every_run_in_order(child, parent):
    runs = tiles(child, parent, 2)
    groups = grouped(runs, 5)
    assert [run for group in groups for run in group] == runs
    for group in groups:
        for one, after in pairwise(group):
            assert 0 <= after.child - one.child - one.length <= 5
            assert 0 <= after.parent - one.parent - one.length <= 5


def test_a_passage_is_shown_as_printed_with_what_was_changed():
    child = f"{OWN}。{COPIED.replace('每年第一季度', '二〇二五年三月')}。"
    found = compare(child, f"总则。{COPIED}。附则。")
    (passage,) = found.passages
    assert "".join(piece.text for piece in passage.child) in child
    assert "".join(piece.text for piece in passage.parent) == COPIED
    changed = [piece.text for piece in passage.child if not piece.same]
    assert "二〇二五年三月" in "".join(changed)
    assert passage.same == sum(len(piece.text) for piece in passage.child if piece.same) - 2  # two commas
    assert 0.3 < found.share < 0.5


def test_a_name_that_a_text_repeats_is_matched_as_often_as_the_other_has_it():
    name = "镇限额以下小型建设工程管理服务事项办法"
    assert len(tiles("，各村应知晓".join([name] * 9), name)) == 1
    assert len(tiles("，各村应知晓".join([name] * 9), f"{name}以及其他各项{name}")) == 2


def test_what_is_cited_and_what_everybody_says_is_not_compared():
    cited = "《关于加强农村村民住房建设管理工作的若干意见》（沪府发〔2024〕8号）"
    said = "以习近平新时代中国特色社会主义思想为指导，深入贯彻党的二十大和二十届三中全会精神"
    law = "《中华人民共和国道路交通安全法》第二十九条规定：道路、停车场和道路配套设施的规划、设计、建设，应当符合道路交通安全、畅通的要求。"
    for text in (cited, said, law, "“长效管护、村民自治、以奖代补、考核兑现、公示公开”"):
        assert not compare(f"{text}。{OWN}", f"{text}。{COPIED}").passages, text
    assert compare(f"{COPIED}。{OWN}", COPIED).passages


def test_a_whole_text_in_quotation_marks_is_no_quotation():
    text = f"{COPIED}。{OWN}。" * 4
    quoted = f"“{text}”"
    assert "".join(quoted[start:end] for start, end in own_parts(quoted)) == quoted


def test_a_text_that_is_one_repetition_costs_no_square_of_its_length():
    for text in ("报" * 80_000, "报告" * 40_000, "".join(chr(0x4E00 + at * 37 % 4000) for at in range(300)) * 60):
        assert compare(text, text).share == 1
        assert compare(text, text[: len(text) // 2]).share == 0.5
    assert compare("报" * 80_000, COPIED * 1000).share == 0


def test_a_phrase_that_the_other_text_repeats_very_often_is_found():
    often = "，各村应知晓".join([COPIED] * 30)
    assert compare(f"{OWN}。{COPIED}", often).copied == compare(f"{OWN}。{COPIED}", COPIED).copied > 0


def test_a_short_text_is_not_judged():
    assert compare(COPIED, COPIED).result == "short"
    assert compare(COPIED * 8, COPIED).result in {"own", "copied", "open"}
    assert SHORTEST_PASSAGE > SHORTEST_RUN


def test_a_sketch_sees_only_own_wording():
    assert sketch(f"{COPIED}《关于加强农村村民住房建设管理工作的若干意见》{OWN}" * 3) == sketch(f"{COPIED}{OWN}" * 3)
