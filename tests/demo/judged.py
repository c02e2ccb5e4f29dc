"""Judge a set of events with the rules that ship, as any run of the monitor must come to."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from contracts.catalog import decode
from contracts.event import Event, Json, Recorded
from contracts.workdays import builtin
from deploy.demo.key import Raised
from services.monitor.book import Book, load, shipped
from services.monitor.domain import Verdict, fold
from services.monitor.world import REFERENCE, UNJUDGED, build
from tests.oracle import judge_all


@cache
def book() -> Book:
    return load(*shipped())


def read(events: Iterable[Json | bytes]) -> list[Recorded[Event]]:
    return [
        decode(event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode())
        for event in events
    ]


def judge(facts: list[Recorded[Event]], rules: Book | None = None, today: date | None = None) -> list[Verdict]:
    acts = fold(facts)
    world = build([act for act in acts if isinstance(act.event, REFERENCE)], builtin())
    if today:
        world = replace(world, today=today)
    return judge_all(rules or book(), [act for act in acts if not isinstance(act.event, UNJUDGED)], world)


def raised(verdicts: Iterable[Verdict]) -> tuple[Raised, ...]:
    """Return the alerts of verdicts with the clause that the law of the place gives."""
    alerts = []
    for verdict in verdicts:
        bound = book().bound(verdict.rule, verdict.place)
        if verdict.severity is not None and bound is not None:
            clause = bound.sources[0].clause_of()
            alerts.append(
                Raised(verdict.rule, verdict.subject, verdict.severity, clause.document, clause.clause, verdict.acts)
            )
    return tuple(sorted(alerts, key=lambda one: (one.rule, one.subject)))


def by_subject(verdicts: Iterable[Verdict]) -> Mapping[tuple[str, str], Verdict]:
    return {(verdict.rule, verdict.subject): verdict for verdict in verdicts}
