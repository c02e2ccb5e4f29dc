"""Every row of the conflict table is one test: by cases of rule files where rules decide it, by the shipped packs where places do."""

import re
from datetime import date
from typing import Any

import pytest

from services.monitor.book import load, shipped
from services.monitor.cases import read_fact
from services.monitor.domain import Verdict, fold
from services.monitor.rulebook import RuleBroken
from services.monitor.world import REFERENCE, build
from tests.monitor.rows import BOOK, CALENDAR, Shown, shown
from tests.oracle import judge_all

RULES, PACKS = shipped()
CASES = {
    "C-01 length": [
        Shown("DOC-22", "专项文件 4001 字", "violated"),
        Shown("DOC-22", "部署综合性工作的文件", "excused"),
        Shown("DOC-22", "10 页约 6160 字", "violated"),
        Shown("DOC-21", "恰为 10 页", "complied"),
        Shown("N-69", "专项文件 3001 字", "violated"),
        Shown("N-70", "请示 7 页", "violated"),
    ],
    "C-02 matching documents": [
        Shown("DOC-06", "上位文件没有要求而制发实施细则", "violated"),
        Shown("DOC-07", "县里已为上级文件配套，乡镇再为", "violated"),
        Shown("DOC-08", "上位文件声明不再配套，县里引其文号再配套", "violated"),
        Shown("DOC-09", "配套文件没有核准文号", "violated"),
        Shown("N-08", "要求制定配套文件", "violated"),
    ],
    "C-03 second meetings": [
        Shown("MTG-06", "自治区（省级）视频会议已开到县", "violated"),
        Shown("MTG-07", "上级视频会议已开到本级，两天后再层层开会", "violated"),
        Shown("MTG-08", "省级会议开到县，市里又开：只作提示", "violated"),
    ],
    "C-04 merging": [Shown("N-04", "多文合一也算", "violated")],
    "C-05 schools": [
        Shown("N-40", "提前不足一个月", "violated"),
        Shown("INS-10", "对学校的检查不进入基数（C-05）", "none"),
        Shown("N-40", "检查对象不是学校", "none"),
    ],
    "C-06 levels and teachers": [
        Shown("SEC-01", "市直单位借调县直工作人员不在“县以下”之内", "complied"),
        Shown("N-19", "市直单位从县直单位借调", "violated"),
        Shown("SEC-01", "教师由 SEC-05 管", "none"),
        Shown("N-19", "教师由 SEC-05 管", "none"),
        Shown("SEC-05", "条件齐备", "excused"),
        Shown("SEC-05", "恰满三个月", "complied"),
        Shown("SEC-05", "超过一天", "violated"),
    ],
    "C-07 lists by place": [
        Shown("CRT-01", "按国家清单，健在证明不应出具", "violated"),
        Shown("CRT-01", "湖北清单没有健在", "undetermined"),
        Shown("CRT-01", "湖北清单增加的转学证明", "violated"),
        Shown("CRT-01", "国家清单没有转学", "undetermined"),
    ],
    "C-08 groups": [
        Shown("RPT-02", "微信群里派任务", "violated"),
        Shown("N-23", "公众账号不在办法之内", "none"),
        Shown("APP-07", "都有", "complied"),
    ],
    "C-09 the monitor itself": [
        Shown("N-24", "督查检查线上化", "violated"),
        Shown("N-24", "积分排名", "violated"),
        Shown("GOV-06", "一个月三次", "violated"),
    ],
    "C-10 publication": [Shown("GOV-05", "没有载明批准机关", "undetermined")],
    "C-11 frozen baselines": [
        Shown("N-01", "上年 3 件，今年 4 件，没有说明", "violated"),
        Shown("N-01", "与上年持平", "complied"),
    ],
    "C-13 closing": [
        Shown("CLU-04", "当日办结并反馈", "complied"),
        Shown("CLU-04", "办结而不反馈", "violated"),
    ],
    "C-14 law and known": [
        Shown("DOC-22", "全文公布之前的文件，判违反而不预警", "violated"),
        Shown("DOC-22", "公布当日起预警", "violated"),
        Shown("N-23", "办法施行之前建的不判", "none"),
    ],
    "C-16 a third class": [
        Shown("KPI-04", "恰为 5% 和 90%，其余 5% 属其他类", "complied"),
        Shown("KPI-04", "没有过程控制类，其他类 10%", "complied"),
    ],
}


@pytest.mark.parametrize("row", CASES)
def test_a_conflict_is_settled_by_cases(row: str) -> None:
    for one in CASES[row]:
        shown(one)


