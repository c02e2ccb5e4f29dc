"""What a ledger is, and how facts become its rows: acts as they stood at each moment of knowledge, folded. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, NamedTuple

import msgspec

from contracts.acts import ActCorrected, ActWithdrawn, reaches
from contracts.event import Event, fact_id
from services.ledger.columns import Bounds, Column, Row

CHINA: Final = timezone(timedelta(hours=8), "CST")
"""China Standard Time: every date of a row is a day of this zone."""
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""End of the knowledge that still holds; ``infinity`` in the database."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A fact as a ledger sees it (a struct that the collector need not follow: one is made for every message)."""

    fact_id: str
    source: str
    time: datetime
    recorded: datetime
    jurisdiction: str
    unit: str
    event: Event

    def saying(self, event: Event) -> "Fact":
        """Return the same fact with the data that a correction gives it."""
        return msgspec.structs.replace(self, event=event)

    @property
    def day(self) -> date:
        """The day on which it happened, in China."""
        return china_day(self.time)

    @property
    def target(self) -> str | None:
        """The fact that a correction or withdrawal names; ``None`` for every other fact."""
        if isinstance(self.event, (ActCorrected, ActWithdrawn)):
            return self.event.target.fact(self.source)
        return None


class Version(NamedTuple):
    """A row as it was known from one moment to another."""

    act_id: str
    known_from: datetime
    known_to: datetime
    withdrawn: bool
    row: Row


Fold = Callable[[Sequence[Fact]], Row | None]


@dataclass(frozen=True, slots=True)
class Ledger:
    """One 台账: a table named like it, filled by a pure fold over the facts of each entity."""

    name: str
    title: str
    rank: int | None
    """Its place in the list of ledgers; ``None``: it serves other queries and is not listed."""
    families: Mapping[str, str]
    """What its rows are counted as -> the Chinese title; a row of another family is not counted."""
    events: tuple[type[Event], ...]
    columns: tuple[Column, ...]
    entity: Callable[[Fact], str | None]
    """The row that a fact belongs to: its own fact id, another's, or ``entity_id``; ``None`` is no row."""
    fold: Fold
    """The row that the facts of one entity make, oldest first; ``None`` is none (yet)."""
    bounds: Bounds = field(init=False)

    def __post_init__(self) -> None:
        """Find out which cells have bounds."""
        object.__setattr__(self, "bounds", Bounds.of(self.columns))

    def row(self, facts: Sequence[Fact]) -> Row | None:
        """Return the row of an entity; raise ``OverflowError`` for a number or day that cannot be stored."""
        row = self.fold(facts)
        return None if row is None else self.bounds.check(row)


def entity_id(*parts: str) -> str:
    """Return the id of an entity that is not one fact: 26 characters in the form of a fact id."""
    return fact_id("\0".join(("entity", *parts)), "")


def china_day(moment: datetime) -> date:
    """Return the day of a moment in China."""
    return moment.astimezone(CHINA).date()


class Standing(NamedTuple):
    """An act as it stands from one moment of knowledge on."""

    since: datetime
    fact: Fact
    withdrawn: bool


class Act(NamedTuple):
    """An original fact and how it stood, the oldest knowledge first."""

    original: Fact
    timeline: tuple[Standing, ...]
    forms: tuple[Fact, ...]
    """It with its own data and with those of each correction, also of one that was learned and replaced at once."""
    amendments: tuple[str, ...] = ()
    """The ids of the facts that amend it."""


def acts_of(facts: Iterable[Fact], replacements: Mapping[str, Event]) -> list[Act]:
    """Return every act among the facts with its standing over time; ``replacements``: correction -> the data it gives.

    Depends on the set of facts only: withdrawn beats all, else the correction with the greatest (recorded, fact id)
    stands. A correction whose data is of another type than the act's changes nothing, nor does what was stated in a
    jurisdiction that does not cover the act's.
    """
    amendments: dict[str, list[Fact]] = {}
    originals = []
    for fact in facts:
        if (target := fact.target) is None:
            originals.append(fact)
        else:
            amendments.setdefault(target, []).append(fact)
    return [_stand(original, amendments.get(original.fact_id, ()), replacements) for original in originals]


