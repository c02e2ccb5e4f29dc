"""Every rule file that ships: its cases, its sources, its texts, its parameters and its lock. A new rule adds no test code."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import BY_NAME
from contracts.workdays import Workdays, builtin
from services.monitor import policy, rules_table
from services.monitor.book import alone, load, shipped
from services.monitor.cases import run
from services.monitor.derived import DERIVED
from services.monitor.labels import LEVELS, label, level_name
from services.monitor.rulebook import Case, Rule, RuleBroken, Source, fingerprint, read_rule

TEXTS, PACKS = shipped()
RULES = {name: read_rule(text, name) for name, text in sorted(TEXTS.items())}
LIVE = [pytest.param(rule, id=rule.id) for rule in RULES.values() if rule.status == "live"]
RULED = [param for param in LIVE if isinstance(rule := param.values[0], Rule) and rule.mode == "rule"]
HINTS = [param for param in LIVE if param not in RULED]
CASES = [
    pytest.param(rule, case, id=f"{rule.id}-{number}")
    for rule in RULES.values()
    for number, case in enumerate(rule.cases)
]
SOURCES = [
    pytest.param(source, id=f"{rule.id}-{number}")
    for rule in RULES.values()
    for number, source in enumerate(rule.sources)
]
CALENDAR = builtin()
EXCERPTS = {
    ("整治形式主义为基层减负若干规定", "三", "每個省全年平均每月接受…不超過規定次數"),
    ("整治形式主义为基层减负若干规定", "四", "controlling the borrowing … municipal and above"),
    ("国办发〔2024〕54号", "摘引", "set an upper limit of inspection frequencies"),
    ("整治形式主义为基层减负若干规定", "二", "原則上每年不超過1次"),
    ("整治形式主义为基层减负若干规定", "三", "原则上每部门不超过1项"),
    ("整治形式主义为基层减负若干规定", "五", "原則上最多運行1個面向基層的政務App"),
    ("教师厅〔2025〕2号", "二", "每所学校每年…不超过1项"),
    ("关于统筹规范督查检查考核工作的通知", "摘引", "一般要减少50%以上"),
    ("整治形式主义为基层减负若干规定", "一·1", "年度实际发文数量一般只减不增"),
    ("整治形式主义为基层减负若干规定", "一·1", "以“红头”变“白头”、正式改便笺、多文合一"),
    ("整治形式主义为基层减负若干规定", "一·1", "不得向下级党委和政府发布指令性公文"),
    ("整治形式主义为基层减负若干规定", "一·2", "一般不超过5000字 … 一般不超过4000字"),
    ("整治形式主义为基层减负若干规定", "一·2", "一般不必阐述形势背景、重要意义、主要原则"),
    ("整治形式主义为基层减负若干规定", "一·3", "一般不提出报送贯彻落实情况、制定配套文件的要求"),
    ("整治形式主义为基层减负若干规定", "一·3", "除专门文件外，文件原则上不对…提出具体要求"),
    ("整治形式主义为基层减负若干规定", "三", "不把是否開會發文、拍照留痕…"),
    ("政务移动互联网应用程序规范化管理办法", "五类情况", "督查检查线上化的主要载体"),
    ("关于防治“指尖上的形式主义”的若干意见", "群组", "严禁…强制要求打卡接龙、即时响应"),
    ("创建示范活动管理办法（试行）", "名称", "包含“国家”“中国”…字样"),
    ("党政机关公文处理工作条例", "第十五条（四）", "请示应当一文一事"),
    ("整治形式主义为基层减负若干规定", "一·1", "计划管理、总量管控和发文立项制度"),
    ("整治形式主义为基层减负若干规定", "二", "一般不要求下级主要负责同志参会"),
    ("整治形式主义为基层减负若干规定", "二", "同時參加的會議一般不同時講話"),
    ("整治形式主义为基层减负若干规定", "二", "不超過1小時"),
    ("整治形式主义为基层减负若干规定", "二", "分組討論會議原則上不超過1天半"),
    ("整治形式主义为基层减负若干规定", "三", "不得動輒要求見主要負責同志"),
    ("整治形式主义为基层减负若干规定", "四", "原则上不得从县及以下单位借调干部"),
    ("政务移动互联网应用程序规范化管理办法", "第二条", "县以下(不含县级)单位原则上不得开发建设"),
    ("关于防治“指尖上的形式主义”的若干意见", "功能", "原则上不得设置打卡签到、积分排名、在线时长"),
    ("关于防治“指尖上的形式主义”的若干意见", "监督", "应在政务应用程序中提供投诉建议功能"),
    ("创建示范活动管理办法（试行）", "第四条", "市县级其他党政机关…以及乡镇(街道)不得开展"),
    ("创建示范活动管理办法（试行）", "第三条", "不属于本办法规范的创建示范活动"),
    ("创建示范活动管理办法（试行）", "收费", "不得以任何形式向創建對象收取費用"),
    ("教师厅〔2025〕2号", "二", "不得开展以学校为对象的各类达标活动"),
    ("关于规范社会事务进校园的有关通知（中央教育工作领导小组秘书组 2024 年 4 月）", "白名单", "建立白名单并向社会公布"),
    ("中央和国家机关会议费管理办法", "会期（2013 年文本）", "二、三、四类会议会期不得超过2天"),
    ("中央和国家机关会议费管理办法", "会议分类", "四類會議：是指除上述…其他業務性會議"),
    ("中央和国家机关会议费管理办法", "四类会议（二手来源）", "不超过1天半"),
    ("党政机关公文处理工作条例", "第十四条", "一般不得越级行文"),
    ("党政机关公文处理工作条例", "第十六条（四）", "未协商一致的，不得向下行文"),
    ("党政机关公文处理工作条例", "第十七条", "不得联合行文"),
    ("中国共产党重大事项请示报告条例", "第二十四条", "一般在5000字以内，专项报告一般在3000字以内"),
    ("江苏省推行一表通的通知（2025 年 6 月）", "渠道", "不再以其他渠道向基層采集數據"),
    ("节庆活动管理办法（试行）", "审批", "实行中央和省…分级审批制度"),
    (
        "山东省贯彻《关于解决形式主义突出问题为基层减负的通知》的若干措施（2019）",
        "文件字数",
        "部署专项工作或具体任务的不超过3000字",
    ),
    ("郑州市解决形式主义突出问题为基层减负的措施（2019）", "篇幅", "請示、報告，一般不超過6頁"),
    ("整治形式主义为基层减负若干规定", "一·3", "应当进行与为基层减负一致性评估"),
    ("教师厅〔2025〕2号", "一", "实行发文与基层减负一致性评估机制"),
    ("教师厅〔2025〕2号", "二", "提前1个月明确检查内容、范围与方式"),
    ("关于防治“指尖上的形式主义”的若干意见", "立项", "是否能作为功能模块嵌入到已有政务应用程序"),
    ("政务移动互联网应用程序规范化管理办法", "备案", "禁止以任何形式…使用未经备案的政务应用程序"),
    ("政务移动互联网应用程序规范化管理办法", "清理", "关停使用频率低、实用性不强的“僵尸”“空壳”应用"),
    ("政务移动互联网应用程序规范化管理办法", "时限", "个工作日内完成材料审核和技术检测"),
    ("政府督查工作条例", "总则", "应当严格控制督查频次和时限"),
    ("关于全面推行行政规范性文件合法性审核机制的指导意见", "审核时间", "一般不少于5个工作日，最长不超过15个工作日"),
    ("山东省关于举办节庆活动的批复", "批复", "活動結束後1個月內"),
    ("村级组织挂牌规范方案（山东某地，2023）", "牌子数量", "4块牌子"),
    ("湖北省规范节庆活动的规定（2021）", "周期", "举办周期不低于两年"),
    ("某省规范借调的通知", "期限", "借调时间累计不得超过一年"),
}
"""What was seen of documents whose text is not in the repository; a quote from one of them must be in these words."""

WRITTEN = {1.5: "1天半"}
"""Numbers that sources write in words."""

PROVE = policy.prove


@cache
def proof_of(name: str) -> policy.Proof:
    """Return the proof of a rule that ships, which is made once: each moves every parameter through every case."""
    return PROVE(RULES[name], CALENDAR)


def prove(rule: Rule, calendar: Workdays) -> policy.Proof:
    """Prove a rule as the command does."""
    name = f"{rule.id}.toml"
    return proof_of(name) if rule is RULES.get(name) else PROVE(rule, calendar)


PAGE_NUMBER = re.compile(r"\n\s*[—-]\s*\**\d+\s*\**\s*[—-]\**\s*\n")
PINYIN = re.compile(r"\([a-zà-žāēīōūǎěǐǒǔǖǘǚǜńňǹ]+\)")
UNREADABLE = re.compile(r"None|[@_]|\dT\d")
"""What a machine writes where a person should read: nothing, names of fields, moments in ISO form."""
NOT_TEXT = re.compile(r"[\s*“”\"'‘’]")


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_case_comes_out_as_the_rule_file_says(rule: Rule, case: Case) -> None:
    assert run(rule, case, CALENDAR).failure is None


@pytest.mark.parametrize("rule", RULED)
def test_a_live_rule_shows_a_hit_a_miss_and_what_it_leaves_open_or_excuses(rule: Rule) -> None:
    expected = {case.expect for case in rule.cases}
    assert {"violated", "complied"} <= expected
    assert {"undetermined", "excused"} & expected
    assert any(case.expect == "violated" and (case.alerts or 0) > 0 for case in rule.cases)


@pytest.mark.parametrize("rule", HINTS)
def test_a_hint_shows_what_it_is_given_for_and_what_not_and_never_an_alert(rule: Rule) -> None:
    expected = {case.expect for case in rule.cases}
    assert {"undetermined", "violated"} & expected
    assert {"none", "complied"} & expected
    assert {case.alerts for case in rule.cases} == {0}


@pytest.mark.parametrize("rule", LIVE)
def test_every_exception_excuses_in_some_case(rule: Rule) -> None:
    granted = {
        tried.name
        for case in rule.cases
        for verdict in run(rule, case, CALENDAR).verdicts
        if verdict.outcome == "excused"
        for tried in verdict.exceptions
        if tried.met
    }
    bound = alone(rule)
    assert {*bound.evaluator.excuses(bound.params), *(excuse.name for excuse in rule.exceptions)} <= granted


@pytest.mark.parametrize("rule", LIVE)
def test_every_text_is_said_in_some_case_with_all_its_names_filled_in(rule: Rule) -> None:
    reasons = [verdict.reason for case in rule.cases for verdict in run(rule, case, CALENDAR).verdicts]
    unsaid = [key for key, text in rule.explain.items() if not any(says(text, reason) for reason in reasons)]
    assert not unsaid
    assert not [reason for reason in reasons if UNREADABLE.search(reason)]


def says(template: str, reason: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", template))
    return re.fullmatch(pattern, reason) is not None


@pytest.mark.parametrize("rule", LIVE)
def test_a_parameter_cannot_move_without_a_case_noticing(rule: Rule) -> None:
    assert prove(rule, CALENDAR).loose == ()


@pytest.mark.parametrize("source", SOURCES)
def test_a_quote_stands_in_its_source(source: Source) -> None:
    if source.file is None:
        assert source.url
        assert (source.document, source.clause, source.quote) in EXCERPTS
    else:
        text = (files("services.monitor") / "sources" / source.file).read_text("utf-8")
        assert plain(source.quote) in plain(text)


@pytest.mark.parametrize("rule", LIVE)
def test_a_number_that_no_source_gives_is_marked_as_ours(rule: Rule) -> None:
    quotes = "".join(plain(source.quote) for source in rule.sources)
    for name, parameter in rule.parameters.items():
        value = parameter.value
        if parameter.basis == "source" and isinstance(value, int | float):
            words = {str(value), LEVELS[int(value)]} if name.endswith("level") else {str(value), WRITTEN.get(value, "")}
            words.discard("")
            assert any(word in quotes for word in words), name
    assert list(bare_numbers(rule.decide)) == []


def bare_numbers(node: Any, field: str = "") -> Iterator[tuple[str, object]]:
    """Yield the numbers that a rule decides with outside its parameters; zero and codes of levels are none."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from bare_numbers(value, str(node.get("field", key)))
    elif isinstance(node, list | tuple):
        for value in node:
            yield from bare_numbers(value, field)
    elif isinstance(node, int | float) and not isinstance(node, bool) and node != 0 and not field.endswith("level"):
        yield field, node


