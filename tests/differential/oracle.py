"""The oracle: what a set of facts comes to, by the plainest way there is. Slow, and at most 300 lines.

It knows no index, keys to store, summaries, silencers, waking, timers or memory: it folds all facts at once, looks up units
and lists by going through them all, and hands every rule every act of the log for every scope there can be. The claim of an
evaluator on one scene is taken from its ``judge``, which the cases of the rule files test. Stated here again from the fields are
who meets whom, for what and when an act counts, and the whole of the kind ``event``, which most rules are of; what makes two texts
the same (number, title, topic, part) and what acts of ``JOINS`` bear is the product's own word.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
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
from services.monitor.domain import CHINA, Act, Verdict, stated
from services.monitor.joins import JOINS
from services.monitor.judging import ACT_SCOPE, Bound, Scene
from services.monitor.relations import _PART, LAST_YEAR, YEARS, doc_no, doc_title, offers, plain, topic_of
from services.monitor.world import REFERENCE, UNJUDGED, World

NATION: Final = "00"
REMOTE: Final = ("电视电话", "网络视频")
STEPS: Final = ("doc.reviewed", "doc.assessed", "doc.filed", "doc.declassified")


def verdicts(book: Book, bodies: Iterable[bytes], base: Workdays) -> list[Verdict]:
    """Return every verdict on the history that these messages tell, in whatever order and however often they came."""
    acts = list(_standing({fact.fact_id: fact for fact in map(decode, bodies)}))
    world = _world(acts, base)
    # ids are hashes: this order means nothing, so whoever relies on the order of a scene is found
    judged = sorted((act for act in acts if not isinstance(act.event, UNJUDGED)), key=lambda act: act.id)
    for act in judged:
        _restate(act)
    return [one for rule in sorted(book.rules) for one in _rule(book, rule, judged, world)]


def _standing(facts: Mapping[str, Recorded[Event]]) -> Iterator[Act]:
    """Yield the acts that stand: withdrawn ones fall, of the corrections the one learned last counts."""
    amending = [one for one in facts.values() if isinstance(one.event, (ActCorrected, ActWithdrawn))]
    for fact in facts.values():
        mine = [one for one in amending if _amends(one, fact)]
        if fact in amending or any(isinstance(one.event, ActWithdrawn) for one in mine):
            continue
        versions = [(one.recorded, one.fact_id, event) for one in mine if (event := _corrected(one, fact))]
        last = max(versions, key=lambda one: one[:2], default=None)
        act = replace(stated(fact), day=_china(fact.time), memo={})
        yield act if last is None else replace(act, recorded=last[0], event=last[2], made_of=(act.id, last[1]))


def _amends(one: Recorded[Any], fact: Recorded[Event]) -> bool:
    target, ended = one.event.target, isinstance(fact.event, DayEnded)
    named = fact_id(target.source or one.source, target.id) == fact.fact_id and not ended
    return named and (one.jurisdiction == NATION or fact.jurisdiction.startswith(one.jurisdiction))


def _corrected(one: Recorded[Any], fact: Recorded[Event]) -> Event | None:
    try:
        event = read_data(one.event.target_type, one.event.replacement)
    except (ContractBroken, FromTheFuture):
        return None
    return event if type(event) is type(fact.event) else None


class _Plain(World):
    """The world, looked up by going through all of it."""

    def unit_on(self, unit: str, day: date) -> UnitRegistered | None:
        begun = [one for _, one in self.units.get(unit, ()) if one.valid_from <= day]
        last = [one for one in begun if one.valid_from == max(other.valid_from for other in begun)][-1:]
        return next((one for one in last if one.valid_to is None or day <= one.valid_to), None)

    def list_for(self, kind: str, place: str, day: date) -> ListVersioned | None:
        known = [one for _, one in self.lists.get(kind, ()) if one.valid_from <= day <= (one.valid_to or day)]
        found = [one for one in known if one.place == NATION or place.startswith(one.place)]
        # of the same day the one learned last, which comes last
        return max(reversed(found), key=lambda one: (one.place != NATION, len(one.place), one.valid_from), default=None)


def _world(acts: Iterable[Act], base: Workdays) -> World:
    ordered: list[Any] = sorted(
        acts, key=lambda act: (getattr(act.event, "valid_from", date.min), act.recorded, act.id)
    )
    units, lists, notices, ended = ([act for act in ordered if isinstance(act.event, kind)] for kind in REFERENCE)
    years = _grouped((act.event.year, act.event) for act in notices)
    return _Plain(
        calendar=Workdays({**base.years, **{year: _year(year, all_of, base) for year, all_of in years.items()}}),
        units=_grouped((act.event.unit, (act.id, act.event)) for act in units),
        lists=_grouped((act.event.kind, (act.id, act.event)) for act in lists),
        calendars={},
        today=max((act.event.day for act in ended), default=None),
    )


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, tuple[Any, ...]]:
    known = list(pairs)
    return {group: tuple(one for other, one in known if other == group) for group, _ in known}


def _china(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


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
    """State by the fields alone what an act is found under and what it looks for: the engine's keys are not asked."""
    bears = dict.fromkeys(_bears(act))
    offered = frozenset(key for _, key in bears)
    act.memo.update(families=_grouped(bears), offers=offered, along=_grouped(dict.fromkeys(_seeks(act))))


