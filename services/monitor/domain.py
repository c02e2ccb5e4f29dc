"""What the monitor reasons with: acts as they stand, the key relations between them, verdicts and findings. Pure."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from contracts.acts import ActCorrected, ActWithdrawn, reaches
from contracts.alerts import Outcome, Severity
from contracts.catalog import ContractBroken, FromTheFuture, read_data
from contracts.event import Event, Recorded
from contracts.reference import DayEnded

CHINA: Final = timezone(timedelta(hours=8), "CST")
"""China Standard Time: every date of a rule is a day of this zone."""

Scalar = str | int | float | bool | None
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True)
class Act:
    """A fact as it stands after its corrections: what rules judge."""

    id: str
    """Fact id of the original."""
    source: str
    name: str
    """``family.verb``."""
    time: datetime
    day: date
    """The day on which it happened, in China."""
    recorded: datetime
    """When we learned the version that stands."""
    place: str
    unit: str
    event: Event
    made_of: tuple[str, ...]
    """Fact ids that this is made of: the original and the correction that stands."""
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was computed from it already: an act is asked for its keys and its sketch in every scope that it takes part in."""

    def read(self, kind: type[EventT]) -> EventT:
        """Return the event as ``kind``; raise ``TypeError`` when it is of another type."""
        if not isinstance(self.event, kind):
            msg = f"{self.name} is not {kind.event_name()}"
            raise TypeError(msg)
        return self.event


def stand(original: Recorded[Event], amendments: Iterable[Recorded[Event]]) -> Act | None:
    """Return how an act stands given every fact that amends it; ``None`` when it was withdrawn.

    Depends on the set of facts only: withdrawn beats all, else the correction with the greatest (recorded, fact id) stands. A
    correction whose replacement is of another type, or can no longer be read, is ignored: intake refuses such, so it is a forgery
    or a fact from the future, and the original is the better evidence. So is what was stated in a jurisdiction that does not
    cover the act's.
    """
    best: tuple[datetime, str] | None = None
    event = original.event
    for fact in (
        () if isinstance(event, DayEnded) else amendments
    ):  # a day that ended stays ended: time does not go back
        if not reaches(fact.jurisdiction, original.jurisdiction):
            continue
        if isinstance(fact.event, ActWithdrawn):
            return None
        if not isinstance(fact.event, ActCorrected):
            continue
        rank = (fact.recorded, fact.fact_id)
        replaced = _replacement(fact.event, type(original.event))
        if replaced is not None and (best is None or rank > best):
            best, event = rank, replaced
    act = stated(original)
    return act if best is None else replace(act, recorded=best[0], event=event, made_of=(act.id, best[1]), memo={})


def stated(original: Recorded[Event]) -> Act:
    """Return the act that a fact is by itself."""
    return Act(
        id=original.fact_id,
        source=original.source,
        name=original.event.event_name(),
        time=original.time,
        day=original.time.astimezone(CHINA).date(),
        recorded=original.recorded,
        place=original.jurisdiction,
        unit=original.unit,
        event=original.event,
        made_of=(original.fact_id,),
    )


def _replacement(fact: ActCorrected, kind: type[Event]) -> Event | None:
    try:
        event = read_data(fact.target_type, fact.replacement)
    except (ContractBroken, FromTheFuture):
        return None
    return event if isinstance(event, kind) else None


def target_of(fact: Recorded[Event]) -> str | None:
    """Return the fact id that a correction or withdrawal names; ``None`` for every other fact."""
    if isinstance(fact.event, (ActCorrected, ActWithdrawn)):
        return fact.event.target.fact(fact.source)
    return None


def fold(facts: Sequence[Recorded[Event]], known: Mapping[str, Act] = MappingProxyType({})) -> list[Act]:
    """Return the acts that a set of facts leaves standing; ``known``: what facts are by themselves, where that is known."""
    amendments: dict[str, list[Recorded[Event]]] = {}
    for fact in facts:
        target = target_of(fact)
        if target:
            amendments.setdefault(target, []).append(fact)
    unique = {fact.fact_id: fact for fact in facts if target_of(fact) is None}
    standing = (
        known[name] if name in known and name not in amendments else stand(fact, amendments.get(name, ()))
        for name, fact in unique.items()
    )
    return [act for act in standing if act is not None]


@dataclass(frozen=True, slots=True)
class Tried:
    """One exception that was tried: does it excuse, and by what."""

    name: str
    met: bool | None
    """``None``: the data to tell is missing."""
    evidence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one subject."""

    rule: str
    version: int
    scope: str
    """The key under which it was judged; alerts are diffed by (rule, scope)."""
    subject: str
    """What it is about: an act's fact id or a key such as ``docs|unit|2025``."""
    outcome: Outcome
    reason: str
    about: str
    """The unit whose act it is."""
    place: str
    happened_on: date
    acts: tuple[str, ...]
    """Fact ids of the acts that bear it, the deciding one first."""
    numbers: Mapping[str, Scalar] = field(default_factory=dict)
    exceptions: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()
    severity: Severity | None = None
    """Set when this is to be an alert."""
    recheck_on: date | None = None
    """The verdict may change by the mere end of this day."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that stands, as far as the difference needs it."""

    alert_id: str
    rule: str
    version: int
    scope: str
    subject: str
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one alert."""

    kind: Literal["raised", "amended", "retracted"]
    alert_id: str
    revision: int
    verdict: Verdict | None
    """``None`` for a retraction."""


def alert_id(rule: str, version: int, subject: str) -> str:
    """Return the identity of an alert: a function of rule, version and subject only."""
    digest = hashlib.sha256(f"{rule}\0{version}\0{subject}".encode()).digest()
    return base64.b32encode(digest[:20])[:26].decode().lower()


def diff(
    findings: Mapping[str, tuple[Verdict, str]], standing: Sequence[Standing], known: Mapping[str, int]
) -> list[Change]:
    """Return the changes that make the standing alerts equal to the findings.

    ``findings``: alert id -> (verdict, digest of what it shows). ``known``: alert id -> last revision ever used, so that an alert
    that comes back after a retraction goes on counting.
    """
    changes = []
    stands = {alert.alert_id: alert for alert in standing}
    for key in sorted(findings):
        verdict, digest = findings[key]
        before = stands.get(key)
        if before is None:
            changes.append(Change("raised", key, known.get(key, 0) + 1, verdict))
        elif before.digest != digest:
            changes.append(Change("amended", key, before.revision + 1, verdict))
    changes.extend(
        Change("retracted", key, alert.revision + 1, None)
        for key, alert in sorted(stands.items())
        if key not in findings
    )
    return changes
