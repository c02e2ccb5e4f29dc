"""Relations that the contracts themselves tell: an act names another act, or two acts bear one id, meet at one place or person. Pure.

*Follows*: whatever names an act (an ``ActRef`` anywhere in its data) offers ``after|act|<fact id>``, needs that act and reaches it. The
named act stores nothing: it looks along ``after|act|<its own id>``. So the anchor is judged again when a follower comes,
changes or goes, and the follower when its anchor does.

*Joins*: acts whose events are in one row of ``JOINS`` and give the same value are together; each offers the key of the value, looks along
it and reaches who offers it. A join with ``days`` compares by time: its keys are bucketed, and acts meet whose days are at most
so many apart. One row is one family of keys; evaluators name it (``looks``, ``by``), ``BUCKET_DAYS`` checks their windows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel

from contracts.activities import DemonstrationStarted, PlaqueHung, PlaqueRemoved
from contracts.assessments import AssessmentSchemeSet
from contracts.doc_no import parse_doc_no
from contracts.documents import DocumentIssued, DocumentReceived
from contracts.event import ActRef
from contracts.inspections import InspectionConcluded, InspectionLaunched
from contracts.meetings import MeetingConvened
from contracts.oversight import TicketOpened
from contracts.plans import PlanFiled
from contracts.reference import ListVersioned, UnitRegistered
from contracts.reports import ReportDemanded, ReportFiled, ReportReminded, ReportSubmitted
from contracts.research import ResearchVisited
from services.monitor.domain import CHINA, Act

ACT: Final = "act|"
AFTER: Final = "after"
"""Family of the keys that followers of an act offer."""
Values = Callable[[Act], Iterable[str | None]]
"""What an act bears of a join; ``None`` is nothing."""


def field(name: str) -> Values:
    """Return the way to a field that holds one value or several."""

    def values(act: Act) -> Iterable[str | None]:
        found = getattr(act.event, name)
        return found if isinstance(found, tuple) else (found,)

    return values


def _happened(act: Act) -> date:
    return act.day


@dataclass(frozen=True, slots=True)
class Join:
    """One family of keys."""

    family: str
    of: Mapping[str, Values]
    """Event -> what its acts bear."""
    days: int | None = None
    """Days of a bucket where acts are compared by time: no window may be wider."""
    day: Callable[[Act], date] = _happened
    """The day by which acts of a bucketed join are compared."""


OWED: Final = "owed"
"""Family of the keys of what a unit owes from period to period."""
OWED_HERE: Final = "owed_here"
"""The same of what the Party committee or government of a place owes, whichever office there does it."""


def _own(name: str) -> Values:
    """Return the way to a value that is of the acting unit's own giving."""
    return lambda act: (f"{act.unit}|{value}" if value else None for value in field(name)(act))


def _here(act: Act) -> Iterable[str | None]:
    return (act.place,)


def _governing(act: Act) -> Iterable[str | None]:
    event = act.read(UnitRegistered)
    return (event.place if event.kind in ("党委", "政府") else None,)


def _of_launch(act: Act) -> Iterable[str | None]:
    launch: ActRef | None = getattr(act.event, "launch", None)
    return (launch.fact(act.source) if launch else None,)


def _programme(act: Act) -> Iterable[str | None]:
    programme, year = getattr(act.event, "programme", None), getattr(act.event, "year", act.day.year)
    return (f"{act.unit}|{programme}|{year}" if programme else None,)


def _hung(act: Act) -> Iterable[str | None]:
    event = act.event
    return (f"{event.unit}|{event.name}" if isinstance(event, PlaqueHung | PlaqueRemoved) else None,)


def _listed(act: Act) -> Iterable[str | None]:
    event = act.read(ListVersioned)
    return (f"{event.place}|{event.kind}",)


def _each(names: Iterable[str], values: Values) -> Mapping[str, Values]:
    return dict.fromkeys(names, values)


def _planned(act: Act) -> Iterable[str | None]:
    item = act.read(InspectionLaunched).plan_item
    return (f"{act.unit}|{item}" if item else None,)


def _reminds(act: Act) -> Iterable[str | None]:
    demand = act.read(ReportReminded).demand
    return (demand.fact(act.source) if demand else None,)


def _reversal(act: Act) -> Iterable[str | None]:
    event = act.read(DocumentIssued)
    return (f"{act.unit}|{event.matter}" if event.reverses and event.matter else None,)


def _passed_on(act: Act) -> Iterable[str | None]:
    """Yield what a unit received, or told of having received, by the document's number and as a fact."""
    event = act.event
    if isinstance(event, DocumentReceived):
        number, document = event.doc_no, event.document
    elif isinstance(event, ReportFiled) and event.kind == "传达贯彻":
        basis = event.responds_to_document
        number, document = (basis.doc_no, basis.act) if basis else (None, None)
        document = document or event.responds_to
    elif isinstance(event, MeetingConvened) and event.purpose == "传达":
        number, document = None, event.about
    else:
        return
    if number:
        yield f"{act.unit}|{parse_doc_no(number) or number}"
    if document:
        yield f"{act.unit}|{document.fact(act.source)}"


