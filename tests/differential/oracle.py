"""The oracle: what a set of facts comes to, by the plainest way there is. Slow, and at most 300 lines.

It knows no index, keys to store, summaries, silencers, waking, timers or memory: it folds all facts at once, looks up units
and lists by going through them all, and hands every rule every act of the log for every scope there can be. The claim of an
evaluator on one scene is taken from its ``judge``, which the cases of the rule files test; who meets whom is stated here
again from the fields (``_bears``), and so is the whole of the kind ``event``, which most rules are of.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.catalog import ContractBroken, FromTheFuture, decode, read_data
from contracts.doc_no import parse_doc_no
from contracts.event import ActRef, Event, Recorded, fact_id
from contracts.reference import CalendarPublished, DayEnded, ListVersioned, UnitRegistered
from contracts.workdays import Workdays, YearCalendar
from services.monitor.book import Book
from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Verdict
from services.monitor.engine import EVERY, keys_of
from services.monitor.joins import JOINS
from services.monitor.judging import ACT_SCOPE, Bound, Scene
from services.monitor.relations import along, doc_no, doc_title, offers, topic_of
from services.monitor.world import World

NATION: Final = "00"
YEARS: Final = {"发文": "docs", "会议": "meetings", "督查检查考核": "inspections"}


def verdicts(book: Book, bodies: Iterable[bytes], base: Workdays) -> list[Verdict]:
    """Return every verdict on the history that these messages tell, in whatever order and however often they came."""
    acts = _standing({fact.fact_id: fact for fact in map(decode, bodies)})
    world = _world(acts, base)
    # ids are hashes: this order means nothing, so whoever relies on the order of a scene is found
    ordered = sorted(acts, key=lambda act: act.id)
    judged = [act for act in ordered if not isinstance(act.event, (CalendarPublished, DayEnded))]
    for act in judged:
        _restate(act)
    return [one for rule in sorted(book.rules) for one in _rule(book, rule, judged, world)]


def _standing(facts: Mapping[str, Recorded[Event]]) -> list[Act]:
    """Return the acts that stand: withdrawn ones fall, of the corrections the one learned last counts."""
    found = []
    for fact in facts.values():
        if isinstance(fact.event, (ActCorrected, ActWithdrawn)):
            continue
        amending = [] if isinstance(fact.event, DayEnded) else [one for one in facts.values() if _amends(one, fact)]
        if any(isinstance(one.event, ActWithdrawn) for one in amending):
            continue
        versions = [(one.recorded, one.fact_id, event) for one in amending if (event := _corrected(one, fact))]
        last = max(versions, key=lambda one: one[:2], default=None)
        found.append(
            Act(
                id=fact.fact_id,
                source=fact.source,
                name=fact.event.event_name(),
                time=fact.time,
                day=fact.time.astimezone(CHINA).date(),
                recorded=last[0] if last else fact.recorded,
                place=fact.jurisdiction,
                unit=fact.unit,
                event=last[2] if last else fact.event,
                made_of=(fact.fact_id, last[1]) if last else (fact.fact_id,),
            )
        )
    return found


def _amends(one: Recorded[Event], fact: Recorded[Event]) -> bool:
    if not isinstance(one.event, (ActCorrected, ActWithdrawn)):
        return False
    target = one.event.target
    named = fact_id(target.source or one.source, target.id) == fact.fact_id
    return named and (one.jurisdiction == NATION or fact.jurisdiction.startswith(one.jurisdiction))


def _corrected(one: Recorded[Event], fact: Recorded[Event]) -> Event | None:
    if not isinstance(one.event, ActCorrected):
        return None
    try:
        event = read_data(one.event.target_type, one.event.replacement)
    except (ContractBroken, FromTheFuture):
        return None
    return event if type(event) is type(fact.event) else None


@dataclass(frozen=True, slots=True)
class _Plain(World):
    """The world, looked up by going through all of it."""

    def unit_on(self, unit: str, day: date) -> UnitRegistered | None:
        begun = [one for _, one in self.units.get(unit, ()) if one.valid_from <= day]
        last = [one for one in begun if one.valid_from == max(other.valid_from for other in begun)][-1:]
        return next((one for one in last if one.valid_to is None or day <= one.valid_to), None)

    def list_for(self, kind: str, place: str, day: date) -> ListVersioned | None:
        found = [
            one
            for _, one in self.lists.get(kind, ())
            if one.valid_from <= day <= (one.valid_to or day) and (one.place == NATION or place.startswith(one.place))
        ]
        # of the same day the one learned last, which comes last
        return max(reversed(found), key=lambda one: (one.place != NATION, len(one.place), one.valid_from), default=None)


def _world(acts: Iterable[Act], base: Workdays) -> World:
    ordered = sorted(acts, key=lambda act: (act.recorded, act.id))
    units: dict[str, list[tuple[str, UnitRegistered]]] = {}
    lists: dict[str, list[tuple[str, ListVersioned]]] = {}
    years: dict[int, list[CalendarPublished]] = {}
    for act in ordered:
        if isinstance(act.event, UnitRegistered):
            units.setdefault(act.event.unit, []).append((act.id, act.event))
        if isinstance(act.event, ListVersioned):
            lists.setdefault(act.event.kind, []).append((act.id, act.event))
        if isinstance(act.event, CalendarPublished):
            years.setdefault(act.event.year, []).append(act.event)
    ended = [act.event.day for act in ordered if isinstance(act.event, DayEnded)]
    return _Plain(
        calendar=Workdays({**base.years, **{year: _year(year, all_of, base) for year, all_of in years.items()}}),
        units={unit: tuple(sorted(found, key=lambda one: one[1].valid_from)) for unit, found in units.items()},
        lists={kind: tuple(sorted(found, key=lambda one: one[1].valid_from)) for kind, found in lists.items()},
        calendars={},
        today=max(ended, default=None),
    )


def _year(year: int, notices: Sequence[CalendarPublished], base: Workdays) -> YearCalendar:
    """Return a year day by day: of the nation's notices the last one tells, each local one after it changes its own days."""
    national = [one for one in notices if one.place == NATION]
    first = national[-1] if national else base.years.get(year)
    off, work = (set(first.days_off), set(first.work_days)) if first else (set[date](), set[date]())
    for one in notices:
        if one.place != NATION:
            off, work = (off | {*one.days_off}) - {*one.work_days}, (work | {*one.work_days}) - {*one.days_off}
    return YearCalendar(year, notices[-1].basis, frozenset(off), frozenset(work))


