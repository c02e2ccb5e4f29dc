"""Which acts must be judged together: every act *offers* keys, *needs* keys, *looks* along keys and *reaches* keys. Pure.

An act's verdict depends on the acts that offer what it needs or looks along. So when an act arrives, changes or goes, those are judged
again that need what it offers, and those that offer what it reaches: ``needs`` is stored with the act because nothing else tells
who waits for it; looking and reaching are two sides of one relation among equals, and what acts offer tells both. Keys depend on
the act alone, never on what came before: this is why arrival order cannot matter. Keys that compare by time use buckets
wider than any window a rule may ask for; the width is checked when rules are loaded. What the contracts tell by themselves is in
``joins``, and what they count for in ``windows``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from contracts.assessments import AssessmentSchemeSet
from contracts.certificates import CertificateDemanded
from contracts.doc_no import DocNo, parse_doc_no
from contracts.documents import DocumentIssued, DocumentRevoked
from contracts.inspections import InspectionsReceived, InspectionVisited
from contracts.meetings import MeetingApplied, MeetingConvened
from contracts.plans import PlanAmended, PlanFiled, PlanKind
from contracts.reference import ListKind
from contracts.reports import ReportDemanded, ReportSubmitted
from contracts.secondments import SecondmentEnded, SecondmentExtended, SecondmentStarted
from services.monitor import joins, windows
from services.monitor.domain import CHINA, Act

BUCKET_DAYS: Final[Mapping[str, int]] = {"similar": 120, "topic": 45, "visit": 45, **joins.BUCKETS}
"""Family of time-bucketed keys -> days of one bucket; a rule's window must not be wider."""

YEARS: Final[Mapping[PlanKind, str]] = {
    "发文": "docs",
    "会议": "meetings",
    "督查检查考核": "inspections",
    "调研": "research",
    "创建示范": "demonstrations",
    "节庆论坛展会": "festivals",
}
"""Kind of acts that a plan speaks of -> family of the keys of a unit's year."""

LISTS: Final[Mapping[str, tuple[ListKind, ...]]] = {
    "app.launched": ("政务应用备案清单",),
    "cert.demanded": ("不应出具证明清单", "保留证明清单"),
    "chief.set": ("某长制清单",),
    "dem.started": ("创建示范清单",),
    "duty.delegated": ("基本履职事项清单", "配合履职事项清单", "上级收回事项清单"),
    "fest.held": ("节庆论坛展会保留清单",),
    "grp.created": ("工作群组备案清单",),
    "liab.signed": ("责任状清单",),
    "plaque.hung": ("挂牌清单",),
    "rpt.demanded": ("报表目录",),
    "sch.held": ("进校园白名单",),
    "task.assigned": ("层层加码负面清单",),
    "veto.set": ("一票否决清单",),
}
"""Event -> the lists that its acts may be held against: a change of one has them judged again."""
_LISTED_BY: Final[Mapping[str, str]] = {"rpt.demanded": "form_id"}
"""Event that comes by the million -> the field without which no list is asked for its acts."""

_REMOTE: Final = frozenset({"电视电话", "网络视频"})
_KEYS: Final = 16_384
"""Topics, and scopes of topics, that are remembered, of some hundred bytes each: a meeting is asked for them by many."""
LAST_YEAR: Final = "last_year"
"""Names, among the families that a rule looks at, the year before the unit-year that it judges."""
_LEVEL_WORDS: Final = re.compile("(全国|全省|全区|全市|全县|全镇|全乡|全街道|自治区|新区|各级)")
_MEETING_WORDS: Final = re.compile(
    "(关于|召开|贯彻落实|传达学习|学习贯彻|贯彻|落实|传达|部署|动员|推进|调度|视频|电视电话|网络|专题|工作会议|工作会|会议精神|会议|大会|部署会|推进会|动员会|会|工作|再)"
)
_PART: Final = re.compile(
    r"[（(]?(?:[（(]|第|之)[一二三四五六七八九十上中下0-9]{1,3}(?:部分|篇|期|次|场|阶段)?[)）]?|[上中下]篇|之[^之的]{2,6}$"
)
"""How a title says that it is one part of something: （一）, （上）, 之二, 第二部分, 下篇, 之任务分工."""
_FIRST_PART: Final = re.compile(
    r"(?:[（(]|第|之)[一上1](?:部分|篇|期|次|场|阶段)?(?:[)）]|$)|上篇|之[^之的一二三四五六七八九十0-9][^之的]{1,5}$"
)
_NOT_WORD: Final = re.compile(r"[\W_]+")