def test_a_bare_number_is_seen() -> None:
    assert list(bare_numbers({"tests": [{"fails": [{"field": "pages", "op": "gt", "value": 10}]}]})) == [("pages", 10)]
    assert list(bare_numbers({"when": [{"field": "@to_level", "op": "eq", "value": 3}], "wait": 0})) == []


def plain(text: str) -> str:
    """Leave out what copying and character recognition added: page numbers, pinyin, emphasis, white space, kinds of width."""
    bare = PINYIN.sub("", PAGE_NUMBER.sub("\n", text))
    return NOT_TEXT.sub("", unicodedata.normalize("NFKC", bare))


def test_plain_joins_what_a_page_number_cut_and_drops_pinyin() -> None:
    assert plain("政策性文\n\n-2 -\n\n件制定") == plain("政策性文件制定")
    assert plain("數\n\n— 4 **—**\n\n據") == plain("數據")
    assert plain("持續(xù)解決,困擾") == plain("持續解決，困擾")
    assert plain("甲(一)乙") != plain("甲乙")


def test_the_lock_holds_every_rule() -> None:
    assert policy.check(TEXTS, policy.read_lock()) == []


def test_the_lock_refuses_a_new_meaning_under_an_old_version() -> None:
    locked = policy.seals(TEXTS)
    changed = {**TEXTS, "MTG-19.toml": TEXTS["MTG-19.toml"].replace("value = 90", "value = 60")}
    assert "MTG-19" in policy.refusals(changed, locked)[0]
    bumped = {**changed, "MTG-19.toml": changed["MTG-19.toml"].replace("version = 2", "version = 3")}
    assert policy.refusals(bumped, locked) == []
    assert policy.refusals(TEXTS, policy.seals(bumped)) != []
    assert policy.check(bumped, locked) == ["MTG-19 尚未锁定"]


