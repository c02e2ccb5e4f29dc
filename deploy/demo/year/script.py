"""The whole year in the order in which it becomes known, with repeated deliveries and what intake refuses."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.documents import DocumentIssued
from contracts.event import Json
from deploy.demo.year import (
    documents,
    meetings,
    planted_cascades,
    planted_documents,
    planted_matching,
    planted_meetings,
    planted_works,
    reference,
    works,
)
from deploy.demo.year.dice import Dice
from deploy.demo.year.facts import Fact, numbered

SEED: Final = "青禾县 2025"
REPEATED: Final = 0.02
"""Share of facts that their source delivers a second time."""
EASE: Final = 0.7
"""Documents of an ordinary office stay at this share of its 限额, below every warning."""


@dataclass(frozen=True, slots=True)
class Year:
    """The scripted year."""

    facts: tuple[Fact, ...]
    """Every fact once, in the order in which it becomes known."""
    deliveries: tuple[Json, ...]
    """What the sources send, in order: every fact, some of them twice."""
    refused: tuple[Json, ...]
    """What intake must not take: another content under a known id, a document marked with a secrecy level."""


def write() -> Year:
    """Return the year; the same every time."""
    dice = Dice(SEED)
    issued = numbered(
        [*documents.ordinary(dice), *planted_documents.drafts(dice), *planted_matching.drafts(dice)],
        skipped=planted_documents.SKIPPED,
        void=planted_documents.VOID,
    )
    acts = [
        *issued,
        *planted_documents.amendments(issued),
        planted_documents.of_2019(),
        *meetings.ordinary(dice),
        *planted_meetings.facts(),
        *planted_cascades.facts(),
        *works.inspections(dice),
        *works.loans(dice),
        *works.certificates(dice),
        *works.reports(dice),
        *works.receipts(dice, issued),
        *planted_works.facts(),
        reference.explanation(),
    ]
    plans = reference.plans(acts, _caps(issued))
    everything = [*reference.units(), *reference.roles(), *reference.lists(), *plans, *acts, *reference.days()]
    ordered = tuple(sorted(everything, key=lambda fact: (fact.known, fact.from_source, fact.id)))
    return Year(ordered, tuple(_deliveries(dice, ordered)), tuple(_refused(issued)))


def _caps(issued: Iterable[Fact]) -> Mapping[str, tuple[int, int]]:
    """Return 限额 and 上年度实际数量 of every office: easy for most, for some at a border of DOC-03 or N-01."""
    totals = Counter(fact.unit for fact in issued if isinstance(fact.event, DocumentIssued))
    caps = {unit: (int(total / EASE) + 1, total + 3) for unit, total in totals.items()}
    for unit, cap in (
        ("990101.agriculture", totals["990101.agriculture"] - 2),
        ("990101.education", totals["990101.education"] * 100 // 80),
        ("990101.market", totals["990101.market"] * 100 // 90),
        ("990101.housing", totals["990101.housing"]),
        ("990101.emergency", totals["990101.emergency"] * 100 // 80 + 1),
    ):
        caps[unit] = (cap, caps[unit][1])
    for unit, base in (
        ("990101.water", totals["990101.water"] - 2),
        ("990101.civil-affairs", totals["990101.civil-affairs"] - 1),
        ("990101.organization", totals["990101.organization"]),
    ):
        caps[unit] = (caps[unit][0], base)
    return caps


def _deliveries(dice: Dice, facts: Iterable[Fact]) -> Iterable[Json]:
    """Yield every fact, and now and then one again that was delivered a while before."""
    sent: list[Json] = []
    for fact in facts:
        sent.append(fact.written())
        yield sent[-1]
        if dice.chance(REPEATED):
            yield sent[max(0, len(sent) - dice.between(1, 200))]


def _refused(issued: Iterable[Fact]) -> Iterable[Json]:
    """Yield a conflict (a known id with another length) and a document with a secrecy level."""
    known = next(fact for fact in issued if fact.id == "fw-first").written()
    yield {**known, "data": {**known["data"], "char_count": 2001}}
    yield {**known, "id": "fw-classified", "data": {**known["data"], "doc_no": None, "secrecy_level": "秘密"}}
