"""Run the cases that a rule file carries: short facts in, the rule's verdict out. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from contracts.catalog import BY_NAME, ContractBroken
from contracts.event import Event, Json, Recorded, fact_id
from contracts.workdays import Workdays
from services.monitor.book import Adoption, Book, Pack, bind, evaluator_kinds
from services.monitor.domain import CHINA, Verdict, fold
from services.monitor.engine import Index, judge
from services.monitor.rulebook import Case, Rule, RuleBroken
from services.monitor.world import REFERENCE, UNJUDGED, build

SOURCE: Final = "/case"
PLACE: Final = "990101"
UNIT: Final = "u-county"
FIRST_DAY: Final = date(2025, 6, 2)
_HAPPENED: Final = (
    "starts_at",
    "dated",
    "visited_at",
    "sent_at",
    "started_on",
    "ended_on",
    "revoked_on",
    "submitted_at",
)
"""Fields that tell when a fact happened if it has no ``time``; without them it was on ``FIRST_DAY``."""
_FIELDS: Final = frozenset({"type", "id", "time", "recorded", "unit", "place", "data", "times"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case."""

    case: Case
    verdicts: tuple[Verdict, ...]
    failure: str | None
    """Why the case failed; ``None`` when it passed."""


def read_fact(short: dict[str, Any], number: int, where: str) -> Recorded[Event]:
    """Read a case's short fact: ``type`` as family.verb, ``time`` as an offset date-time or a date; the rest has defaults."""
    unknown = set(short) - _FIELDS
    if unknown or "type" not in short or short["type"] not in BY_NAME:
        raise RuleBroken(where, f"fact {number}: bad type or unknown keys {sorted(unknown)}")
    time = _when(short)
    try:
        event = BY_NAME[short["type"]].model_validate(_plain(short.get("data", {})))
    except ValueError as error:
        raise RuleBroken(where, f"fact {number}: {error}") from None
    except ContractBroken as error:
        raise RuleBroken(where, f"fact {number}: {error}") from None
    name = str(short.get("id", f"f{number}"))
    return Recorded(
        fact_id=fact_id(SOURCE, name),
        source=SOURCE,
        id=name,
        time=time,
        recorded=_moment(short.get("recorded", time)),
        jurisdiction=short.get("place", PLACE),
        unit=short.get("unit", UNIT),
        event=event,
    )


def _each(shorts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the facts one by one: ``times = 3`` stands for three of the same, a day apart, with ids of their own."""
    for short in shorts:
        start, name = _when(short), short.get("id", "f")
        if "times" not in short:
            yield short
        for number in range(short.get("times", 0)):
            yield {**short, "id": f"{name}{number + 1}", "time": start + timedelta(days=number)}


def run(rule: Rule, case: Case, calendar: Workdays) -> Outcome:
    """Judge a case's history with the rule alone, in force everywhere with its own parameters."""
    facts = facts_of(rule, case)
    acts = fold(facts)
    world = build([act for act in acts if isinstance(act.event, REFERENCE)], calendar)
    if case.today:
        world = type(world)(world.calendar, world.units, world.lists, world.calendars, case.today)
    book = everywhere(rule, case)
    index = Index(act for act in acts if not isinstance(act.event, UNJUDGED))
    scopes = sorted({scope for act in index.by_id.values() for _, scope in book.scopes(act)})
    verdicts = tuple(
        verdict
        for scope in scopes
        for verdict in judge(book, rule.id, scope, index.scene(scope, book.looks(rule.id)), world)
    )
    return Outcome(case, verdicts, _failure(case, facts, verdicts))


def facts_of(rule: Rule, case: Case) -> list[Recorded[Event]]:
    """Return a case's facts; raise ``RuleBroken`` for one that is none."""
    where = f"{rule.id} case {case.name}"
    return [read_fact(short, number, where) for number, short in enumerate(_each(case.facts))]


def everywhere(rule: Rule, case: Case) -> Book:
    """Return a book of the rule alone, in force everywhere with its own parameters and those that the case sets."""
    adopted = {rule.id: Adoption(parameters=case.parameters)}
    pack = Pack(id="cases", title="规则自带案例", place="00", basis="规则自带案例", rules=adopted)
    return bind([rule.model_copy(update={"status": "live"})], [pack], evaluator_kinds())


def _failure(case: Case, facts: Sequence[Recorded[Event]], verdicts: Sequence[Verdict]) -> str | None:
    subject = facts[-1].fact_id if case.subject is None else case.subject
    named = {fact.id: fact.fact_id for fact in facts}
    wanted = {
        subject,
        named.get(subject, subject),
        *(f"{kind}|{named.get(subject, subject)}" for kind in ("consent", "span", "parts")),
    }
    found = [verdict for verdict in verdicts if verdict.subject in wanted]
    alerts = sum(verdict.severity is not None for verdict in verdicts)
    if case.alerts is not None and alerts != case.alerts:
        return f"{alerts} alerts, expected {case.alerts}"
    if case.expect == "none":
        return f"expected no verdict, got {found[0].outcome}" if found else None
    if not found:
        return f"no verdict on {subject}; there are {sorted({one.subject for one in verdicts})}"
    if case.expect not in {verdict.outcome for verdict in found}:
        return f"expected {case.expect}, got {[(one.outcome, one.reason) for one in found]}"
    if case.says and not any(case.says in verdict.reason for verdict in found if verdict.outcome == case.expect):
        return f"no reason says {case.says}: {[one.reason for one in found]}"
    return None


def _when(short: dict[str, Any]) -> datetime:
    data = short.get("data", {})
    return _moment(short.get("time") or next((data[name] for name in _HAPPENED if name in data), FIRST_DAY))


def _moment(value: date | datetime | str) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, 9, tzinfo=CHINA)
    return value if value.tzinfo else value.replace(tzinfo=CHINA)


def _plain(data: dict[str, Any]) -> Json:
    """Return TOML data as an event reads it: a local date-time is one of China."""
    return {key: _moment(value) if isinstance(value, datetime) else value for key, value in data.items()}