def year_of(unit: str, kind: PlanKind, year: int) -> str:
    """Acts of one kind that a unit did in a year, with the plans that speak of them."""
    return f"{YEARS[kind]}|{unit}|{year}"


def issued_in(event: DocumentIssued) -> int:
    """Return the year in which a document counts: that of its signing, which is what 成文日期 has to be, where it is known.

    What is dated after the day of its printing was issued when it was printed.
    """
    return (event.signed_on or min(event.dated, event.printed_on or event.dated)).year


def is_first_part(title: str) -> bool:
    """Tell whether a title says that it is the first of several parts, or one of parts without numbers."""
    return _FIRST_PART.search(title) is not None


def plans_of(unit: str, kind: PlanKind, year: int) -> str:
    """Plans that a unit filed for a kind of acts in a year."""
    return f"plans|{unit}|{kind}|{year}"


def doc_series(place: str, code: str, year: int) -> str:
    """Return the key of the numbers of one 机关代字 in one year; two places may use the same 代字 (宁政发 is of 宁夏 and of 南京)."""
    return f"series|{place}|{code}|{year}"


def loans_of(person: str) -> str:
    """All loans of one person."""
    return f"person|{person}"


def lent_by(name: str) -> str:
    """All loans by which a unit lent persons: needed by the loans by which it borrows."""
    return f"lent|{name}"


def doc_no(text: str) -> str:
    """Return the key of a document by its 发文字号 in normal form."""
    return _numbered(parse_doc_no(text), text)


def _numbered(parsed: DocNo | None, text: str) -> str:
    return f"no|{parsed or plain(text)}"


def doc_title(text: str) -> str:
    """Return the key of a document by its title without punctuation."""
    return f"title|{plain(text)}"


def by_id(fact: str) -> str:
    """Return the key of an act by its fact id."""
    return f"act|{fact}"


def unit(name: str) -> str:
    """Whatever depends on a unit's registration."""
    return f"unit|{name}"


def list_kind(kind: str) -> str:
    """Whatever depends on the lists of a kind."""
    return f"list|{kind}"


def calendar(year: int) -> str:
    """Whatever depends on the work calendar of a year."""
    return f"calendar|{year}"


@lru_cache(maxsize=_KEYS)
def topic_of(matter: str | None, topic: str) -> str:
    """Return what a meeting is about: its 事项 if one was assigned, else its name without level and meeting words."""
    if matter:
        return plain(matter)
    bare = _MEETING_WORDS.sub("", _LEVEL_WORDS.sub("", plain(topic)))
    return bare or plain(topic)


def bucket(family: str, day: date) -> int:
    """Return the bucket of a day in a family of time-bucketed keys."""
    return day.toordinal() // BUCKET_DAYS[family]


def timed(family: str, key: str, number: int) -> str:
    """Return a time-bucketed key."""
    return f"{family}|{key}|{number}"


def plain(text: str) -> str:
    """Return a text without punctuation, blanks and kinds of width: what is the same to a reader is the same."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text))


def offers(act: Act) -> frozenset[str]:
    """Return the keys under which other verdicts find this act."""
    found: frozenset[str] | None = act.memo.get("offers")
    if found is None:
        own = (by_id(act.id), *_of(_OFFERS, act), *joins.offers(act), *windows.offers(act))
        found = act.memo["offers"] = frozenset(own)
    return found


def offered(act: Act, family: str) -> tuple[str, ...]:
    """Return the keys of a family that this act offers."""
    found: dict[str, tuple[str, ...]] | None = act.memo.get("families")
    if found is None:
        found = act.memo["families"] = _by_family(offers(act))
    return found.get(family, ())


def _by_family(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in keys:
        name = key[: key.index("|")]
        found[name] = (*found[name], key) if name in found else (key,)
    return found


def needs(act: Act) -> frozenset[str]:
    """Return the keys that this act's own verdicts depend on and that nothing but the act itself tells."""
    found: frozenset[str] | None = act.memo.get("needs")
    if found is None:
        found = act.memo["needs"] = frozenset((*_of(_NEEDS, act), *_list_needs(act), *joins.needs(act)))
    return found


