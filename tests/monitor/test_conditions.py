"""Conditions of rule files on one act."""

from datetime import date

from contracts.workdays import builtin
from services.monitor.cases import read_fact
from services.monitor.conditions import Condition, holding
from services.monitor.domain import fold
from services.monitor.world import build


def test_a_moment_is_compared_by_its_day_in_china() -> None:
    """Whatever zone a source writes: 17:00 of the 12th in UTC is the 13th here."""
    short = {
        "type": "mtg.convened",
        "place": "990101",
        "time": "2025-05-12T17:00:00+00:00",
        "data": {"topic": "夜间调度会", "starts_at": "2025-05-12T17:00:00+00:00"},
    }
    [act] = fold([read_fact(short, 0, "test")])
    world = build((), builtin())
    late = Condition(field="starts_at", op="ge", value=date(2025, 5, 13))
    assert late.test(act, world) is True
    assert holding((late,))(act, world)
    assert Condition(field="starts_at", op="le", value=date(2025, 5, 12)).test(act, world) is False
