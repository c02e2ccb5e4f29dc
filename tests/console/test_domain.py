"""What the overview works out, and how values read."""

from datetime import UTC, date, datetime

import pytest

from services.console import wording
from services.console.answers.intake import Source
from services.console.answers.ledger import Count, Plan
from services.console.answers.monitor import Forecast, RuleCount, Sheet
from services.console.domain import (
    PlanLine,
    Trend,
    feed_of,
    is_populated,
    merged,
    other_quotas,
    plan_lines,
    tally,
    trends,
)


def test_alerts_are_counted_by_severity_and_by_rule() -> None:
    counts = [
        RuleCount(rule="B", severity="info", n=2),
        RuleCount(rule="A", severity="warning", n=1),
        RuleCount(rule="A", severity="serious", n=1),
        RuleCount(rule="C", severity="info", n=1),
    ]
    found = tally(counts, {"A": "甲", "B": "乙"})
    assert found.total == 5
    assert found.by_severity == {"serious": 1, "warning": 1, "info": 3}
    assert [(rule.rule, rule.title, rule.severity, rule.n) for rule in found.by_rule] == [
        ("A", "甲", "serious", 2),
        ("B", "乙", "info", 2),
        ("C", "", "info", 1),
    ]
    assert found.most == 2
    assert tally([], {}).most == 0


def test_trends_compare_the_same_months() -> None:
    counts = [
        Count(family="doc", month="2026-01", n=3, n_last_year=4),
        Count(family="doc", month="2026-03", n=2, n_last_year=9),
        Count(family="plan", month="2026-01", n=9),
        Count(family="doc", month="2025-01", n=7),
    ]
    found = {trend.family: trend for trend in trends(counts, year=2026, until=2)}
    assert list(found) == ["doc", "mtg", "ins", "sec", "cert", "rpt"]
    assert (found["doc"].total, found["doc"].total_before) == (3, 4)
    assert found["doc"].this_year[2] == 2
    assert found["mtg"].total == 0


def trend(this: int, last: int) -> Trend:
    return Trend("doc", "发文", (this, *[0] * 11), (last, *[0] * 11), 12)


@pytest.mark.parametrize(("this", "last", "populated"), [(0, 0, False), (1, 0, True), (1, 10, True), (1, 11, False)])
def test_a_year_of_strays_is_not_shown_by_itself(this: int, last: int, populated: bool) -> None:
    assert is_populated([trend(this, last)]) is populated


def plan(used: int, cap: int | None, owner: str = "u") -> Plan:
    return Plan(owner=owner, kind="发文", year=2026, cap=cap, used=used)


@pytest.mark.parametrize(
    ("used", "cap", "exceeds", "state", "share"),
    [
        (11, 10, None, "over", 100),
        (8, 10, None, "near", 80),
        (10, 10, None, "near", 100),
        (7, 10, date(2026, 12, 1), "ahead", 70),
        (7, 10, None, "fine", 70),
        (7, None, None, "fine", 0),
        (1, 0, None, "over", 0),
    ],
)
def test_a_plan_is_over_near_ahead_or_fine(
    used: int, cap: int | None, exceeds: date | None, state: str, share: int
) -> None:
    line = PlanLine(owner="u", kind="发文", cap=cap, used=used, exceeds_on=exceeds, unplanned=0)
    assert (line.state, line.share) == (state, share)


def test_the_most_urgent_plans_come_first_with_their_forecast() -> None:
    plans = [plan(1, 10, "fine"), plan(12, 10, "over"), plan(5, 10, "ahead"), plan(9, 10, "near")]
    forecast = Forecast(unit_id="ahead", kind="发文", year=2026, cap=10, exceeds_on=date(2026, 12, 1))
    of_last_year = forecast.model_copy(update={"cap": 4, "exceeds_on": None, "exceeded_on": date(2026, 3, 1)})
    without = forecast.model_copy(update={"cap": None})
    lines = plan_lines(plans, [of_last_year, forecast, without])
    assert other_quotas(plans, [of_last_year, forecast, without]) == (of_last_year,)
    assert [line.owner for line in lines] == ["over", "near", "ahead", "fine"]
    assert lines[2].exceeds_on == date(2026, 12, 1)