def _list_needs(act: Act) -> Iterator[str]:
    field = _LISTED_BY.get(act.name)
    if field is None or getattr(act.event, field) is not None:
        yield from map(list_kind, LISTS.get(act.name, ()))


NEEDED: Final = frozenset({"act", "no", "title", "visit", "lent"})
"""The families of keys that acts offer and others need; the world is needed too, but no act offers a part of it."""


def number_of(act: Act) -> DocNo | None:
    """Return the 发文字号 that a document, or the fact that a number was not used, bears."""
    if "number" not in act.memo:
        text = act.event.doc_no if isinstance(act.event, (DocumentIssued, DocumentRevoked)) else None
        act.memo["number"] = parse_doc_no(text) if text else None
    found: DocNo | None = act.memo["number"]
    return found


def looks(act: Act) -> frozenset[str]:
    """Return the keys along which this act's own verdicts compare it with its like."""
    found: frozenset[str] | None = act.memo.get("looks")
    if found is None:
        found = act.memo["looks"] = frozenset((*_of(_LOOKS, act), *joins.looks(act)))
    return found


def along(act: Act) -> Mapping[str, tuple[str, ...]]:
    """Return family -> the keys of that family which this act needs or looks along."""
    found: dict[str, tuple[str, ...]] | None = act.memo.get("along")
    if found is None:
        found = act.memo["along"] = _by_family(needs(act) | looks(act))
    return found


def reaches(act: Act) -> Mapping[str, str]:
    """Return the keys whose members look along one that this act offers -> the family of that one.

    Documents reach nobody: their likeness is found in summaries, not by judging all that are near.
    """
    return dict((*_of(_REACHES, act), *joins.reaches(act)))


@lru_cache(maxsize=_KEYS)
def around(scope: str) -> tuple[str, ...]:
    """Return the keys whose members a scope that is a key judges: a topic's bucket is judged with those beside it."""
    family, *middle, last = scope.split("|")
    if family != "topic":
        return (scope,)
    return tuple("|".join((family, *middle, str(int(last) + step))) for step in (-1, 0, 1))


def year_before(scope: str) -> tuple[str, ...]:
    """Return the key of the year before, of a scope that is a unit's year of documents."""
    family, *unit, year = scope.split("|")
    return ("|".join((family, *unit, str(int(year) - 1))),) if family == YEARS["发文"] else ()


T = TypeVar("T")


def _of(table: Mapping[str, Callable[[Act], Iterator[T]]], act: Act) -> Iterator[T]:
    make = table.get(act.name)
    return make(act) if make else iter(())


def _document_offers(act: Act) -> Iterator[str]:
    event = act.read(DocumentIssued)
    yield year_of(act.unit, "发文", issued_in(event))
    yield doc_title(event.heading)
    stem = _PART.sub("", event.heading)
    if stem != event.heading:
        yield f"parts|{act.unit}|{plain(stem)}"
    yield timed("similar", act.unit, bucket("similar", event.dated))
    if event.doc_no:
        parsed = number_of(act)
        yield _numbered(parsed, event.doc_no)
        if parsed:
            yield doc_series(act.place, parsed.code, parsed.year)


def _document_needs(act: Act) -> Iterator[str]:
    event = act.read(DocumentIssued)
    for basis in event.implements:
        if basis.doc_no:
            yield doc_no(basis.doc_no)
        elif basis.title:
            yield doc_title(basis.title)
    yield from map(unit, event.co_issuers)


def _document_looks(act: Act) -> Iterator[str]:
    event = act.read(DocumentIssued)
    here = bucket("similar", event.dated)
    yield timed("similar", act.unit, here - 1)
    yield timed("similar", act.unit, here)
    yield plans_of(act.unit, "发文", issued_in(event))
    number = act.read(DocumentIssued).doc_no
    if number:
        yield joins.after(_numbered(number_of(act), number))


def _revoked_offers(act: Act) -> Iterator[str]:
    parsed = number_of(act)
    if parsed:
        yield doc_series(act.place, parsed.code, parsed.year)


