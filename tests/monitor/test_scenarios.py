"""Histories that real offices produce: late parents, early corrections, moved units, old years."""

from collections.abc import Sequence
from datetime import date

import pytest

from contracts.catalog import decode
from contracts.workdays import builtin
from services.monitor.book import Book, load, shipped
from services.monitor.domain import Verdict, fold
from services.monitor.world import REFERENCE, UNJUDGED, build
from tests.factories import (
    Event,
    convened,
    corrected,
    day_ended,
    demanded,
    fact_of,
    issued,
    registered,
    wire,
    withdrawn,
)
from tests.oracle import judge_all


@pytest.fixture(scope="module")
def book() -> Book:
    """Give the rule book that ships."""
    return load(*shipped())


def verdicts(book: Book, rule: str, facts: Sequence[Event]) -> list[Verdict]:
    """Return what a rule says of a history, whatever its order."""
    found = []
    for order in (facts, list(reversed(facts))):
        acts = fold([decode(wire(fact)) for fact in order])
        world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
        judged = judge_all(book, (act for act in acts if not isinstance(act.event, UNJUDGED)), world)
        found.append([verdict for verdict in judged if verdict.rule == rule])
    assert found[0] == found[1]
    return found[0]


def outcome(book: Book, rule: str, facts: Sequence[Event], about: Event) -> str | None:
    """Return the outcome of a rule on one act of a history."""
    found = [verdict.outcome for verdict in verdicts(book, rule, facts) if verdict.subject == fact_of(about)]
    return found[0] if found else None


PARENT = issued(doc_no="演办发〔2025〕7号", place="99", unit="99.office", no_matching=True, dated="2025-03-01")
CHILD = issued(
    doc_no="青办发〔2025〕3号", implements=[{"doc_no": "演办发[2025]07号"}], form="实施方案", dated="2025-03-10"
)


def test_a_child_is_open_until_its_parent_arrives(book: Book) -> None:
    assert outcome(book, "DOC-08", [CHILD], CHILD) == "undetermined"
    assert outcome(book, "DOC-08", [CHILD, PARENT], CHILD) == "violated"


def test_one_graph_of_documents_is_judged_by_rules_of_different_modality(book: Book) -> None:
    """Conflict C-02: none unless asked for, one level only, with approval, and none where the parent says so; in any order."""
    parent = {**PARENT, "data": {**PARENT["data"], "requires_matching": False}}
    child = issued(
        id="child",
        doc_no="青办发〔2025〕3号",
        form="实施细则",
        dated="2025-03-10",
        approver="分管领导",
        implements=[{"doc_no": "演办发〔2025〕7号"}],
    )
    below = issued(
        id="below",
        doc_no="云办发〔2025〕1号",
        place="990101001",
        unit="990101001.office",
        form="实施方案",
        dated="2025-04-10",
        approver="分管领导",
        implements=[{"doc_no": "青办发〔2025〕3号"}],
    )
    facts = [below, child, parent]
    found = {
        (rule, name): outcome(book, rule, facts, fact)
        for rule in ("DOC-06", "DOC-07", "DOC-08")
        for name, fact in (("child", child), ("below", below))
    }
    assert found == {
        ("DOC-06", "child"): "violated",  # nothing asks for it
        ("DOC-06", "below"): "complied",  # specific measures may be taken
        ("DOC-07", "child"): "complied",  # the first level
        ("DOC-07", "below"): "violated",  # the second
        ("DOC-08", "child"): "violated",  # the parent wants none
        ("DOC-08", "below"): None,  # the clause does not speak of townships
    }
    modality = {rule: book.rules[rule].force for rule in ("DOC-06", "DOC-07", "DOC-08")}
    assert modality == {"DOC-06": "刚", "DOC-07": "原", "DOC-08": "刚"}
    assert outcome(book, "DOC-07", [below], below) == "undetermined"  # until its parent arrives


def test_a_correction_may_come_before_its_original(book: Book) -> None:
    long = convened(mode="网络视频", starts_at="2025-03-04T09:00:00+08:00", ended_at="2025-03-04T11:00:00+08:00")
    fix = corrected(long, changes={"ended_at": "2025-03-04T10:20:00+08:00"}, recorded="2025-03-06T09:00:00+08:00")
    assert outcome(book, "MTG-19", [long], long) == "violated"
    assert outcome(book, "MTG-19", [fix, long], long) == "complied"
    assert verdicts(book, "MTG-19", [fix]) == []


def test_the_correction_learned_last_stands(book: Book) -> None:
    long = convened(mode="网络视频", starts_at="2025-03-04T09:00:00+08:00", ended_at="2025-03-04T11:00:00+08:00")
    first = corrected(long, changes={"ended_at": "2025-03-04T10:20:00+08:00"}, recorded="2025-03-06T09:00:00+08:00")
    second = corrected(long, changes={"ended_at": "2025-03-04T10:31:00+08:00"}, recorded="2025-03-07T09:00:00+08:00")
    assert outcome(book, "MTG-19", [long, first, second], long) == "violated"