def _bears(act: Act) -> Iterator[tuple[str, str]]:
    """Yield (family, key) of what an act belongs to: itself, its equals, what it follows, and what it counts for and when."""
    event: Any = act.event
    yield "act", f"act|{act.id}"
    yield from (("after", f"after|act|{fact}") for fact in _named(event, act.source))
    yield from _shares(act)
    if act.name == "doc.issued":
        yield "title", doc_title(event.heading)
    if act.name in ("doc.issued", *STEPS) and event.doc_no:
        number = doc_no(event.doc_no)
        yield ("after", f"after|{number}") if act.name in STEPS else ("no", number)
    if act.name in ("sec.started", "sec.extended", "sec.ended"):
        yield "person", f"person|{event.person}"
    counts = COUNTS[act.name](act, event) if act.name in COUNTS else ()
    yield from ((row[0], f"{row[0]}|{row[1]}{code}") for row in counts if row[1] for code in _codes(*row[2:]))


COUNTS: Final[Mapping[str, Callable[[Act, Any], Sequence[tuple[Any, ...]]]]] = {
    "doc.issued": lambda a, e: [
        ("docs", a.unit, 12, e.signed_on or min(e.dated, e.printed_on or e.dated)),
        ("parts", _PART.search(e.heading) and f"{a.unit}|{plain(_PART.sub('', e.heading))}"),
        *COUNTS["doc.revoked"](a, e),
    ],
    "doc.revoked": lambda a, e: [("series", (n := parse_doc_no(e.doc_no or "")) and f"{a.place}|{n.code}|{n.year}")],
    "mtg.convened": lambda a, e: [
        ("meetings", a.unit, 12, _china(e.starts_at)),
        ("system", e.kind == "综合" and e.system and f"{a.place}|{e.system}", 12, _china(e.starts_at)),
        ("parts", e.mode in REMOTE and f"{a.unit}|{e.matter or plain(_PART.sub('', e.topic))}|{_china(e.starts_at)}"),
        ("held", f"{a.unit}|{a.day}"),
    ],
    "ins.launched": lambda a, _: [("inspections", a.unit, 12, a.day)],
    "kpi.scheme_set": lambda a, e: [("inspections", a.unit, 12, e.year or a.day)],
    "plan.filed": lambda a, e: [(YEARS[e.kind], a.unit, 12, e.year), ("plans", f"{a.unit}|{e.kind}", 12, e.year)],
    "plan.amended": lambda a, e: [*COUNTS["plan.filed"](a, e)],
    "rpt.submitted": lambda a, e: [("docs", e.explains and e.explains_year and a.unit, 12, e.explains_year)],
    "sec.started": lambda a, e: [("borrowing", (e.from_level or 0) <= 2 and e.to_unit, 12, a.day)],
    "dem.started": lambda a, e: [("demonstrations", a.unit, 12, e.starts_on, e.cycle_ends)],
    "dem.ended": lambda a, e: [("demonstrations", a.unit, 12, e.closed_on, date.max)],
    "dem.accepted": lambda _, e: [("accepted", f"{e.demonstration}|{e.target.unit}")],
    "ins.visit": lambda a, e: [
        ("visited", e.target.unit, 12, _china(e.visited_at)),
        ("visits", a.unit, 3, _china(e.visited_at)),
        ("firms", e.target.kind == "企业" and f"{a.unit}|{e.target.unit}", 12, _china(e.visited_at)),
    ],
    "res.visited": lambda _, e: [("leader", e.leader, 1, e.starts_on, e.ends_on)],
    "rpt.demanded": lambda a, e: [("asks", re.search("减负|形式主义", e.subject_matter) and a.unit, 1, a.day)],
    "plaque.hung": lambda _, e: [("outside", e.side != "内" and e.unit), ("inside", e.side != "外" and e.unit)],
    "plaque.removed": lambda _, e: [("outside", e.unit), ("inside", e.unit)],
    "app.registered": lambda a, e: [("apps", e.owner or a.unit)],
    "app.closed": lambda a, _: [("apps", a.unit)],
    "ticket.opened": lambda a, _: [("tickets", a.unit, 12, a.day)],
    "ticket.closed": lambda a, e: [("tickets", a.unit, 12, _china(e.closed_at).year - 1, _china(e.closed_at))],
    "rpt.form_registered": lambda a, _: [("forms", a.unit, 12, a.day)],
}
"""Event -> (family, for what, and unless it is for all time: months of a period, first day or year, last where it is another)."""