def test_a_source_is_silent_when_others_speak_without_it() -> None:
    hours = {"/now": 2.0, "/almost": 2.0 + 167.9, "/behind": 2.0 + 168, "/never": None}
    feed = feed_of([Source(source=name, silent_hours=since) for name, since in hours.items()])
    assert [(line.source.source, line.behind, line.silent) for line in feed.lines] == [
        ("/now", 0, False),
        ("/almost", 6, False),
        ("/behind", 7, True),
        ("/never", None, True),
    ]
    assert (feed.silent, feed.quiet, feed.stale) == (2, 0, False)


def test_a_stop_of_everything_is_told_apart() -> None:
    feed = feed_of([Source(source="/a", silent_hours=240), Source(source="/b", silent_hours=241)])
    assert (feed.silent, feed.quiet, feed.stale) == (0, 10, True)
    assert (feed_of([]).quiet, feed_of([]).stale) == (None, True)


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (5, 5, "持平"),
        (5, 0, "上年同期无"),
        (9, 8, "↑ 12.5%"),
        (4, 8, "↓ 50%"),
        (0, 8, "↓ 100%"),
        (90, 9, "为上年 10 倍"),
    ],
)
def test_a_change_is_told_in_words(now: int, before: int, text: str) -> None:
    assert wording.change(now, before) == text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "text", "—"),
        ("", "text", "—"),
        ([], "json", "—"),
        (True, "boolean", "是"),
        (False, "boolean", "否"),
        (12345, "integer", "12\u2009345"),
        (1.5, "number", "1.5"),
        (2.0, "number", "2"),
        ("2026-03-05T01:00:00+00:00", "datetime", "2026-03-05 09:00"),
        ("不是时间", "datetime", "不是时间"),
        (["甲", "乙"], "json", "甲、乙"),
        ([{"unit": "qh.hwz", "level": 4}], "json", "qh.hwz"),
    ],
)
def test_a_cell_reads_well(value: object, kind: str, text: str) -> None:
    assert wording.cell(value, kind) == text


def test_moments_are_shown_in_official_time() -> None:
    late = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)
    assert wording.moment(late) == "2026-03-05 01:30"
    assert wording.day(late) == "2026年3月5日"
    assert wording.short_day(late) == "2026-03-05"
    assert wording.day(date(2026, 3, 5)) == "2026年3月5日"


@pytest.mark.parametrize(
    ("name", "title"),
    [("cn.jianfu.doc.issued.v1", "发文"), ("act.corrected", "更正"), ("com.example.other", "com.example.other")],
)
def test_an_event_is_named_in_chinese(name: str, title: str) -> None:
    assert wording.event_title(name) == title


@pytest.mark.parametrize(
    ("days", "overdue", "text"),
    [(None, False, ""), (0, False, "今日到期"), (3, False, "剩 3 个工作日"), (0, True, "已超期")],
)
def test_a_deadline_is_told_in_working_days(days: int | None, overdue: bool, text: str) -> None:
    assert wording.due(days, overdue=overdue) == text


def sheet(verdicts: list[tuple[str, str]], silent: list[str]) -> Sheet:
    return Sheet.model_validate(
        {
            "verdicts": [
                {"rule": rule, "title": rule, "verdict": "violated", "reason": reason} for rule, reason in verdicts
            ],
            "not_applicable": [{"rule": rule, "title": rule, "why": "不涉及"} for rule in silent],
        }
    )


def test_the_verdicts_of_an_acts_facts_are_one_sheet() -> None:
    one = merged([sheet([("A", "甲"), ("B", "乙")], ["C", "D"]), sheet([("B", "乙"), ("B", "丙")], ["A", "D"])])
    assert [(verdict.rule, verdict.reason) for verdict in one.verdicts] == [("A", "甲"), ("B", "乙"), ("B", "丙")]
    assert [silent.rule for silent in one.not_applicable] == ["C", "D"]