def _meeting_offers(act: Act) -> Iterator[str]:
    day = _started(act)
    yield year_of(act.unit, "会议", day.year)
    yield timed("topic", _topic(act), bucket("topic", day))
    event = act.read(MeetingConvened)
    if event.mode in _REMOTE:
        yield f"parts|{act.unit}|{event.matter or plain(_PART.sub('', event.topic))}|{day}"


def _meeting_needs(act: Act) -> Iterator[str]:
    day = _started(act)
    yield from {calendar(day.year), calendar((day - timedelta(days=BUCKET_DAYS["topic"])).year)}


def _meeting_looks(act: Act) -> Iterator[str]:
    yield plans_of(act.unit, "会议", _started(act).year)
    yield from around(timed("topic", _topic(act), bucket("topic", _started(act))))


def _meeting_reaches(act: Act) -> Iterator[tuple[str, str]]:
    yield _observed(act), YEARS["会议"]
    for key in around(timed("topic", _topic(act), bucket("topic", _started(act)))):
        yield key, "topic"


def _topic(act: Act) -> str:
    event = act.read(MeetingConvened)
    return topic_of(event.matter, event.topic)


def _started(act: Act) -> date:
    found: date | None = act.memo.get("started")
    if found is None:
        found = act.memo["started"] = act.read(MeetingConvened).starts_at.astimezone(CHINA).date()
    return found


def _scheme_offers(act: Act) -> Iterator[str]:
    yield year_of(act.unit, "督查检查考核", _of_year(act))


def _scheme_looks(act: Act) -> Iterator[str]:
    yield plans_of(act.unit, "督查检查考核", _of_year(act))


def _of_year(act: Act) -> int:
    return act.read(AssessmentSchemeSet).year or act.day.year


def _launched_offers(act: Act) -> Iterator[str]:
    yield year_of(act.unit, "督查检查考核", act.day.year)


def _launched_looks(act: Act) -> Iterator[str]:
    yield plans_of(act.unit, "督查检查考核", act.day.year)


def _visit_offers(act: Act) -> Iterator[str]:
    yield timed("visit", act.read(InspectionVisited).target.unit, _visited(act))


def _visit_looks(act: Act) -> Iterator[str]:
    target, here = act.read(InspectionVisited).target.unit, _visited(act)
    yield timed("visit", target, here - 1)
    yield timed("visit", target, here)


def _visit_reaches(act: Act) -> Iterator[tuple[str, str]]:
    target, here = act.read(InspectionVisited).target.unit, _visited(act)
    yield timed("visit", target, here), "visit"
    yield timed("visit", target, here + 1), "visit"


def _visited(act: Act) -> int:
    return bucket("visit", act.read(InspectionVisited).visited_at.astimezone(CHINA).date())


def _received_needs(act: Act) -> Iterator[str]:
    """Yield the visits to the unit in the month that its record is of, and in those beside it."""
    event = act.read(InspectionsReceived)
    first = date(event.year, event.month, 1)
    before, after = first - timedelta(days=31), first + timedelta(days=62)
    for number in range(bucket("visit", before), bucket("visit", after) + 1):
        yield timed("visit", event.unit, number)


def _loan_offers(act: Act) -> Iterator[str]:
    if isinstance(act.event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)):
        yield loans_of(act.event.person)
    if isinstance(act.event, SecondmentStarted):
        yield lent_by(act.event.from_unit)


def _loan_needs(act: Act) -> Iterator[str]:
    event = act.read(SecondmentStarted)
    yield unit(event.from_unit)
    yield unit(event.to_unit)
    yield lent_by(event.to_unit)


def _plan_offers(act: Act) -> Iterator[str]:
    if isinstance(act.event, (PlanFiled, PlanAmended)):
        yield year_of(act.unit, act.event.kind, act.event.year)
        yield plans_of(act.unit, act.event.kind, act.event.year)


def _plan_reaches(act: Act) -> Iterator[tuple[str, str]]:
    if isinstance(act.event, (PlanFiled, PlanAmended)):
        yield year_of(act.unit, act.event.kind, act.event.year), "plans"


def _submitted_offers(act: Act) -> Iterator[str]:
    event = act.read(ReportSubmitted)
    if event.explains and event.explains_year:
        yield year_of(act.unit, "发文", event.explains_year)