def test_the_lock_keeps_a_rule_that_once_was_live() -> None:
    gone = {name: text for name, text in TEXTS.items() if name != "MTG-19.toml"}
    assert "MTG-19" in policy.refusals(gone, policy.seals(TEXTS))[0]
    draft = {**TEXTS, "MTG-19.toml": TEXTS["MTG-19.toml"].replace('"live"', '"draft"')}
    assert "MTG-19" in policy.refusals(draft, policy.seals(TEXTS))[0]


def test_a_fingerprint_is_of_the_meaning_alone() -> None:
    text = TEXTS["MTG-19.toml"]
    cut = text.index("\n[[cases]]")
    assert fingerprint(text[:cut]) == fingerprint(text)
    assert fingerprint("# a comment\n" + text) == fingerprint(text)
    late = text[:cut].replace("[explain]", "[hidden]") + text[cut:] + '\n[explain]\nviolated = "别的说法"\n'
    assert fingerprint(late) != fingerprint(text)


def test_the_lock_is_written_once_and_not_over_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "LOCK", tmp_path / "rules.lock")
    assert policy.lock().status == 0
    assert policy.read_lock() == policy.seals(TEXTS)
    changed = {**TEXTS, "MTG-19.toml": TEXTS["MTG-19.toml"].replace("value = 90", "value = 60")}
    monkeypatch.setattr(policy, "shipped", lambda: (changed, PACKS))
    report = policy.lock()
    assert report.status == 1
    assert "MTG-19" in report.text
    assert policy.read_lock() == policy.seals(TEXTS)


