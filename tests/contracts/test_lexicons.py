"""What a text asks for: word lists after negation, quotation, condition, permission and report."""

from pathlib import Path
from time import process_time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import phrases
from contracts.lexicons import lexicons, read_phrases, read_sections, read_terms
from services.monitor.book import RULES

SOURCES = Path(str(RULES)).parent / "sources"
HITS = [(one.id, text) for one in lexicons() for text in one.hits]
MISSES = [(one.id, text) for one in lexicons() for text in one.misses]


def found(text: str, heading: str | None = None) -> set[str]:
    return {one.lexicon for one in read_phrases(text, heading)}


@pytest.mark.parametrize(("lexicon", "text"), HITS)
def test_a_list_finds_the_demands_that_its_file_names(lexicon, text):
    assert lexicon in found(text)


@pytest.mark.parametrize(("lexicon", "text"), MISSES)
def test_a_list_leaves_alone_what_its_file_names(lexicon, text):
    assert lexicon not in found(text)


def test_each_list_that_reads_texts_has_cases_of_both_kinds_and_a_source():
    for one in lexicons():
        assert one.sources, one.id
        assert one.where == "terms" or (one.hits and one.misses), one.id


FORBIDS = [
    "严禁{}。",
    "不得要求基层{}。",
    "各单位要防止{}。",
    "针对要求{}等问题，深入开展整治。",
    "针对文山会海；强令基层{}；重复检查等问题，深入开展整治。",
    "坚决纠治{}等做法。",
    "纪检机关称“要求基层{}就是形式主义”。",
    "《关于要求{}的通知》已废止。",
    "不得有下列行为：\n（一）提前踩点；\n（二）要求基层{}；\n（三）层层陪同。",
    "对要求{}的，一律予以纠正。",
    "今年以来，累计纠正要求{}事项30件。",
]
DEMANDS = [
    ("各村要每日报送进展", "日周报"),
    ("各村须上传照片至工作群", "留痕"),
    ("各镇要与各村签订责任书", "责任状"),
    ("各镇要争创省级示范镇", "创建示范"),
    ("将落实情况纳入年度考核", "督查考核"),
    ("确保安装率达到100%", "强制推广"),
    ("全员每日打卡签到", "打卡排名"),
]


@pytest.mark.parametrize("frame", FORBIDS)
@pytest.mark.parametrize(("demand", "lexicon"), DEMANDS)
def test_a_practice_that_is_forbidden_quoted_or_past_is_no_demand(frame, demand, lexicon):
    assert lexicon in found(f"{demand}。")
    assert lexicon not in found(frame.format(demand.removeprefix("各村").removeprefix("各镇")))


@pytest.mark.parametrize(
    ("text", "lexicon"),
    [
        ("严禁层层加码，各单位要每日报送进展。", "日周报"),
        ("不得要求签订承诺书，但应将落实情况纳入年度考核。", "督查考核"),
        ("减少会议数量。请于每周五前报送进展。", "报送"),
        ("避免重复检查；各镇要加强督导。", "督查考核"),
        ("清理整治情况要纳入年度考核。", "督查考核"),
        ("对工作中发现的问题，各村要每日上报。", "日周报"),
        ("实行“一票否决”。", "一票否决"),
        ("不得有下列行为：\n（一）提前踩点；\n（二）层层陪同。\n各村要每日报送进展。", "日周报"),
    ],
)
def test_a_demand_after_a_prohibition_is_heard(text, lexicon):
    assert lexicon in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "各村要每日報(bào)送(sòng)工作進(jìn)展(zhǎn)。",
        "各村要认真做好排查整改工作，严格落实各项措施，切实加强值班值守，并\n\n— 3 —\n\n每日报送工作进展。",
        "各 村 要 每 日 报 送 工 作 进 展 。",
        "各村要每日**报送**工作进展。",
    ],
)
def test_a_text_that_a_scanner_broke_reads_as_it_was_written(text):
    assert "日周报" in found(text)


def test_the_sentence_is_told_as_written():
    (one,) = [
        one for one in read_phrases("一、要求\n做好防汛。各村要每日報送進展；加強值守。") if one.lexicon == "日周报"
    ]
    assert one.sentences == ("各村要每日報送進展",)


def test_a_report_tells_what_was_done_and_may_only_hide_a_request():
    text = "各镇要每日报送进展。恳请市政府拨付专项资金。"
    assert found(text, "关于防汛工作的通知") >= {"日周报"}
    assert found(text, "关于防汛工作情况的报告") == {"请示事项"}
    assert found(f"关于防汛工作情况的报告\n{text}") == {"请示事项"}


DEMANDED_BY_SOURCES = {
    "000": {"指令": 5, "督查考核": 1},  # 把整治情况纳入巡视巡察监督和考核评价内容
    "001": {},
    "002": {
        "指令": 6,
        "机构编制": 1,
        "干部配备": 1,
        "工资福利": 1,
    },  # 27: 编制资源向基层倾斜、充实一线力量、乡镇工作补贴
    "003": {"指令": 6, "报送": 1, "督查考核": 1},  # 落实情况要及时报告自治区党委; 十三·二是 强化督促检查
    "004": {},
}


@pytest.mark.parametrize("number", sorted(DEMANDED_BY_SOURCES))
def test_a_source_asks_for_nothing_that_it_forbids(number):
    (file,) = SOURCES.glob(f"{number}_*.txt")
    asked = {one.lexicon: len(one.sentences) for one in read_phrases(file.read_text("utf-8"))}
    assert asked == DEMANDED_BY_SOURCES[number]


def test_names_are_read_without_a_sentence_around_them():
    assert {one.lexicon for one in read_terms(["领导批示件数", "会议记录", "工作实绩"])} == {"批示", "开会发文"}
    assert read_terms(["不以拍照留痕为依据"]) == ()


@pytest.mark.parametrize(
    "piece", ["严禁", "的", "严禁等问题对的，", "各村要每日报送进展", "严禁下列：\n", "— 3 —\n", "“", "《", "1 "]
)
def test_no_text_takes_long(piece):
    text = (piece * 200_000)[:200_000]
    start = process_time()
    read_phrases(text)
    read_sections(text)
    assert process_time() - start < 20, "about one second; a quadratic reading takes hours"


def test_a_text_is_parted_by_what_its_headings_say():
    text = (
        "关于做好防汛工作的通知\n各镇：\n一、指导思想\n坚持人民至上。\n二、主要任务\n（一）排查隐患。各镇要排查。\n（二）备足物资。\n"
        "三、保障措施\n（一）加强组织领导。各镇要成立专班。\n2025年6月1日"
    )
    kinds = ["其他", "指导思想", "目标任务", "组织保障", "加强领导"]
    assert [kind for kind, _ in read_sections(text)] == kinds
    assert "备足物资" in dict(read_sections(text))["目标任务"]
    assert "".join(part for _, part in read_sections(text)).replace("\n", "") == text.replace("\n", "")


@given(st.text(st.sampled_from("各村要每日报送严禁不得、，。；：“”《》（）\n一二1— 等问题针对整治的")))
def test_any_text_is_read(text):
    for one in read_phrases(text):
        assert all(sentence.strip() for sentence in one.sentences)


def test_what_the_lists_find_is_what_events_may_say():
    assert tuple(one.id for one in lexicons()) == get_args(phrases.Lexicon)