def judged(place: str, *shorts: dict[str, Any]) -> dict[str, Verdict]:
    """Return what the shipped book says there of the last fact, by rule."""
    facts = [read_fact({"place": place, **short}, number, "test") for number, short in enumerate(shorts)]
    acts = fold(facts)
    world = build([act for act in acts if isinstance(act.event, REFERENCE)], CALENDAR)
    return {one.rule: one for one in judge_all(BOOK, acts, world) if one.subject == facts[-1].fact_id}


def document(**data: Any) -> dict[str, Any]:
    return {"type": "doc.issued", "data": {"heading": "关于推进有关工作的通知", "dated": date(2025, 9, 1), **data}}


def test_c_01_every_limit_that_applies_is_reported_where_it_is_law() -> None:
    long = document(doc_class="专项", char_count=4500, approver="部门", approver_level=1)
    shandong, ningxia = judged("3701", long), judged("6401", long)
    assert (shandong["DOC-22"].outcome, shandong["N-69"].outcome) == ("violated", "violated")
    assert (shandong["DOC-22"].numbers["limit"], shandong["N-69"].numbers["limit"]) == (4000, 3000)
    assert ningxia["DOC-22"].outcome == "violated"
    assert "N-69" not in ningxia
    request = document(heading="关于某事项的请示", genre="请示", pages=7)
    assert judged("410102", request)["N-70"].outcome == "violated"
    assert "N-70" not in judged("4102", request)


def test_c_03_how_grave_a_second_meeting_is_depends_on_the_place() -> None:
    assert BOOK.rules["MTG-06"].severity == "serious"
    assert BOOK.rules["MTG-07"].severity == "warning"
    assert "有新的工作安排" in {one.name for one in BOOK.rules["MTG-07"].exceptions}
    assert "有新的工作安排" not in {one.name for one in BOOK.rules["MTG-06"].exceptions}
    assert [BOOK.bound(rule, place) is not None for place in ("64", "6101XX") for rule in ("MTG-06", "MTG-07")] == [
        True,
        False,
        False,
        True,
    ]


def praised(text: str) -> bool:
    """Tell whether a rule holds merging for lawful by itself: an exception that asks for nothing but that things were merged."""
    excuses = re.findall(r"\[\[exceptions\]\](.*?)(?=\n\[|\Z)", text, re.DOTALL)
    return any('field = "merged"' in excuse or "套开" in excuse for excuse in excuses)


def test_c_04_merging_excuses_nothing() -> None:
    assert not [name for name, text in RULES.items() if praised(text)]
    assert praised('[[exceptions]]\nname = "合并套开"\nwhen = []\n')


def spares_schools(text: str) -> bool:
    """Tell whether a rule that wants inspections unannounced leaves schools out, whose inspections must be announced (N-40)."""
    says, _, _ = text.partition("[[cases]]")
    return "四不两直" not in says.partition("[decide]")[2] or "学校" in says or 'mode = "hint"' in says


def test_c_05_unannounced_inspections_are_not_asked_of_schools() -> None:
    assert not [name for name, text in RULES.items() if not spares_schools(text)]
    assert not spares_schools('[decide]\nmode = "四不两直"\n[[cases]]\n')


def test_c_08_tasks_in_groups_are_barred_where_the_clause_is_law_and_nowhere_else() -> None:
    task = {
        "type": "rpt.demanded",
        "data": {
            "subject_matter": "生猪存栏",
            "kind": "统计数据",
            "sent_at": "2025-09-01T09:00:00+08:00",
            "channel": "微信群",
        },
    }
    assert judged("6101XX", task)["RPT-02"].outcome == "violated"
    assert "RPT-02" not in judged("6401", task)


def test_c_10_publication_is_a_matter_for_a_person() -> None:
    assert BOOK.rules["GOV-05"].mode == "hint"


def test_c_11_a_baseline_stays_what_was_filed_first() -> None:
    plan = {"kind": "发文", "year": 2025, "items": []}
    filed = {"type": "plan.filed", "time": date(2025, 1, 6), "data": {**plan, "base": 1}}
    issued = [{**document(dated=date(2025, 9, day)), "id": f"d{day}"} for day in (1, 2)]
    world = build([], CALENDAR)
    acts = fold([read_fact({"place": "31", **short}, number, "test") for number, short in enumerate([filed, *issued])])
    [found] = [one for one in judge_all(BOOK, acts, world) if one.rule == "N-01"]
    assert (found.outcome, found.numbers["cap"]) == ("violated", 1)