def _restate(act: Act) -> None:
    """State by the fields which acts this one is together with, beside what the keys of the engine say: one that they lost is found."""
    families: dict[str, tuple[str, ...]] = {}
    for key in offers(act):
        family = key.partition("|")[0]
        families[family] = (*families.get(family, ()), key)
    beside = dict(along(act))
    for family, key in _bears(act):
        families[family] = tuple(dict.fromkeys((*families.get(family, ()), key)))
    for family, key in (*_seeks(act), *_shares(act)):
        beside[family] = tuple(dict.fromkeys((*beside.get(family, ()), key)))
    act.memo["families"] = families
    act.memo["offers"] = frozenset((*offers(act), *(key for _, key in (*_bears(act), *_shares(act)))))
    act.memo["along"] = beside


def _bears(act: Act) -> Iterator[tuple[str, str]]:
    """Yield what an act belongs to: itself, a unit's year, a series, a person, and the acts that it follows."""
    event: Any = act.event
    yield "act", f"act|{act.id}"
    yield from (("after", f"after|act|{fact}") for fact in _named(event, act.source))
    if act.name == "doc.issued":
        yield "title", doc_title(event.heading)
        if event.doc_no:
            yield "no", doc_no(event.doc_no)
    if act.name in ("doc.issued", "doc.revoked") and event.doc_no and (number := parse_doc_no(event.doc_no)):
        yield "series", f"series|{act.place}|{number.code}|{number.year}"
    if act.name in ("sec.started", "sec.extended", "sec.ended"):
        yield "person", f"person|{event.person}"
    kind, year = _year_of(act, event)
    if kind in YEARS and year:
        yield YEARS[kind], f"{YEARS[kind]}|{act.unit}|{year}"


def _year_of(act: Act, event: Any) -> tuple[str | None, int | None]:
    """Return of which kind and year of a unit's acts this one is, or speaks."""
    if act.name in ("plan.filed", "plan.amended"):
        return event.kind, event.year
    if act.name == "doc.issued":
        return "发文", event.dated.year
    if act.name == "mtg.convened":
        return "会议", event.starts_at.astimezone(CHINA).year
    if act.name in ("ins.launched", "kpi.scheme_set"):
        return "督查检查考核", getattr(event, "year", None) or act.day.year
    return ("发文", event.explains_year) if act.name == "rpt.submitted" and event.explains else (None, None)