def _stand(original: Fact, amendments: Sequence[Fact], replacements: Mapping[str, Event]) -> Act:
    if not amendments:
        return Act(original, (Standing(original.recorded, original, withdrawn=False),), (original,))
    kind = type(original.event)
    changes = [
        fact
        for fact in sorted(amendments, key=lambda one: (one.recorded, one.fact_id))
        if reaches(fact.jurisdiction, original.jurisdiction)
        and (isinstance(fact.event, ActWithdrawn) or isinstance(replacements.get(fact.fact_id), kind))
    ]
    replaced = (replacements[fact.fact_id] for fact in changes if not isinstance(fact.event, ActWithdrawn))
    forms = (original, *(original.saying(event) for event in replaced))
    event, withdrawn, timeline = original.event, False, []
    for moment in sorted({max(fact.recorded, original.recorded) for fact in (original, *changes)}):
        while changes and changes[0].recorded <= moment:
            change = changes.pop(0)
            if isinstance(change.event, ActWithdrawn):
                withdrawn = True
            else:
                event = replacements[change.fact_id]
        timeline.append(Standing(moment, original.saying(event), withdrawn))
    return Act(original, tuple(timeline), forms, tuple(fact.fact_id for fact in amendments))


class Member(NamedTuple):
    """An act that ever belonged to an entity, and the entity it belongs to in each standing."""

    act: Act
    homes: tuple[str | None, ...]


def members_of(ledger: Ledger, acts: Iterable[Act]) -> dict[str, list[Member]]:
    """Return the entities of a ledger with every act that was ever counted to them, even for no moment."""
    found: dict[str, list[Member]] = {}
    for act in acts:
        if not isinstance(act.original.event, ledger.events):
            continue
        if len(act.forms) == 1:
            home = ledger.entity(act.original)
            member, entities = Member(act, (home,) * len(act.timeline)), {home}
        else:
            member = Member(act, tuple(ledger.entity(standing.fact) for standing in act.timeline))
            entities = {ledger.entity(form) for form in act.forms}
        for entity in entities:
            if entity is not None:
                found.setdefault(entity, []).append(member)
    return found


class State(NamedTuple):
    """What is known of an entity from one moment on; no row: nothing."""

    since: datetime
    row: Row | None
    withdrawn: bool


def states_of(ledger: Ledger, entity: str, members: Sequence[Member], since: datetime) -> list[State]:
    """Return the states of an entity at each moment of knowledge from ``since`` on.

    ``members`` are all acts that ever belonged to it. An entity whose every act is withdrawn, or that lost the act that
    made it, keeps its last row, marked as withdrawn.
    """
    moments = sorted({standing.since for one in members for standing in one.act.timeline if standing.since >= since})
    return [_state(ledger, entity, members, moment) for moment in moments]


def _state(ledger: Ledger, entity: str, members: Sequence[Member], moment: datetime) -> State:
    live: list[Fact] = []
    gone: list[Fact] = []
    for (_, timeline, *_rest), homes in members:
        place = len(timeline) - 1
        while place >= 0 and timeline[place].since > moment:
            place -= 1
        if place >= 0 and homes[place] == entity:
            (gone if timeline[place].withdrawn else live).append(timeline[place].fact)
    row = ledger.row(sorted(live, key=_age)) if live else None
    if row is None and gone:
        return State(moment, ledger.row(sorted(live + gone, key=_age)), withdrawn=True)
    return State(moment, row, withdrawn=False)


def _age(fact: Fact) -> tuple[datetime, datetime, str]:
    return fact.time, fact.recorded, fact.fact_id


def versions_of(entity: str, before: Version | None, states: Sequence[State]) -> list[Version]:
    """Return the versions of an entity that follow from new states; ``before`` is the one alive when the first begins.

    Neighbours that say the same are one version, so the result does not depend on how often it was recomputed.
    """
    spans = [] if before is None else [before]
    open_ = before is not None
    for state in states:
        if open_ and state.row == spans[-1].row and state.withdrawn == spans[-1].withdrawn:
            spans[-1] = spans[-1]._replace(known_to=FOREVER)
            continue
        if open_:
            spans[-1] = spans[-1]._replace(known_to=state.since)
        open_ = state.row is not None
        if state.row is not None:
            spans.append(Version(entity, state.since, FOREVER, state.withdrawn, state.row))
    return spans
