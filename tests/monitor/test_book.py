"""Packs: the nearest one decides, they inherit, and a fault in one is named."""

import re
from datetime import date, datetime

import pytest

from contracts.workdays import builtin
from services.monitor.book import load, shipped
from services.monitor.cases import read_fact
from services.monitor.domain import CHINA, Verdict, fold
from services.monitor.rulebook import RuleBroken
from services.monitor.world import build
from tests.oracle import judge_all

RULES, PACKS = shipped()
BOOK = load(RULES, PACKS)
MEETING = {"mode": "网络视频", "starts_at": datetime(2025, 5, 12, 9, tzinfo=CHINA)}
NINGXIA = "中共宁夏回族自治区委员会办公厅关于着力纠治15个方面突出问题扎实做好为基层减负工作的通知"


def pack(id_: str, body: str) -> dict[str, str]:
    return {f"{id_}.toml": f'id = "{id_}"\ntitle = "测试包"\nbasis = "测试"\n{body}\n'}


def unplanned(place: str, day: date) -> list[Verdict]:
    short = {
        "type": "doc.issued",
        "place": place,
        "data": {"heading": "通知", "doc_no": "测发〔2024〕1号", "dated": day},
    }
    world = build((), builtin())
    return [one for one in judge_all(BOOK, fold([read_fact(short, 0, "test")]), world) if one.rule == "DOC-01"]


def test_a_place_has_the_rules_of_its_packs_and_of_those_above_it() -> None:
    national = {*BOOK.packs["national-2024"].rules, *BOOK.packs["national-norms"].rules}
    assert set(BOOK.for_place("31")) == national > {"DOC-22", "N-01"}
    assert set(BOOK.for_place("640104")) == set(BOOK.for_place("64")) > set(BOOK.for_place("00"))
    assert set(BOOK.for_place("990101001")) == set(BOOK.rules) - set(BOOK.packs["demo-county"].without)
    assert BOOK.bound("RPT-03", "64") is None


def test_what_is_remembered_of_places_does_not_grow_with_their_names() -> None:
    book = load(RULES, PACKS)
    found = {id(book.speaking(f"990101{town:03}", "doc.issued")) for town in range(50)}
    assert len(found) == 1
    assert {id(book.for_place(f"990101{town:03}")) for town in range(50)} == {id(book.for_place("990101"))}


def test_the_nearest_pack_sets_the_parameters() -> None:
    county = load(
        RULES, {**PACKS, **pack("county", 'place = "990101"\n[rules.MTG-18]\nparameters = { most_minutes = 120 }')}
    )
    minutes = {
        place: bound.values["most_minutes"]
        for place in ("99", "990101", "990102", "990101001")
        if (bound := county.bound("MTG-18", place))
    }
    assert minutes == {"99": 240, "990101": 120, "990102": 240, "990101001": 120}


def test_an_act_is_judged_by_its_own_place_s_pack_alone() -> None:
    stricter = pack("city", 'place = "9901"\n[rules.MTG-09]\nparameters = { levels = 2 }')
    book = load(RULES, {**PACKS, **stricter})
    units = (("99", "u-province"), ("9901", "u-city"))
    facts = [
        {"type": "mtg.convened", "id": unit, "place": place, "unit": unit, "data": {"topic": "防汛", **MEETING}}
        for place, unit in units
    ]
    acts = fold([read_fact(short, number, "test") for number, short in enumerate(facts)])
    found = [one.outcome for one in judge_all(book, acts, build((), builtin())) if one.rule == "MTG-09"]
    assert found == ["complied"]


def test_a_pack_overrides_one_parameter_of_what_it_inherits_and_keeps_the_others() -> None:
    first = pack("first-pack", "[rules.DOC-15]\nparameters = { threshold = 0.9, window_days = 60 }")
    second = pack(
        "second-pack", 'place = "98"\ninherits = ["first-pack"]\n[rules.DOC-15]\nparameters = { window_days = 30 }'
    )
    bound = load(RULES, {**PACKS, **first, **second}).bound("DOC-15", "9801")
    assert bound is not None
    assert {name: bound.values[name] for name in ("threshold", "window_days", "fewest_values")} == {
        "threshold": 0.9,
        "window_days": 30,
        "fewest_values": 20,
    }


def test_an_alert_cites_the_document_that_is_law_there() -> None:
    cited = {place: bound.sources[0].document for place in ("64", "6101XX") if (bound := BOOK.bound("DOC-01", place))}
    assert cited == {"64": NINGXIA, "6101XX": "西咸新区2022年整治形式主义为基层减负专项工作机制工作方案"}


def test_a_rule_is_no_law_before_its_pack_is() -> None:
    assert unplanned("64", date(2024, 2, 17)) == []
    assert {one.outcome for one in unplanned("64", date(2024, 2, 18))} == {"violated"}
    assert {one.outcome for one in unplanned("6101XX", date(2024, 2, 17))} == {"violated"}
    assert unplanned("31", date(2025, 2, 18)) == []


def test_the_demo_province_has_every_rule_and_says_that_it_is_made_up() -> None:
    demo = BOOK.packs["demo-county"]
    assert "虚构" in demo.basis
    live = {rule.id for rule in BOOK.rules.values() if rule.status == "live"}
    assert set(BOOK.for_place("99")) == live - set(demo.without)
    province, lower = BOOK.bound("MTG-06", "99"), BOOK.bound("MTG-07", "99")
    assert province is not None
    assert lower is not None
    assert not set(province.values["parent_levels"]) & set(lower.values["parent_levels"])


def test_every_rule_is_adopted_and_every_override_says_why() -> None:
    adopted = {rule for one in BOOK.packs.values() for rule in one.rules}
    assert adopted >= set(BOOK.rules)
    silent = [
        (one.id, rule)
        for one in BOOK.packs.values()
        for rule, how in one.rules.items()
        if how.parameters and not how.note
    ]
    assert not silent


FAULTS = [
    ('inherits = ["nobody"]', "there is no pack nobody"),
    ('inherits = ["faulty"]', "it inherits itself: faulty > faulty"),
    ("[rules]\nMTG-77 = {}", "there is no rule MTG-77"),
    ("[rules]\nmtg = {}", "rules"),
    ("[rules.MTG-18]\nparameters = { most = 1 }", "no such parameter: ['most']"),
    ('[rules.MTG-18]\nparameters = { most_minutes = "viel" }', "most_minutes must be a number"),
    ("[rules.DOC-15]\nparameters = { window_days = 121 }", "wider than the relation's 120"),
    ('documents = ["别的文件"]\n[rules]\nMTG-18 = {}', "MTG-18 stands in none of its documents"),
    ('place = "9"', "place"),
    ('mood = "good"', "mood"),
    ("[rules", "faulty.toml"),
]


@pytest.mark.parametrize(("body", "says"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_in_a_pack_is_named_when_it_is_loaded(body: str, says: str) -> None:
    with pytest.raises(RuleBroken, match=re.escape(says)):
        load(RULES, {**PACKS, **pack("faulty", body)})


def test_two_packs_with_one_id_are_refused() -> None:
    with pytest.raises(RuleBroken, match="two packs have this id"):
        load(RULES, {**PACKS, "again.toml": PACKS["demo-county.toml"]})