def _codes(months: int = 0, *days: Any) -> Iterator[str]:
    """Yield how the keys end of the periods, ten at most, that the days from the first to the last touch."""
    numbers = [day if isinstance(day, int) else (day.year * 12 + day.month - 1) // months for day in days if day] or [0]
    for number in range(numbers[0], max(numbers) + 1)[:10]:
        year, month = divmod(number * months, 12)
        yield {0: "", 12: f"|{year}", 3: f"|{year}-Q{month // 3 + 1}", 1: f"|{year}-{month + 1:02}"}[months]


def _seeks(act: Act) -> Iterator[tuple[str, str]]:
    """Yield what an act depends on: its equals, those that it names, those that name it, and the plans of its year."""
    event: Any = act.event
    yield from _shares(act)
    yield "after", f"after|act|{act.id}"
    yield from (("act", f"act|{fact}") for fact in _named(event, act.source))
    for basis in event.implements if act.name == "doc.issued" else ():
        if basis.doc_no or basis.title:
            yield ("no", doc_no(basis.doc_no)) if basis.doc_no else ("title", doc_title(basis.title))
    if act.name in ("doc.issued", *STEPS) and event.doc_no:
        yield ("no", doc_no(event.doc_no)) if act.name in STEPS else ("after", f"after|{doc_no(event.doc_no)}")
    if act.name == "mtg.observed":
        yield "meetings", f"held|{act.unit}|{act.day}"
    if act.name == "ins.launched":
        yield "plans", f"plans|{act.unit}|督查检查考核|{act.day.year}"


def _shares(act: Act) -> Iterator[tuple[str, str]]:
    """Yield what makes equals of acts, whenever they were."""
    event: Any = act.event
    if act.name == "mtg.convened":
        yield "topic", f"topic|{topic_of(event.matter, event.topic)}"
    if act.name == "ins.visit":
        yield "visit", f"visit|{event.target.unit}"
    for join in JOINS:
        if act.name in join.of:
            yield from ((join.family, f"{join.family}|{one}") for one in join.of[act.name](act) if one is not None)


def _named(value: Any, source: str) -> Iterator[str]:
    """Yield the acts that anything within a value names."""
    if isinstance(value, ActRef):
        yield fact_id(value.source or source, value.id)
    elif isinstance(value, (BaseModel, tuple)):
        for one in dict(value).values() if isinstance(value, BaseModel) else value:
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
    rest, _, last = scope.rpartition("|")
    keys = {rest if scope.startswith("topic|") else scope}
    if scope.startswith("docs|") and LAST_YEAR in book.looks(bound.rule.id):
        keys.add(f"{rest}|{int(last) - 1}")
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
    have = _china(have) if isinstance(have, datetime) else have
    return bool(_COMPARE[one.op](have, one.value))


_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "in": lambda have, want: have in want,
    "not_in": lambda have, want: have not in want,
    "holds": lambda have, want: {*have} & {*want},
    "holds_none": lambda have, want: not {*have} & {*want},
}
