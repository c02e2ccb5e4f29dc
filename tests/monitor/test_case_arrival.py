"""The facts of every case, learned one by one and backwards, raise what they raise together. A new rule adds no test code."""

import json
from datetime import datetime

import asyncpg
import pytest

from contracts.event import Event, Recorded
from contracts.reference import DayEnded
from contracts.workdays import builtin
from services.monitor.book import shipped
from services.monitor.cases import everywhere, facts_of
from services.monitor.domain import CHINA
from services.monitor.rulebook import Case, Rule, read_rule
from services.monitor.state import State
from tests.monitor.test_apply import deliveries, expected, feed, pool, standing

__all__ = ["pool"]
RULES = [read_rule(text, name) for name, text in sorted(shipped()[0].items())]
EMPTY = "; ".join(
    f"delete from {table}"
    for table in ("fact", "offer", "need", "timer", "alert_revision", "alert", "outbox", "checkpoint")
)


def messages(rule: Rule, case: Case) -> list[bytes]:
    """Return a case's facts as they stand in the log, the day on which it is judged last."""
    facts: list[Recorded[Event]] = list(facts_of(rule, case))
    if case.today:
        moment = datetime(case.today.year, case.today.month, case.today.day, 23, 59, tzinfo=CHINA)
        ended = DayEnded(day=case.today)
        facts.append(Recorded("", "/case/clock", "today", moment, moment, "00", "clock", ended))
    return [
        json.dumps(
            {
                "specversion": "1.0",
                "id": fact.id,
                "source": fact.source,
                "type": fact.event.type_name(),
                "time": fact.time.isoformat(),
                "recordedtime": fact.recorded.isoformat(),
                "jurisdiction": fact.jurisdiction,
                "unitid": fact.unit,
                "data": fact.event.model_dump(mode="json"),
            },
            ensure_ascii=False,
        ).encode()
        for fact in facts
    ]


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES if rule.mode == "rule"])
async def test_facts_that_come_one_by_one_raise_the_same(pool: asyncpg.Pool, rule: Rule) -> None:
    for case in (case for case in rule.cases if len(case.facts) > 1):
        book, facts = everywhere(rule, case), messages(rule, case)
        forwards = (
            [facts] if case.subject else []
        )  # the judged act is not the last fact: what comes after it bears on it
        for order in (facts[::-1], *forwards):
            await pool.execute(EMPTY)
            await feed(pool, State(book, builtin()), deliveries(order), range(1, len(facts)))
            assert await standing(pool) == expected(book, facts), case.name