def test_what_was_withdrawn_is_judged_no_more(book: Book) -> None:
    long = convened(mode="网络视频", starts_at="2025-03-04T09:00:00+08:00", ended_at="2025-03-04T11:00:00+08:00")
    fix = corrected(long, changes={}, recorded="2025-12-01T09:00:00+08:00")
    assert verdicts(book, "MTG-19", [long, withdrawn(long), fix]) == []


def _unit(
    unit: str, named: tuple[str, str], level: int, place: str, superior: str | None, since: str = "2020-01-01"
) -> Event:
    data = {"unit": unit, "place": place, "superior": superior}
    return registered(
        data=data, name=named[0], kind=named[1], level=level, valid_from=since, time=f"{since}T09:00:00+08:00"
    )


def test_a_unit_that_changes_its_superior_changes_sides_that_day(book: Book) -> None:
    """The park belongs to the county until June: only then does the province's meeting, opened to counties, go down to it."""
    province = _unit("99.office", ("省委办公室", "办公室"), 1, "99", None)
    city = _unit("9901.gov", ("市政府", "政府"), 2, "9901", "99.office")
    other = _unit("9801.gov", ("邻省市政府", "政府"), 2, "9801", None)
    park = _unit("park", ("高新园区", "其他"), 3, "9901X1", "9901.gov")
    moved = _unit("park", ("高新园区", "其他"), 3, "9901X1", "9801.gov", "2025-06-01")
    units = [province, city, other, park, moved]

    def pair(month: str) -> tuple[Event, Event]:
        above = convened(
            topic="全省安全生产视频会议",
            mode="网络视频",
            place="99",
            unit="99.office",
            level=1,
            reach_level=3,
            time=f"2025-{month}-10T09:00:00+08:00",
            starts_at=f"2025-{month}-10T09:00:00+08:00",
            ended_at=f"2025-{month}-10T10:00:00+08:00",
        )
        below = convened(
            topic="安全生产工作部署会",
            mode="现场",
            place="9901X1",
            unit="park",
            level=3,
            time=f"2025-{month}-11T09:00:00+08:00",
            starts_at=f"2025-{month}-11T09:00:00+08:00",
            ended_at=f"2025-{month}-11T10:00:00+08:00",
        )
        return above, below

    before, after = pair("05"), pair("07")
    assert outcome(book, "MTG-06", [*units, *before], before[1]) == "violated"
    assert outcome(book, "MTG-06", [*units, *after], after[1]) == "complied"


@pytest.mark.parametrize("year", range(2019, 2027))
def test_working_days_are_known_from_2019_to_2026(book: Book, year: int) -> None:
    short = demanded(
        kind="统计数据",
        special_time_limit=False,
        time=f"{year}-06-02T09:00:00+08:00",
        sent_at=f"{year}-06-02T09:00:00+08:00",
        received_at=f"{year}-06-02T09:00:00+08:00",
        due_at=f"{year}-06-03T18:00:00+08:00",
    )
    want = "violated" if year >= 2022 else None
    assert outcome(book, "RPT-01", [short], short) == want


def test_a_deadline_in_a_year_without_a_notice_is_open(book: Book) -> None:
    late = demanded(
        kind="统计数据",
        special_time_limit=False,
        time="2026-12-30T09:00:00+08:00",
        sent_at="2026-12-30T09:00:00+08:00",
        received_at="2026-12-30T09:00:00+08:00",
        due_at="2027-01-04T18:00:00+08:00",
    )
    assert outcome(book, "RPT-01", [late], late) == "undetermined"


def test_rules_are_law_from_their_day_only(book: Book) -> None:
    """4,001 字 break 若干规定 since 2024-08-06, are alerted since it is public, and were lawful before."""
    alerts = {}
    for day in ("2019-05-06", "2024-09-02", "2025-09-01"):
        document = issued(char_count=4001, doc_class="专项", dated=day, time=f"{day}T09:00:00+08:00")
        found = [one for one in verdicts(book, "DOC-22", [document]) if one.subject == fact_of(document)]
        alerts[day] = [(one.outcome, one.severity is not None) for one in found]
    assert alerts["2019-05-06"] == []
    assert alerts["2025-09-01"] == [("violated", True)]
    assert [outcome for outcome, _ in alerts["2024-09-02"]] == ["violated"]


def test_an_open_loan_is_found_when_the_day_ends(book: Book) -> None:
    from tests.factories import started

    loan = started(
        started_on="2025-03-04",
        major_task=True,
        consents=[{"kind": "教育部门同意", "level": 3}, {"kind": "党委审批备案"}],
    )
    limit = date(2025, 6, 4)
    before = verdicts(book, "SEC-05", [loan, day_ended(day="2025-06-03")])
    after = verdicts(book, "SEC-05", [loan, day_ended(day="2025-06-04")])
    assert [one.outcome for one in before if one.subject.startswith("span|")] == ["complied"]
    assert [one.recheck_on for one in before if one.subject.startswith("span|")] == [limit]
    assert [one.outcome for one in after if one.subject.startswith("span|")] == ["violated"]
