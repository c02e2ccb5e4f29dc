"""Evaluators against slower and simpler ways to the same answer, and against any order of arrival."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import Event, Recorded
from contracts.reference import UnitRegistered
from contracts.text import SKETCH_METHOD
from contracts.workdays import builtin
from services.monitor.book import load, shipped
from services.monitor.cases import read_fact
from services.monitor.domain import CHINA, Act, Verdict, fold
from services.monitor.engine import Index, judge
from services.monitor.evaluators.quota import exceeds_on
from services.monitor.evaluators.share import truncated
from services.monitor.judging import ACT_SCOPE
from services.monitor.periods import Length, add_months, period_of, periods, read_period
from services.monitor.relations import BUCKET_DAYS, bucket, looks, needs, offers
from services.monitor.world import REFERENCE, UNJUDGED, World, build
from tests.oracle import judge_all

BOOK = load(*shipped())
CALENDAR = builtin()
START = date(2025, 3, 3)
Short = dict[str, Any]


def read(shorts: Iterable[Short]) -> list[Recorded[Event]]:
    return [read_fact(short, number, "test") for number, short in enumerate(shorts)]


def split(shorts: Iterable[Short], today: date | None = None) -> tuple[list[Act], World]:
    acts = fold(read(shorts))
    world = build([act for act in acts if isinstance(act.event, REFERENCE)], CALENDAR)
    if today is not None:
        world = World(world.calendar, world.units, world.lists, world.calendars, today)
    return [act for act in acts if not isinstance(act.event, UNJUDGED)], world


def verdicts(shorts: Iterable[Short], rule: str, today: date | None = None) -> list[Verdict]:
    acts, world = split(shorts, today)
    return [one for one in judge_all(BOOK, acts, world) if one.rule == rule]


# --------------------------------------------------------------------------- loans

MONTHS = st.integers(0, 40)
LOANS = st.lists(st.tuples(st.integers(-40, 20), st.integers(0, 120)), min_size=1, max_size=5)
"""(days from the end of a loan to the next start less one: below zero they overlap; days of the loan less one)"""


def loan_facts(loans: Sequence[tuple[date, date | None]]) -> list[Short]:
    facts: list[Short] = []
    for number, (start, end) in enumerate(loans):
        loan = {"loan": f"L{number}", "person": "p-000001"}
        names = {"person_kind": "教师", "from_unit": "u-school", "to_unit": "u-office", "started_on": start}
        facts.append({"type": "sec.started", "id": f"s{number}", "data": loan | names})
        if end is not None:
            facts.append({"type": "sec.ended", "id": f"e{number}", "data": loan | {"ended_on": end}})
    return facts


def day_by_day(loans: Sequence[tuple[date, date | None]], today: date, bridge: int = 15, months: int = 3) -> list[bool]:
    """Walk the calendar: a stretch goes on while the teacher is away, or was away at most ``bridge`` days ago."""
    last = max([today, *(end for _, end in loans if end)])
    away = {
        start + timedelta(days=n)
        for start, end in loans
        for n in range(((last if end is None else end) - start).days + 1)
    }
    found: list[list[date]] = []
    for n in range((last - min(away)).days + 1):
        day = min(away) + timedelta(days=n)
        if day not in away:
            continue
        if found and (day - found[-1][-1]).days - 1 <= bridge:
            found[-1].append(day)
        else:
            found.append([day])
    return [stretch[-1] >= add_months(stretch[0], months) for stretch in found]


@given(gaps=LOANS, is_open=st.booleans(), order=st.randoms())
def test_loans_join_as_a_walk_over_the_days_joins_them(gaps: list[tuple[int, int]], is_open: bool, order: Any) -> None:
    ended: list[tuple[date, date]] = []
    day = START
    for gap, length in gaps:
        start = day + timedelta(days=gap)
        end = start + timedelta(days=length)
        ended.append((start, end))
        day = end + timedelta(days=1)
    loans: list[tuple[date, date | None]] = list(ended)
    if is_open:
        loans[-1] = (loans[-1][0], None)
    today = max(end for _, end in ended) + timedelta(days=1)
    facts = loan_facts(loans)
    order.shuffle(facts)
    spans = [one for one in verdicts(facts, "SEC-05", today) if one.subject.startswith("span|")]
    in_time = sorted(spans, key=lambda one: str(one.numbers["from"]))
    assert [one.outcome == "violated" for one in in_time] == day_by_day(loans, today)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), MONTHS)
def test_months_later_is_the_same_day_or_the_last_of_that_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


# --------------------------------------------------------------------------- quotas and numbers


@given(st.integers(1, 60), st.integers(0, 60), st.dates(date(2025, 1, 1), date(2025, 12, 31)))
def test_the_forecast_is_the_first_day_on_which_the_year_s_rate_passes_the_cap(
    count: int, over: int, last: date
) -> None:
    cap = count + over
    elapsed = last.timetuple().tm_yday
    days = (date(2025, 1, 1) + timedelta(days=n) for n in range(365))
    first = next((day for day in days if count * day.timetuple().tm_yday >= (cap + 1) * elapsed), None)
    assert exceeds_on(count, cap, last) == first


@given(
    numbers=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 60)), min_size=1, max_size=10),
    passed=st.integers(0, 120),
)
def test_a_gap_is_found_when_a_later_number_is_old_enough(numbers: list[tuple[int, int]], passed: int) -> None:
    today = START + timedelta(days=passed)
    facts = [
        {
            "type": "doc.issued",
            "id": f"d{place}",
            "data": {"heading": "通知", "doc_no": f"青政发〔2025〕{number}号", "dated": START + timedelta(days=day)},
        }
        for place, (number, day) in enumerate(numbers)
    ]
    first_day: dict[int, date] = {}
    for number, day in sorted(numbers, key=lambda one: one[1]):
        first_day.setdefault(number, START + timedelta(days=day))
    missing = [n for n in range(1, max(first_day)) if n not in first_day]
    ripe = [
        n for n in missing if any(day + timedelta(days=30) <= today for other, day in first_day.items() if other > n)
    ]
    (found,) = verdicts(facts, "DOC-02", today)
    assert found.outcome == ("violated" if ripe else "undetermined" if missing else "complied")
    if ripe:
        assert found.numbers["gaps"] == "、".join(map(str, ripe))
    if missing and not ripe:
        assert found.recheck_on is not None
        assert found.recheck_on > today


# --------------------------------------------------------------------------- who is above whom


def registered(unit: str, level: int, place: str, superior: str | None, since: date) -> Short:
    data = {"unit": unit, "name": unit, "kind": "政府", "level": level, "place": place, "valid_from": since}
    return {
        "type": "unit.registered",
        "id": f"{unit}-{since}",
        "data": data | ({"superior": superior} if superior else {}),
    }


@given(change=st.dates(date(2025, 1, 2), date(2025, 12, 31)), asked=st.dates(date(2025, 1, 1), date(2025, 12, 31)))
def test_a_unit_that_changes_its_superior_is_below_the_new_one_from_that_day(change: date, asked: date) -> None:
    first = date(2020, 1, 1)
    _, world = split(
        [
            registered("u-old", 2, "9901", None, first),
            registered("u-new", 2, "9902", None, first),
            registered("u-county", 3, "990101", "u-new", change),
            registered("u-county", 3, "990101", "u-old", first),
        ]
    )
    old = world.is_below("u-county", "990101", "u-old", "9901", asked)
    new = world.is_below("u-county", "990101", "u-new", "9902", asked)
    assert (old, new) == (asked < change, asked >= change)


def test_without_known_superiors_the_places_decide() -> None:
    _, world = split([])
    assert world.is_below("u-a", "990101", "u-b", "9901", START)
    assert not world.is_below("u-a", "990101", "u-b", "990101", START)
    assert not world.is_below("u-a", "9901", "u-b", "990101", START)


def test_a_ring_of_superiors_ends() -> None:
    _, world = split([registered("u-a", 3, "990101", "u-b", START), registered("u-b", 2, "9901", "u-a", START)])
    assert [one.unit for one in world.chain_of("u-a", START)] == ["u-a", "u-b"]
    assert isinstance(world.unit_on("u-a", START), UnitRegistered)


# --------------------------------------------------------------------------- any order, and what one more act may change

PLACES = (("99", "u-province"), ("9901", "u-city"), ("990101", "u-county"), ("990101001", "u-town"))
WHERE = st.sampled_from(PLACES)
DAY = st.integers(0, 75).map(lambda n: START + timedelta(days=n))


@st.composite
def meetings(draw: st.DrawFn) -> Short:
    place, unit = draw(WHERE)
    starts = datetime.combine(draw(DAY), time(draw(st.integers(8, 17))), CHINA)
    data = {
        "topic": draw(st.sampled_from(["防汛工作会议", "全市防汛视频会议", "教育工作会议"])),
        "mode": draw(st.sampled_from([None, "现场", "网络视频"])),
        "reach_level": draw(st.sampled_from([None, 2, 3, 4])),
        "starts_at": starts,
        "ended_at": starts + timedelta(minutes=draw(st.sampled_from([30, 90, 91]))),
        "plan_item": draw(st.sampled_from([None, "A"])),
    }
    return {"type": "mtg.convened", "place": place, "unit": unit, "data": data}


@st.composite
def documents(draw: st.DrawFn) -> Short:
    place, unit = draw(WHERE)
    number = draw(st.integers(1, 4))
    basis = draw(st.sampled_from([(), ({"doc_no": "演发〔2025〕1号"},), ({"title": "关于防汛的通知"},)]))
    data = {
        "heading": draw(st.sampled_from(["关于防汛的通知", "关于教育的意见"])),
        "doc_no": draw(st.sampled_from([None, f"演发〔2025〕{number}号"])),
        "dated": draw(DAY),
        "form": draw(st.sampled_from([None, "实施细则", "具体措施"])),
        "no_matching": draw(st.sampled_from([None, True, False])),
        "requires_matching": draw(st.sampled_from([None, True, False])),
        "implements": basis,
        "sketch": {"method": SKETCH_METHOD, "values": tuple(range(draw(st.sampled_from([10, 30, 60]))))},
        "plan_item": draw(st.sampled_from([None, "A"])),
    }
    return {"type": "doc.issued", "place": place, "unit": unit, "data": data}


@st.composite
def visits(draw: st.DrawFn) -> Short:
    place, unit = draw(WHERE)
    target, day = draw(st.sampled_from(["u-school", "u-firm"])), draw(DAY)
    data = {"target": {"unit": target}, "topic": "安全检查", "visited_at": datetime.combine(day, time(9), CHINA)}
    return {"type": "ins.visit", "place": place, "unit": unit, "data": data}


@st.composite
def plans(draw: st.DrawFn) -> Short:
    place, unit = draw(WHERE)
    kind, item = draw(st.sampled_from(["发文", "会议"])), {"item": "A", "title": "甲"}
    sizes = {"cap": draw(st.integers(0, 3)), "base": draw(st.integers(0, 3))}
    data = {"kind": kind, "year": 2025, "items": (item,), **sizes}
    return {"type": "plan.filed", "place": place, "unit": unit, "time": draw(DAY), "data": data}


@st.composite
def loans(draw: st.DrawFn) -> Short:
    name = {"loan": draw(st.sampled_from(["L1", "L2"])), "person": "p-000001"}
    if draw(st.booleans()):
        return {"type": "sec.ended", "place": "990101", "data": name | {"ended_on": draw(DAY)}}
    units = {"person_kind": "教师", "from_unit": "u-town", "to_unit": "u-county", "started_on": draw(DAY)}
    return {"type": "sec.started", "place": "990101", "data": name | units}


ACTS = st.lists(st.one_of(meetings(), documents(), visits(), plans(), loans()), max_size=9).map(
    lambda shorts: [{**short, "id": f"f{number}"} for number, short in enumerate(shorts)]
)
TODAY = START + timedelta(days=60)


@given(ACTS, st.randoms())
def test_verdicts_do_not_depend_on_the_order_of_arrival(facts: list[Short], order: Any) -> None:
    acts, world = split(facts, TODAY)
    shuffled = list(facts) * 2
    order.shuffle(shuffled)
    again, _ = split(shuffled, TODAY)
    assert keyed(judge_all(BOOK, acts, world)) == keyed(judge_all(BOOK, again, world))


@given(ACTS.filter(bool))
def test_one_more_act_changes_only_what_its_keys_reach(facts: list[Short]) -> None:
    acts, world = split(facts, TODAY)
    late = acts[-1]
    before, after = judge_all(BOOK, acts[:-1], world), judge_all(BOOK, acts, world)
    reached = set(BOOK.scopes(late))
    for act in acts[:-1]:
        if not (needs(act) | looks(act)).isdisjoint(offers(late)):
            reached |= {(rule, scope) for rule, scope in BOOK.scopes(act) if scope.startswith(ACT_SCOPE)}
    untouched = [
        {key: found for key, found in keyed(some).items() if (key[0], key[1]) not in reached}
        for some in (before, after)
    ]
    assert untouched[0] == untouched[1]


def test_a_meeting_that_arrives_late_is_the_top_of_one_in_the_next_bucket() -> None:
    low = {"type": "mtg.convened", "id": "low", "place": "9901", "unit": "u-city"}
    top = {"type": "mtg.convened", "id": "top", "place": "99", "unit": "u-province"}
    for shift in range(BUCKET_DAYS["topic"]):
        days = START + timedelta(days=shift), START + timedelta(days=shift + 10)
        (upper, lower), _ = split([{**top, "data": a_meeting(days[0])}, {**low, "data": a_meeting(days[1])}])
        judged = f"topic|防汛|{bucket('topic', lower.day)}"
        assert ("MTG-09", judged) in BOOK.scopes(lower)
        assert ("MTG-09", judged) in BOOK.scopes(upper)


def a_meeting(day: date) -> Short:
    return {"topic": "防汛工作会议", "mode": "网络视频", "starts_at": datetime.combine(day, time(9), CHINA)}


@given(ACTS)
def test_a_scene_holds_all_that_its_verdict_looks_at(facts: list[Short]) -> None:
    acts, world = split(facts, TODAY)
    index = Index(acts)
    for rule, scope in sorted({pair for act in acts for pair in BOOK.scopes(act)}):
        if scope.startswith(ACT_SCOPE):
            narrow = judge(BOOK, rule, scope, index.scene(scope, BOOK.looks(rule)), world)
            assert keyed(narrow) == keyed(judge(BOOK, rule, scope, index.by_id, world))


def keyed(found: Iterable[Verdict]) -> dict[tuple[str, str, str], Verdict]:
    verdicts_of = {(one.rule, one.scope, one.subject): one for one in found}
    return dict(sorted(verdicts_of.items()))


@pytest.mark.parametrize(
    "title", ["关于同意设立服务点的批复", "关于某事的请示", "青禾县人民政府工作报告", "关于某事的复函"]
)
def test_what_answers_or_reports_cannot_be_planned(title: str) -> None:
    short = {"type": "doc.issued", "data": {"heading": title, "doc_no": "青政函〔2025〕1号", "dated": START}}
    assert verdicts([{**short, "place": "990101"}], "DOC-01") == []


def test_a_rate_is_cut_off_as_reports_do() -> None:
    """Golden check G-4: a report prints 84.12 % for 20381 of 24227, which is 84.125… %."""
    assert truncated(20381, 24227) == "84.12"
    assert abs(float(truncated(20381, 24227) or 0) - 20381 / 24227 * 100) < 0.01
    assert truncated(1, 3) == "33.33"
    assert truncated(2, 2) == "100.00"
    assert truncated(0, 0) is None


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), st.sampled_from(["月", "季", "半年", "年"]))
def test_a_period_holds_its_day_and_is_read_again_from_its_code(day: date, length: Length) -> None:
    found = period_of(day, length)
    assert found.start <= day <= found.end
    assert read_period(found.code) == found
    assert (found.start.day, (found.end + timedelta(days=1)).day) == (1, 1)


@given(st.dates(date(2024, 1, 1), date(2025, 12, 31)), st.integers(0, 400), st.sampled_from(["月", "季", "年"]))
def test_periods_follow_one_another_without_gap(first: date, days: int, length: Length) -> None:
    last = first + timedelta(days=days)
    found = list(periods(first, last, length, 100))
    assert found[0].start <= first
    assert found[-1].start <= last <= found[-1].end
    assert all(one.end + timedelta(days=1) == other.start for one, other in pairwise(found))


def test_one_more_act_of_a_running_window_changes_nothing_however_many_there_are() -> None:
    """C-17: before the period is over there is nothing to find; after it every change counts."""
    bound = BOOK.for_place("990101")["INS-10"]
    assert bound.evaluator.summary is not None
    visits, running = split([_visit(number) for number in range(60)], START)
    summary = bound.evaluator.summary(bound)()
    summary.add(visits[0], running)
    first = summary.state(running)
    assert first is not None
    for act in visits[1:]:
        summary.add(act, running)
        assert summary.state(running) == first
    _, over = split([], date(2025, 4, 15))
    assert summary.state(over) not in (None, first)


def test_a_frozen_base_is_the_first_that_was_stated() -> None:
    """C-11: amending the plan moves the 限额 and not the base that reductions are reckoned from."""
    plans: list[Short] = [
        {"type": "plan.filed", "time": date(2025, 1, 6), "data": _plan(cap=9, base=2)},
        {"type": "plan.amended", "time": date(2025, 5, 6), "data": _plan(cap=1, base=90)},
    ]
    document: Short = {"type": "doc.issued", "data": {"heading": "关于有关工作的通知", "dated": date(2025, 9, 1)}}
    acts, world = split([*plans, *({**document, "id": f"d{n}", "time": date(2025, 9, 1 + n)} for n in range(3))])
    found = {one.rule: one for one in judge_all(BOOK, acts, world) if one.subject == "docs|u-county|2025"}
    assert found["N-01"].numbers["cap"] == 2
    assert found["DOC-03"].numbers["cap"] == 1


def _plan(*, cap: int, base: int) -> dict[str, Any]:
    return {"kind": "发文", "year": 2025, "items": [], "cap": cap, "base": base}


def _visit(number: int) -> Short:
    at = datetime(2025, 1, 6, 9, tzinfo=CHINA) + timedelta(days=number)
    target = {"unit": "u-town", "kind": "乡镇"}
    data = {"target": target, "topic": "安全生产检查", "visited_at": at, "minutes": 60, "mode": "常规"}
    return {"type": "ins.visit", "id": f"v{number}", "data": data}