def test_the_policy_test_reports_every_rule_and_fails_with_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "prove", prove)
    report = policy.test()
    assert report.status == 0
    assert all(rule.id in report.text for rule in RULES.values())
    assert re.search(r"[0-9]+ 个参数，[0-9]+ 个两侧都有案例；0 处可以改动而没有案例察觉", report.text)
    broken = {**TEXTS, "MTG-19.toml": TEXTS["MTG-19.toml"].replace("value = 90", "value = 91")}
    monkeypatch.setattr(policy, "shipped", lambda: (broken, PACKS))
    report = policy.test()
    assert report.status == 1
    assert "MTG-19 “视频会议 91 分钟（黄金检查 G-10）”" in report.text
    monkeypatch.setattr(policy, "shipped", lambda: ({**TEXTS, "MTG-19.toml": "id = "}, PACKS))
    assert policy.test().status == 1


FAULTS = [
    ("MTG-19.toml", 'field = "mode"', 'field = "modus"', "no field modus"),
    ("MTG-19.toml", '"mtg.convened"]', '"mtg.cancelled"]', "no published event"),
    ("INS-02.toml", '"ins.launched"]', '"ins.visit"]', "does not speak of"),
    ("CRT-01.toml", '"cert.demanded"]', '"sch.held"]', "looks up none of these lists"),
    ("MTG-19.toml", 'field = "@duration_minutes"', 'field = "@workdays_to_due"', "no field @workdays_to_due"),
    ("MTG-19.toml", 'kind = "whole"', 'kind = "guess"', "no evaluator guess"),
    ("MTG-19.toml", "violated = ", "broken = ", "lacks ['violated']"),
    ("MTG-19.toml", "complied = ", "praised = ", "which nothing says"),
    ("MTG-19.toml", "超过 {limit} 分钟", "超过 {most} 分钟", "['most']"),
    ("MTG-19.toml", "超过 {limit} 分钟", "超过 {limit 分钟", "braces"),
    ("MTG-19.toml", 'value = "$most_minutes"', 'value = "$most"', "names no parameter"),
    ("MTG-19.toml", 'op = "gt", value = "$most_minutes"', 'op = "gt"', "needs a value"),
    ("MTG-19.toml", 'force = "原"', 'force = "软"', "force"),
    ("MTG-19.toml", 'id = "MTG-19"', 'id = "MTG-99"', "must be named MTG-99.toml"),
    ("MTG-19.toml", 'status = "live"', 'status = "live"\nmood = "good"', "mood"),
    ("DOC-13.toml", 'severity = "info"', 'severity = "warning"', "the severity of a hint is info"),
    ("DOC-15.toml", "value = 90", "value = 121", "wider than the relation's 120"),
    ("INS-09.toml", "value = 30", "value = 46", "wider than the relation's 45"),
    ("MTG-06.toml", "value = 10", "value = 17", "wider than the relation's 45"),
    ("DOC-15.toml", "value = 0.7", "value = 1.7", "threshold"),
    ("DOC-15.toml", "value = 0.5", "value = 0.9", "open_from must not be above threshold"),
    ("SEC-05.toml", "too_long = ", "much_too_long = ", "lacks ['too_long']"),
    ("DOC-06.toml", 'field = "requires_matching"', 'field = "requires_nothing"', "no field requires_nothing"),
    ("DOC-01.toml", 'field = "approval_ref"', 'field = "approval"', "no field approval"),
]