def _held(act: Act) -> Iterable[str | None]:
    """Yield the units of which an inspection's shared results hold something, or that are asked because of an inspection."""
    event = act.event
    if isinstance(event, InspectionConcluded):
        return (event.target.unit,) if event.shared and event.target else ()
    if isinstance(event, ReportDemanded) and event.spawned_kind in ("督查检查", "考核"):
        return event.addressees
    return ()


_OF_DRAFT: Final = ("doc.drafted", "doc.reviewed", "doc.assessed", "doc.filed", "doc.declassified", "doc.issued")
_OF_APP: Final = (
    "app.registered",
    "app.project_approved",
    "app.launched",
    "app.used",
    "app.noticed",
    "app.closed",
    "app.data_disposed",
)
_OF_INSPECTION: Final = ("ins.stage_done", "ins.reported", "ins.concluded")


def _spots(act: Act) -> Iterable[str | None]:
    event = act.read(ResearchVisited)
    return event.place, event.target.unit if event.target else None


def _route(act: Act) -> Iterable[str | None]:
    return ("、".join(act.read(ResearchVisited).route or ()) or None,)


def _toured(act: Act) -> date:
    return act.read(ResearchVisited).starts_on


def _assessed(act: Act) -> Iterable[str]:
    return (target.unit for target in act.read(AssessmentSchemeSet).targets)


def _scheme_set(act: Act) -> date:
    return act.read(AssessmentSchemeSet).set_on or act.day


def _asked(act: Act) -> Iterable[str]:
    """Only who says which data items it asks for can ask for the same twice."""
    event = act.read(ReportDemanded)
    return event.addressees if event.item_ids or event.items else ()


def _asked_on(act: Act) -> date:
    return act.read(ReportDemanded).sent_at.astimezone(CHINA).date()


def _entered(act: Act) -> Iterable[str]:
    return (f"{act.unit}|{item}" for item in act.read(ReportSubmitted).items)


def _submitted(act: Act) -> date:
    return act.read(ReportSubmitted).submitted_at.astimezone(CHINA).date()


def _complained(act: Act) -> Iterable[str | None]:
    event = act.read(TicketOpened)
    return (f"{event.assignee}|{event.topic}" if event.assignee and event.topic else None,)


def _opened(act: Act) -> date:
    return act.read(TicketOpened).opened_at.astimezone(CHINA).date()


def _created(act: Act) -> Iterable[str]:
    return (target.unit for target in act.read(DemonstrationStarted).targets)


def _begun(act: Act) -> date:
    return act.read(DemonstrationStarted).starts_on


def _acting(act: Act) -> Iterable[str]:
    return (act.unit,)


def _plan_kind(act: Act) -> Iterable[str]:
    return (f"{act.unit}|{act.read(PlanFiled).kind}",)


JOINS: Final[tuple[Join, ...]] = (
    Join("ins_item", {"ins.launched": _planned}),
    Join("draft", _each(_OF_DRAFT, field("draft"))),
    Join("application", _each(("mtg.applied", "mtg.approved", "mtg.convened"), field("application"))),
    Join("inspection", _each(_OF_INSPECTION, _of_launch)),
    Join("tracked", _each((*_OF_INSPECTION, "ins.launched"), _own("plan_item"))),
    Join("programme", _each(("ins.launched", "feedback.collected"), _programme)),
    Join("borrowed", _each(("sec.started", "sec.ended", "roster.observed"), field("person"))),
    Join("rectification", _each(("rect.assigned", "rect.closed", "review.done"), field("rectification"))),
    Join("clue", _each(("rect.assigned", "case.published"), field("clue"))),
    Join("ticket", _each(("ticket.opened", "ticket.closed"), field("ticket"))),
    Join("task", _each(("task.assigned", "task.closed"), field("task"))),
    Join("app", _each(_OF_APP, field("app"))),
    Join("group", _each(("grp.created", "grp.closed"), field("group"))),
    Join("project", _each(("proj.stage_done",), field("project"))),
    Join("plaque", _each(("plaque.hung", "plaque.removed"), _hung)),
    Join("festival", _each(("fest.held", "fest.evaluated"), field("series"))),
    Join("school", {"sch.held": field("school")}),
    Join("reminded", {"rpt.reminded": _reminds}),
    Join("reversal", {"doc.issued": _reversal}),
    Join("receipt", _each(("doc.received", "rpt.filed", "mtg.convened"), _passed_on)),
    Join("demonstration", _each(("dem.started", "dem.criteria_set"), field("demonstration"))),
    Join("held", _each(("ins.concluded", "rpt.demanded"), _held)),
    Join("function", {"app.registered": field("functions")}),
    Join("listed", _each(("list.versioned",), _listed)),
    Join(OWED, {"unit.registered": field("unit"), "ins.received": field("unit")}),
    Join(
        OWED_HERE,
        {"unit.registered": _governing, **_each(("mech.met", "rpt.filed", "review.done", "list.versioned"), _here)},
    ),
    Join("spot", {"res.visited": _spots}, 45, _toured),
    Join("route", {"res.visited": _route}, 120, _toured),
    Join("assessed", {"kpi.scheme_set": _assessed}, 366, _scheme_set),
    Join("asked", {"rpt.demanded": _asked}, 45, _asked_on),
    Join("entered", {"rpt.submitted": _entered}, 45, _submitted),
    Join("complained", {"ticket.opened": _complained}, 45, _opened),
    Join("created", {"dem.started": _created}, 366, _begun),
    Join("schemes", {"kpi.scheme_set": _acting}),
    Join("plan_kind", {"plan.filed": _plan_kind}),
)
"""Every join. To add one: a row here; its family may then be named by rules and evaluators. Acts that come by the million should bear
a value only where a rule looks for it: each value is a row in the database."""
FAMILIES: Final = frozenset(join.family for join in JOINS)
BORNE: Final[Mapping[str, frozenset[str]]] = {join.family: frozenset(join.of) for join in JOINS}
"""Family -> the events whose acts bear it."""
BUCKETS: Final[Mapping[str, int]] = {join.family: join.days for join in JOINS if join.days}