def _demand_needs(act: Act) -> Iterator[str]:
    event = act.read(ReportDemanded)
    if event.received_at and event.due_at:
        first, last = event.received_at.astimezone(CHINA).year, event.due_at.astimezone(CHINA).year
        for year in range(first, min(last, first + 2) + 1):
            yield calendar(year)


def _application_needs(act: Act) -> Iterator[str]:
    event = act.read(MeetingApplied)
    if event.planned_start:
        first, last = event.applied_at.astimezone(CHINA).year, event.planned_start.astimezone(CHINA).year
        for year in range(first, min(last, first + 2) + 1):
            yield calendar(year)


def _certificate_needs(act: Act) -> Iterator[str]:
    event = act.read(CertificateDemanded)
    if event.issuer_unit:
        yield unit(event.issuer_unit)


_STEPS: Final = ("doc.reviewed", "doc.assessed", "doc.filed", "doc.declassified")
"""Steps of 办文 that may name their document by its number alone."""


def _of_document(act: Act) -> str | None:
    """Return the key of the document that a step of 办文 names by its 发文字号."""
    number = getattr(act.event, "doc_no", None)
    return doc_no(number) if number else None


def _step_offers(act: Act) -> Iterator[str]:
    key = _of_document(act)
    if key:
        yield joins.after(key)


def _step_needs(act: Act) -> Iterator[str]:
    key = _of_document(act)
    if key:
        yield key
    if act.name == "doc.reviewed":
        yield from _calendars(act)


def _step_reaches(act: Act) -> Iterator[tuple[str, str]]:
    key = _of_document(act)
    if key:
        yield key, joins.AFTER


def _calendars(act: Act) -> Iterator[str]:
    """Yield the calendars by which working days around an act are counted."""
    for year in (act.day.year - 1, act.day.year, act.day.year + 1):
        yield calendar(year)


def _observed(act: Act) -> str:
    """Return the key of what other feeds show of a unit's meetings on a day."""
    return f"observed|{act.unit}|{act.day.isoformat()}"


def _observed_offers(act: Act) -> Iterator[str]:
    yield _observed(act)


def _observed_looks(act: Act) -> Iterator[str]:
    yield year_of(act.unit, "会议", act.day.year)


_OFFERS: Final[Mapping[str, Callable[[Act], Iterator[str]]]] = {
    "doc.issued": _document_offers,
    "doc.revoked": _revoked_offers,
    "mtg.convened": _meeting_offers,
    "ins.launched": _launched_offers,
    "kpi.scheme_set": _scheme_offers,
    "ins.visit": _visit_offers,
    "sec.started": _loan_offers,
    "sec.extended": _loan_offers,
    "sec.ended": _loan_offers,
    "plan.filed": _plan_offers,
    "plan.amended": _plan_offers,
    "rpt.submitted": _submitted_offers,
    "mtg.observed": _observed_offers,
    **dict.fromkeys(_STEPS, _step_offers),
}
_NEEDS: Final[Mapping[str, Callable[[Act], Iterator[str]]]] = {
    "ins.received": _received_needs,
    "doc.issued": _document_needs,
    "mtg.convened": _meeting_needs,
    "sec.started": _loan_needs,
    "rpt.demanded": _demand_needs,
    "cert.demanded": _certificate_needs,
    "mtg.applied": _application_needs,
    "app.registered": _calendars,
    **dict.fromkeys(_STEPS, _step_needs),
}
_LOOKS: Final[Mapping[str, Callable[[Act], Iterator[str]]]] = {
    "doc.issued": _document_looks,
    "mtg.convened": _meeting_looks,
    "ins.launched": _launched_looks,
    "kpi.scheme_set": _scheme_looks,
    "ins.visit": _visit_looks,
    "mtg.observed": _observed_looks,
}
_REACHES: Final[Mapping[str, Callable[[Act], Iterator[tuple[str, str]]]]] = {
    "mtg.convened": _meeting_reaches,
    "ins.visit": _visit_reaches,
    "plan.filed": _plan_reaches,
    "plan.amended": _plan_reaches,
    **dict.fromkeys(_STEPS, _step_reaches),
}
