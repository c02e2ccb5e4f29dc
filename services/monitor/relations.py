"""Which acts must be judged together: every act *offers* keys and *needs* keys; a need finds all acts that offer it. Pure.

An act's verdict depends on the acts that offer what it needs; so when an act arrives, changes or goes, every act whose need it
offers is judged again. Keys depend on the act alone, never on what came before: this is why arrival order cannot matter. Keys that
compare by time use buckets wider than any window a rule may ask for; the width is checked when rules are loaded.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from contracts.certificates import CertificateDemanded
from contracts.doc_no import parse_doc_no
from contracts.documents import DocumentIssued, DocumentRevoked
from contracts.inspections import InspectionVisited
from contracts.meetings import MeetingConvened
from contracts.plans import PlanAmended, PlanFiled
from contracts.reports import ReportDemanded, ReportSubmitted
from contracts.secondments import SecondmentEnded, SecondmentExtended, SecondmentStarted
from services.monitor.domain import CHINA, Act

BUCKET_DAYS: Final[Mapping[str, int]] = {"similar": 120, "topic": 45, "visit": 45}
"""Family of time-bucketed keys -> days of one bucket; a rule's window must not be wider."""

_LEVEL_WORDS: Final = re.compile("(全国|全省|全区|全市|全县|全镇|全乡|全街道|自治区|新区|各级)")
_MEETING_WORDS: Final = re.compile(
    "(关于|召开|贯彻落实|传达学习|学习贯彻|贯彻|落实|传达|部署|动员|推进|调度|视频|电视电话|网络|专题|工作会议|工作会|会议精神|会议|大会|部署会|推进会|动员会|会|工作|再)"
)
_NOT_WORD: Final = re.compile(r"[\W_]+")


def docs_year(unit: str, year: int) -> str:
    """Documents that a unit issued in a year, with the plan that caps them."""
    return f"docs|{unit}|{year}"


def plan_year(unit: str, kind: str, year: int) -> str:
    """Acts that a unit's plan of a kind and year should hold, with that plan."""
    return f"plan|{unit}|{kind}|{year}"


def doc_series(place: str, code: str, year: int) -> str:
    """Return the key of the numbers of one 机关代字 in one year; two places may use the same 代字 (宁政发 is of 宁夏 and of 南京)."""
    return f"series|{place}|{code}|{year}"


def inspections_year(unit: str, year: int) -> str:
    """Inspections that a unit launched in a year."""
    return f"inspections|{unit}|{year}"


def loans_of(person: str) -> str:
    """All loans of one person."""
    return f"person|{person}"


def doc_no(text: str) -> str:
    """Return the key of a document by its 发文字号 in normal form."""
    parsed = parse_doc_no(text)
    return f"no|{parsed or _plain(text)}"


def doc_title(text: str) -> str:
    """Return the key of a document by its title without punctuation."""
    return f"title|{_plain(text)}"


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


def topic_of(matter: str | None, topic: str) -> str:
    """Return what a meeting is about: its 事项 if one was assigned, else its name without level and meeting words."""
    if matter:
        return _plain(matter)
    bare = _MEETING_WORDS.sub("", _LEVEL_WORDS.sub("", _plain(topic)))
    return bare or _plain(topic)


def bucket(family: str, day: date) -> int:
    """Return the bucket of a day in a family of time-bucketed keys."""
    return day.toordinal() // BUCKET_DAYS[family]


def timed(family: str, key: str, number: int) -> str:
    """Return a time-bucketed key."""
    return f"{family}|{key}|{number}"


def _plain(text: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text))


def offers(act: Act) -> frozenset[str]:
    """Return the keys under which other verdicts find this act."""
    found: frozenset[str] | None = act.memo.get("offers")
    if found is None:
        found = act.memo["offers"] = frozenset((by_id(act.id), *_of(_OFFERS, act)))
    return found


def needs(act: Act) -> frozenset[str]:
    """Return the keys that this act's own verdicts depend on."""
    found: frozenset[str] | None = act.memo.get("needs")
    if found is None:
        found = act.memo["needs"] = frozenset((unit(act.unit), *_of(_NEEDS, act)))
    return found


def _of(table: Mapping[str, Callable[[Act], Iterator[str]]], act: Act) -> Iterator[str]:
    make = table.get(act.name)
    return make(act) if make else iter(())


def _document_offers(act: Act) -> Iterator[str]:
    event = act.read(DocumentIssued)
    yield docs_year(act.unit, event.dated.year)
    yield plan_year(act.unit, "发文", event.dated.year)
    yield doc_title(event.heading)
    here = bucket("similar", event.dated)
    yield timed("similar", act.unit, here)
    yield timed("similar", act.unit, here + 1)
    if event.doc_no:
        yield doc_no(event.doc_no)
        parsed = parse_doc_no(event.doc_no)
        if parsed:
            yield doc_series(act.place, parsed.code, parsed.year)