def offers(act: Act) -> Iterator[str]:
    """Yield the keys that an act offers by what it names and what it bears."""
    for fact in named(act):
        yield after(ACT + fact)
    for join, value in _borne(act):
        yield _key(join, value, _bucket(join, act))


def needs(act: Act) -> Iterator[str]:
    """Yield the acts that an act names."""
    for fact in named(act):
        yield ACT + fact


def looks(act: Act) -> Iterator[str]:
    """Yield the keys along which an act finds its followers and those that bear the same."""
    yield after(ACT + act.id)
    for join, value in _borne(act):
        yield from _near(join, value, act)


def reaches(act: Act) -> Iterator[tuple[str, str]]:
    """Yield the keys whose members find this act -> the family along which they do."""
    for fact in named(act):
        yield ACT + fact, AFTER
    for join, value in _borne(act):
        for key in _near(join, value, act):
            yield key, join.family


def after(key: str) -> str:
    """Return the key that acts offer which name what offers ``key``."""
    return f"{AFTER}|{key}"


def named(act: Act) -> tuple[str, ...]:
    """Return the fact ids of the acts that an act names."""
    found: tuple[str, ...] | None = act.memo.get("named")
    if found is None:
        event = act.event
        begun = [(value, path) for path in _paths(type(event)) if (value := getattr(event, path[0]))]
        refs = dict.fromkeys(ref.fact(act.source) for value, path in begun for ref in _walk(value, path[1:]))
        found = act.memo["named"] = tuple(refs)
    return found


def _borne(act: Act) -> Sequence[tuple[Join, str]]:
    found: list[tuple[Join, str]] | None = act.memo.get("borne")
    if found is None:
        joins = _BY_EVENT.get(act.name, ())
        pairs = [(join, value) for join, values in joins for value in dict.fromkeys(values(act)) if value is not None]
        found = act.memo["borne"] = pairs
    return found


def _bucket(join: Join, act: Act) -> int | None:
    return join.day(act).toordinal() // join.days if join.days else None


def _near(join: Join, value: str, act: Act) -> Iterator[str]:
    here = _bucket(join, act)
    for number in (None,) if here is None else (here - 1, here, here + 1):
        yield _key(join, value, number)


def _key(join: Join, value: str, number: int | None) -> str:
    return f"{join.family}|{value}" if number is None else f"{join.family}|{value}|{number}"


_Path = tuple[str, ...]


@cache
def _paths(kind: type[BaseModel]) -> tuple[_Path, ...]:
    """Return the ways of fields that lead from a model to the acts that it names."""
    return tuple(path for name, one in kind.model_fields.items() for path in _within(name, one.annotation))


def _within(name: str, annotation: Any) -> Iterator[_Path]:
    if isinstance(annotation, type) and issubclass(annotation, ActRef):
        yield (name,)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for path in _paths(annotation):
            yield (name, *path)
    else:
        for part in get_args(annotation):
            yield from _within(name, part)


def _walk(value: Any, path: _Path) -> Iterator[ActRef]:
    if isinstance(value, tuple):
        for one in value:
            yield from _walk(one, path)
    elif isinstance(value, ActRef) and not path:
        yield value
    elif value is not None and path:
        yield from _walk(getattr(value, path[0]), path[1:])


def _by_event() -> Mapping[str, tuple[tuple[Join, Values], ...]]:
    names = {name for join in JOINS for name in join.of}
    return {name: tuple((join, join.of[name]) for join in JOINS if name in join.of) for name in names}


_BY_EVENT: Final = _by_event()