def _seeks(act: Act) -> Iterator[tuple[str, str]]:
    """Yield what an act depends on: those that it names, and those that name it."""
    event: Any = act.event
    yield "after", f"after|act|{act.id}"
    for fact in _named(event, act.source):
        yield "act", f"act|{fact}"
    for basis in event.implements if act.name == "doc.issued" else ():
        if basis.doc_no:
            yield "no", doc_no(basis.doc_no)
        elif basis.title:
            yield "title", doc_title(basis.title)


def _shares(act: Act) -> Iterator[tuple[str, str]]:
    """Yield what makes equals of acts, whenever they were."""
    event: Any = act.event
    if act.name == "mtg.convened":
        yield "topic", f"same topic|{topic_of(event.matter, event.topic)}"
    if act.name == "ins.visit":
        yield "visit", f"same visit|{event.target.unit}"
    for join in JOINS:
        if act.name in join.of:
            yield from ((join.family, f"same {join.family}|{one}") for one in join.of[act.name](act) if one is not None)


def _named(value: Any, source: str) -> Iterator[str]:
    """Yield the acts that anything within a value names."""
    if isinstance(value, ActRef):
        yield fact_id(value.source or source, value.id)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name), source)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _named(one, source)


def _rule(book: Book, rule: str, acts: Sequence[Act], world: World) -> Iterator[Verdict]:
    """Yield every verdict of a rule: each scope is judged as every pack of its acts has the rule, each place hears its own."""
    scopes: dict[tuple[str, str], Bound[Any]] = {}
    for act in acts:
        bound = book.for_place(act.place).get(rule)
        if bound is not None and (act.name in bound.params.on or act.name in bound.evaluator.also):
            scopes.update({(scope, bound.pack): bound for scope in bound.evaluator.scopes(bound.params, act)})
    for (scope, pack), bound in sorted(scopes.items()):
        for found in bound.evaluator.judge(Scene(bound, scope, _scene(book, bound, scope, acts), world)):
            verdict = _event(bound, found, acts, world) if bound.rule.kind == "event" else found
            mine = book.for_place(verdict.place).get(rule)
            if mine is not None and mine.pack == pack and bound.in_force(verdict.happened_on):
                yield verdict


def _scene(book: Book, bound: Bound[Any], scope: str, acts: Sequence[Act]) -> dict[str, Act]:
    """Return all acts; where a scope is a set of acts (a unit's year, a person, a school), those of that set."""
    per = getattr(bound.params, "per", None)
    if scope.startswith(ACT_SCOPE):
        anchor = next(act for act in acts if act.id == scope.removeprefix(ACT_SCOPE))
        wanted = {key for family, key in _shares(anchor) if family == per}
        return {act.id: act for act in acts if not per or act is anchor or wanted & {key for _, key in _shares(act)}}
    keys = keys_of(scope, None, EVERY | book.looks(bound.rule.id))
    return {act.id: act for act in acts if keys & offers(act)}


def _event(bound: Bound[Any], found: Verdict, acts: Sequence[Act], world: World) -> Verdict:
    """Return the verdict with the outcome that the conditions of a rule on single acts come to."""
    act = next(act for act in acts if act.id == found.subject)
    speaks = _all(bound.params.when, act, world)
    tests = [_all((*test.when, *test.fails), act, world) for test in bound.params.tests]
    excuses = [_all(excuse.when, act, world) for excuse in bound.rule.exceptions]
    outcome: Any = "undetermined" if speaks is None or None in tests else "complied"
    if speaks and True in tests:
        outcome = "excused" if True in excuses else "undetermined" if None in excuses else "violated"
    raises = outcome == "violated" and act.day >= bound.rule.known_from and bound.rule.mode != "hint"
    return replace(found, outcome=outcome, severity=bound.rule.severity if raises else None)


def _all(conditions: Iterable[Any], act: Act, world: World) -> bool | None:
    told = [_holds(one, act, world) for one in conditions]
    return False if False in told else None if None in told else True


def _holds(one: Any, act: Act, world: World) -> bool | None:
    have = DERIVED[one.field](act, world) if one.field.startswith("@") else getattr(act.event, one.field)
    there = have is not None and have not in ("", ())
    if one.op in ("present", "absent"):
        return there is (one.op == "present")
    if have is None or one.unset:
        return None
    have = have.date() if isinstance(have, datetime) else have
    return bool(_COMPARE[one.op](have, one.value))


_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "in": lambda have, want: have in want,
    "not_in": lambda have, want: have not in want,
    "holds": lambda have, want: {*have} & {*want},
    "holds_none": lambda have, want: not {*have} & {*want},
}
