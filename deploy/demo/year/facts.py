"""A fact of the script before it is written as an event, and a document before it has its number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.documents import Addressee, DocumentIssued, DocumentRevoked, Sketch
from contracts.event import ActRef, Event, Json
from contracts.text import COUNT_METHOD, SCALE, SKETCH_METHOD
from deploy.demo.events import cloud_event, moment
from deploy.demo.year.dice import Dice
from deploy.demo.year.places import CITY, COUNTY, UNITS

SOON: Final = timedelta(minutes=20)
"""How long after an act its office's system tells us of it."""
_SOURCES: Final = {CITY: "/99/city-oa", "99": "/99/province-oa", "9901A0": "/99/city-oa"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One event of the year."""

    id: str
    event: Event
    time: datetime
    unit: str
    source: str = ""
    recorded: datetime | None = None
    """When we learn of it; ``None``: soon after it happened."""
    place: str = ""

    @property
    def known(self) -> datetime:
        """When we learn of it."""
        return self.recorded or self.time + SOON

    @property
    def from_source(self) -> str:
        """Its CloudEvents source: the system of the office where nothing else is said."""
        return self.source or oa_of(self.unit)

    def late(self, days: int) -> "Fact":
        """Return it as learned that many days after it happened."""
        return replace(self, recorded=self.time + timedelta(days=days))

    def written(self) -> Json:
        """Return it as a CloudEvent."""
        return cloud_event(
            self.event,
            source=self.from_source,
            id_=self.id,
            time=self.time,
            recorded=self.known,
            place=self.place or UNITS[self.unit].place,
            unit=self.unit,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that still needs its number."""

    unit: str
    day: date
    heading: str
    item: str | None
    """The plan item that it hangs on."""
    sketch: tuple[int, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the event, before those that every document has."""
    id: str = ""
    late_days: int = 0


def oa_of(unit: str) -> str:
    """Return the source that a unit's own system is."""
    place = UNITS[unit].place
    if place in _SOURCES:
        return _SOURCES[place]
    return "/99/oa" if place == COUNTY else "/99/town-oa"


def sketched(dice: Dice, characters: int) -> tuple[int, ...]:
    """Return the sketch of a new text of that many characters."""
    return tuple(dice.fingerprint(max(1, characters * 9 // 10 // SCALE)))


def copied(dice: Dice, other: tuple[int, ...], share: float, characters: int) -> tuple[int, ...]:
    """Return the sketch of a text of which that share is copied from another."""
    count = max(1, characters * 9 // 10 // SCALE)
    taken = other[: round(count * share)]
    return tuple(sorted((*taken, *dice.fingerprint(count - len(taken)))))


def numbered(drafts: Iterable[Draft], *, skipped: Mapping[str, int], void: Mapping[str, int]) -> list[Fact]:
    """Return the documents with numbers in the order of their days.

    ``skipped``: unit -> a number that no document gets; ``void``: unit -> a number that is registered as 作废.
    """
    facts: list[Fact] = []
    last: dict[str, int] = {}
    for draft in sorted(drafts, key=lambda one: (one.day, one.unit, one.id, one.heading)):
        number = last.get(draft.unit, 0) + 1
        if number == void.get(draft.unit):
            facts.append(_voided(draft.unit, number, draft.day))
        if number in (void.get(draft.unit), skipped.get(draft.unit)):
            number += 1
        last[draft.unit] = number
        facts.append(_issued(draft, number))
    return facts


def _issued(draft: Draft, number: int) -> Fact:
    unit = UNITS[draft.unit]
    given = dict(draft.fields)
    count = given.setdefault("char_count", max(300, len(draft.sketch) * SCALE))
    shared = {
        "genre": "通知",
        "carrier": "红头",
        "doc_class": "其他",
        "direction": "下行",
        "has_contact_name": True,
        "has_contact_phone": True,
        "no_matching": False,
        "requires_matching": False,
        "issuer_rank": "部门" if unit.kind == "部门" else "办公厅室" if unit.kind == "办公室" else "党委政府",
        "sealed": True,
    }
    event = DocumentIssued(
        heading=draft.heading,
        doc_no=f"{unit.code}〔{draft.day.year}〕{number}号",
        dated=draft.day,
        issuer_name=unit.name,
        letterhead=f"{unit.name}文件",
        printed_on=draft.day,
        signed_on=draft.day,
        count_method=COUNT_METHOD,
        pages=count // 616 + 1,
        sketch=Sketch(method=SKETCH_METHOD, values=draft.sketch),
        plan_item=draft.item,
        **{**shared, **given},
    )
    fact = Fact(
        id=draft.id or f"fw-{draft.unit}-{number:03d}", event=event, time=moment(draft.day, 10), unit=draft.unit
    )
    return fact.late(draft.late_days) if draft.late_days else fact


def _voided(unit: str, number: int, day: date) -> Fact:
    name = f"{UNITS[unit].code}〔{day.year}〕{number}号"
    event = DocumentRevoked(doc_no=name, revoked_on=day, reason="编号后未印发，作废")
    return Fact(id=f"zf-{unit}-{number:03d}", event=event, time=moment(day, 9), unit=unit)


def to_towns(*units: str) -> tuple[Addressee, ...]:
    """Return units as 主送机关."""
    return tuple(Addressee(unit=unit, level=UNITS[unit].level, name=UNITS[unit].name) for unit in units)


def correction(fact: Fact, event: Event, *, id_: str, known: datetime, reason: str) -> Fact:
    """Return the correction of a fact's whole data; it may be known before the fact itself."""
    replacement = event.model_dump(mode="json", exclude_defaults=True)
    corrected = ActCorrected(
        target=ActRef(id=fact.id), target_type=event.type_name(), replacement=replacement, reason=reason
    )
    return Fact(
        id=id_, event=corrected, time=known, unit=fact.unit, source=fact.from_source, recorded=known, place=fact.place
    )


def withdrawal(fact: Fact, *, id_: str, known: datetime, reason: str) -> Fact:
    """Return the withdrawal of a fact."""
    event = ActWithdrawn(target=ActRef(id=fact.id), reason=reason)
    return Fact(
        id=id_, event=event, time=known, unit=fact.unit, source=fact.from_source, recorded=known, place=fact.place
    )