@pytest.mark.parametrize(("name", "good", "bad", "says"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_in_a_rule_file_is_named_when_it_is_loaded(name: str, good: str, bad: str, says: str) -> None:
    assert good in TEXTS[name]
    with pytest.raises(RuleBroken, match=re.escape(says)):
        load({**TEXTS, name: TEXTS[name].replace(good, bad)}, PACKS)


def test_two_files_with_one_id_are_refused() -> None:
    with pytest.raises(RuleBroken, match="two files have this id"):
        load({**TEXTS, "copies/MTG-19.toml": TEXTS["MTG-19.toml"]}, PACKS)


@pytest.mark.parametrize(
    "fact",
    [
        '{ type = "mtg.held" }',
        '{ type = "mtg.convened", when = 2025-05-12 }',
        '{ type = "mtg.convened", data = { topic = "会" } }',
    ],
)
def test_a_case_that_is_no_fact_is_refused(fact: str) -> None:
    text = TEXTS["MTG-19.toml"].split("\n[[cases]]")[0]
    broken = read_rule(f'{text}\n[[cases]]\nname = "坏案例"\nexpect = "none"\nfacts = [{fact}]\n', "MTG-19.toml")
    with pytest.raises(RuleBroken, match="MTG-19 case 坏案例: fact 0"):
        run(broken, broken.cases[0], CALENDAR)


NEW_RULE = """
id = "MTG-89"
version = 1
title = "一次会议不超过五十人"
status = "live"
force = "倡"
severity = "info"
effective_from = 2024-01-01
known_from = 2024-01-01

[[sources]]
document = "示例规定"
clause = "1"
quote = "一次会议不超过五十人"
url = "https://example.invalid/"

[parameters.most]
value = 50
basis = "source"
note = "人，含本数"

[decide]
kind = "event"
on = ["mtg.convened"]
shows = { people = "actual_attendees" }
tests = [{ fails = [{ field = "actual_attendees", op = "gt", value = "$most" }], shows = { limit = "$most" } }]

[explain]
violated = "到会 {people} 人，超过 {limit} 人。"

[[cases]]
name = "到会 51 人"
expect = "violated"
says = "到会 51 人，超过 50 人"
alerts = 1
facts = [{ type = "mtg.convened", data = { topic = "会", starts_at = 2025-05-12T09:00:00, actual_attendees = 51 } }]

[[cases]]
name = "到会 50 人"
expect = "complied"
alerts = 0
facts = [{ type = "mtg.convened", data = { topic = "会", starts_at = 2025-05-12T09:00:00, actual_attendees = 50 } }]
"""
NEW_PACK = 'id = "example"\ntitle = "示例"\nplace = "98"\nbasis = "示例"\n[rules]\nMTG-89 = {}\n'


def test_one_file_makes_a_new_rule() -> None:
    book = load({**TEXTS, "MTG-89.toml": NEW_RULE}, {**PACKS, "example.toml": NEW_PACK})
    rule = book.rules["MTG-89"]
    proof = policy.prove(rule, CALENDAR)
    assert proof.failures == ()
    assert proof.held == ("most",)
    assert book.bound("MTG-89", "9801") is not None
    assert book.bound("MTG-89", "9901") is None


def test_a_parameter_that_may_move_is_named_with_the_way() -> None:
    text = NEW_RULE.replace("actual_attendees = 50", "actual_attendees = 40").replace("，超过 50 人", "")
    assert text != NEW_RULE
    proof = policy.prove(read_rule(text, "MTG-89.toml"), CALENDAR)
    assert proof.loose == ("most 可以调低到 49",)
    assert proof.held == ()


def test_a_list_needs_a_case_of_what_is_not_in_it() -> None:
    whole = read_rule(TEXTS["DOC-06.toml"], "DOC-06.toml")
    assert (whole.parameters.keys() & {"forms"}, policy.prove(whole, CALENDAR).unbounded) == ({"forms"}, ())
    shown = set(whole.parameters["forms"].value)  # type: ignore[arg-type]
    inside = tuple(
        case for case in whole.cases if not {one["data"].get("form") for one in case.facts if "data" in one} - shown
    )
    assert len(inside) < len(whole.cases)
    assert policy.prove(whole.model_copy(update={"cases": inside}), CALENDAR).unbounded == ("forms",)


def test_the_table_of_rules_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_table.main(["--check"]) == 0
    monkeypatch.setattr(rules_table, "FILE", tmp_path / "rules.md")
    assert rules_table.main(["--check"]) == 1
    assert rules_table.main([]) == 0
    assert rules_table.main(["--check"]) == 0


def test_every_field_that_a_rule_may_read_has_a_chinese_name() -> None:
    fields = {field for event in BY_NAME.values() if event.is_act for field in event.model_fields} | set(DERIVED)
    unnamed = sorted(field for field in fields if label(field) == field)
    assert not unnamed
    assert label("上位文件.sketch") == "上位文件的文本指纹"
    assert label("保留证明清单") == "保留证明清单"
    assert [level_name(level) for level in LEVELS] == list(LEVELS.values())
    assert level_name(None) == "未载明层级"