def test_c_12_who_is_barred_stays_barred_when_listed_and_approved() -> None:
    started = {
        "demonstration": "cj-1",
        "name": "平安乡镇创建",
        "starts_on": date(2025, 9, 1),
        "host_kind": "党委政府部门",
        "host_level": 3,
        "out_of_scope": "否",
        "list_item": "01",
        "approval_ref": "青政批〔2025〕1号",
    }
    listed = {"kind": "创建示范清单", "place": "64", "valid_from": date(2025, 1, 1), "basis": "创建示范清单"}
    items = [{"item": "01", "name": "平安乡镇创建"}]
    facts = (
        {"type": "list.versioned", "data": {**listed, "items": items}},
        {"type": "dem.started", "time": date(2025, 9, 1), "data": started},
    )
    found = judged("640104", *facts)
    assert found["DEM-01"].outcome == "complied"
    assert found["N-32"].outcome == "violated"


def test_c_13_a_rate_of_closing_alone_accuses_nobody() -> None:
    rates = [rule for name, rule in BOOK.rules.items() if name in ("CLU-03", "CLU-05")]
    assert not [rule.id for rule in rates if rule.severity != "info"]


def test_c_15_the_provisions_are_cited_as_rules_of_the_party() -> None:
    assert "党内法规" in BOOK.packs["national-2024"].basis
    wrong = re.compile("若干规定[^。；]{0,6}(是|属于|为)行政法规")
    assert not [name for name, text in {**RULES, **PACKS}.items() if wrong.search(text)]


def test_c_17_what_a_window_counts_changes_with_corrections() -> None:
    filed = {
        "type": "plan.filed",
        "time": date(2025, 1, 6),
        "data": {"kind": "发文", "year": 2025, "items": [], "base": 1},
    }
    both = [{**document(dated=date(2025, 9, day)), "id": f"d{day}"} for day in (1, 2)]
    outcomes = []
    for facts in ([filed, *both], [filed, both[0]]):
        acts = fold([read_fact({"place": "31", **short}, number, "test") for number, short in enumerate(facts)])
        outcomes += [one.outcome for one in judge_all(BOOK, acts, build([], CALENDAR)) if one.rule == "N-01"]
    assert outcomes == ["violated", "complied"]


def test_c_18_the_provincial_measures_are_not_cited_by_the_notice_that_they_open_with() -> None:
    sources = [source for rule in BOOK.rules.values() for source in rule.sources if source.file]
    provincial = {source.document for source in sources if source.file and source.file.startswith("002_")}
    assert provincial == {"省级解决困扰基层形式主义问题三十条措施"}
    assert BOOK.packs["province-2019"].effective_from == date(2019, 3, 1)


def pack(id_: str, body: str) -> dict[str, str]:
    return {f"{id_}.toml": f'id = "{id_}"\ntitle = "测试包"\nbasis = "测试"\n{body}\n'}


def test_n_22_no_pack_allows_more_than_what_holds_above_it() -> None:
    looser = pack(
        "county", 'place = "6401"\neffective_from = 2022-01-01\n[rules.DOC-22]\nparameters = { most_special = 4500 }'
    )
    with pytest.raises(RuleBroken, match="most_special = 4500 allows more than 4000 of national-2024"):
        load(RULES, {**PACKS, **looser})
    stricter = load(
        RULES, {**PACKS, **pack("county", 'place = "6401"\n[rules.DOC-22]\nparameters = { most_special = 3500 }')}
    )
    bound = stricter.bound("DOC-22", "640104")
    assert bound is not None
    assert bound.values["most_special"] == 3500


def test_the_nearest_pack_cites_what_is_law_there_first_and_names_the_others() -> None:
    bound = BOOK.bound("DOC-22", "6401")
    assert bound is not None
    assert [source.clause for source in bound.sources] == ["二", "一·2"]
    county = load(
        RULES,
        {**PACKS, **pack("county", 'place = "6401"\ndocuments = ["整治形式主义为基层减负若干规定"]\n[rules.DOC-22]')},
    )
    nearest = county.bound("DOC-22", "6401")
    assert nearest is not None
    assert nearest.pack == "county"
    assert [source.clause for source in nearest.sources] == ["一·2", "二"]


def test_what_was_law_above_holds_before_a_nearer_pack_takes_it_up_unchanged() -> None:
    late = pack("county", 'place = "6401"\neffective_from = 2026-01-01\n[rules.DOC-22]')
    bound = load(RULES, {**PACKS, **late}).bound("DOC-22", "6401")
    assert bound is not None
    assert bound.in_force(date(2025, 9, 1))