def _document_needs(act: Act) -> Iterator[str]:
    event = act.read(DocumentIssued)
    yield timed("similar", act.unit, bucket("similar", event.dated))
    for basis in event.implements:
        if basis.act:
            yield by_id(basis.act.fact(act.source))
        if basis.doc_no:
            yield doc_no(basis.doc_no)
        elif basis.title:
            yield doc_title(basis.title)


def _revoked_offers(act: Act) -> Iterator[str]:
    parsed = parse_doc_no(act.read(DocumentRevoked).doc_no or "")
    if parsed:
        yield doc_series(act.place, parsed.code, parsed.year)


def _meeting_offers(act: Act) -> Iterator[str]:
    event = act.read(MeetingConvened)
    day = event.starts_at.astimezone(CHINA).date()
    topic, here = topic_of(event.matter, event.topic), bucket("topic", day)
    yield plan_year(act.unit, "会议", day.year)
    for number in (here - 1, here, here + 1):
        yield timed("topic", topic, number)


def _meeting_needs(act: Act) -> Iterator[str]:
    event = act.read(MeetingConvened)
    if event.parent:
        yield by_id(event.parent.fact(act.source))
    day = event.starts_at.astimezone(CHINA).date()
    yield timed("topic", topic_of(event.matter, event.topic), bucket("topic", day))
    yield from {calendar(day.year), calendar((day - timedelta(days=BUCKET_DAYS["topic"])).year)}


def _launched_offers(act: Act) -> Iterator[str]:
    yield plan_year(act.unit, "督查检查考核", act.day.year)
    yield inspections_year(act.unit, act.day.year)


def _visit_offers(act: Act) -> Iterator[str]:
    event = act.read(InspectionVisited)
    here = bucket("visit", event.visited_at.astimezone(CHINA).date())
    yield timed("visit", event.target.unit, here)
    yield timed("visit", event.target.unit, here + 1)


def _visit_needs(act: Act) -> Iterator[str]:
    event = act.read(InspectionVisited)
    yield timed("visit", event.target.unit, bucket("visit", event.visited_at.astimezone(CHINA).date()))
    if event.launch:
        yield by_id(event.launch.fact(act.source))


def _loan_offers(act: Act) -> Iterator[str]:
    if isinstance(act.event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)):
        yield loans_of(act.event.person)


def _loan_needs(act: Act) -> Iterator[str]:
    event = act.read(SecondmentStarted)
    yield unit(event.from_unit)
    yield unit(event.to_unit)


def _plan_offers(act: Act) -> Iterator[str]:
    if isinstance(act.event, (PlanFiled, PlanAmended)):
        yield plan_year(act.unit, act.event.kind, act.event.year)
        if act.event.kind == "发文":
            yield docs_year(act.unit, act.event.year)


def _submitted_offers(act: Act) -> Iterator[str]:
    event = act.read(ReportSubmitted)
    if event.explains and event.explains_year:
        yield docs_year(act.unit, event.explains_year)


def _demand_needs(act: Act) -> Iterator[str]:
    event = act.read(ReportDemanded)
    if event.received_at and event.due_at:
        first, last = event.received_at.astimezone(CHINA).year, event.due_at.astimezone(CHINA).year
        for year in range(first, min(last, first + 2) + 1):
            yield calendar(year)


def _certificate_needs(act: Act) -> Iterator[str]:
    event = act.read(CertificateDemanded)
    yield list_kind("不应出具证明清单")
    yield list_kind("保留证明清单")
    if event.issuer_unit:
        yield unit(event.issuer_unit)


_OFFERS: Final[Mapping[str, Callable[[Act], Iterator[str]]]] = {
    "doc.issued": _document_offers,
    "doc.revoked": _revoked_offers,
    "mtg.convened": _meeting_offers,
    "ins.launched": _launched_offers,
    "ins.visit": _visit_offers,
    "sec.started": _loan_offers,
    "sec.extended": _loan_offers,
    "sec.ended": _loan_offers,
    "plan.filed": _plan_offers,
    "plan.amended": _plan_offers,
    "rpt.submitted": _submitted_offers,
}
_NEEDS: Final[Mapping[str, Callable[[Act], Iterator[str]]]] = {
    "doc.issued": _document_needs,
    "mtg.convened": _meeting_needs,
    "ins.visit": _visit_needs,
    "sec.started": _loan_needs,
    "rpt.demanded": _demand_needs,
    "cert.demanded": _certificate_needs,
}
