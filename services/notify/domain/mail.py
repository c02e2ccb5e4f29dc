"""Who is told of a change of an alert, in which message and when, or why not: one fold over the changes in order."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, Literal, get_args

from contracts.event import fact_id
from services.notify.domain.routes import Change, Match, Receiver, Route, Traits, told_by

BEIJING: Final = timezone(timedelta(hours=8), "CST")
GROUP_LIMIT: Final = 100
"""The most alerts in one grouped message (our parameter)."""
DIGEST_LIMIT: Final = 500
"""The most alerts in one daily digest; a fuller day has several (our parameter)."""
DIGEST: Final = "digest"

ToldBecause = Literal["first", "revised", "retracted", "raised_again"]
"""It never heard of the alert; it would read something else now; the alert is gone; the alert is back."""
NotBecause = Literal["no_route", "never_told", "unchanged", "withdrawn_in_time"]
"""No route names anybody; a retraction of what it never heard of; it would read the same; taken back before it left."""
REASONS: Final[tuple[str, ...]] = (*get_args(ToldBecause), *get_args(NotBecause))
Timing = Literal["immediately", "grouped", "daily", "over_budget"]
Dropped = Literal["replaced", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One change of one alert as the stream holds it."""

    seq: int
    fact_id: str
    at: datetime
    """When the stream stored it."""
    alert_id: str
    revision: int
    about: str
    traits: Traits
    gist: str
    """Equal for two changes that a person would read alike."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that waits; until it leaves, alerts join it and are taken out of it."""

    id: str
    receiver: str
    channel: str
    kind: Literal["alert", "digest"]
    group: str
    opened_at: datetime
    due_at: datetime
    size: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver was told of an alert, or is about to be."""

    fact_id: str
    change: Change
    gist: str
    route: str
    letter: str
    left: bool
    """Whether the message may have left; then it cannot be changed any more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one receiver and one change of an alert; ``letter`` is None when it is not told."""

    receiver: str
    notice: Notice
    reason: ToldBecause | NotBecause
    route: str | None = None
    letter: str | None = None
    timing: Timing | None = None
    dropped: Dropped | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """The deployment's choices."""

    routes: tuple[Route, ...]
    receivers: Mapping[str, Receiver]
    digest_at: time
    """When the daily digest leaves, China time."""


@dataclass(slots=True)
class Mailroom:
    """The state that decisions need, changed by ``take``; what is to be stored is in the last three fields."""

    routing: Routing
    told: dict[str, dict[str, list[Told]]] = field(default_factory=dict)
    """Alert id -> receiver -> what it was told, oldest first; at most the last one has not left."""
    open: dict[tuple[str, str], Letter] = field(default_factory=dict)
    """(receiver, group) -> the letter that still waits."""
    waiting: dict[str, Letter] = field(default_factory=dict)
    """The same letters by id."""
    spent: dict[tuple[str, date], int] = field(default_factory=dict)
    """(receiver, day) -> messages of that day which may interrupt."""

    decisions: dict[tuple[str, str], Decision] = field(default_factory=dict)
    """(receiver, fact id) -> decision of this fold."""
    dropped: dict[tuple[str, str], Dropped] = field(default_factory=dict)
    """(receiver, fact id) of earlier folds whose words are taken out of a waiting letter."""
    letters: dict[str, Letter] = field(default_factory=dict)
    """Letters opened or changed in this fold; one of size 0 is cancelled."""

    def put(self, letters: Iterable[Letter]) -> None:
        """Add letters that still wait."""
        for letter in letters:
            self.waiting[letter.id] = letter
            self.open[letter.receiver, letter.group] = letter

    def take(self, notice: Notice) -> None:
        """Decide for every receiver whom a route names or who was told of this alert before."""
        routed = told_by(notice.traits, self.routing.routes, self.routing.receivers.values())
        for name in self._told_before(notice):
            routed.setdefault(name, self._route_of_before(name, notice))
        for name, route in routed.items():
            self._decide(self.routing.receivers[name], route, notice)
        if not routed:
            self._record(Decision("", notice, "no_route"))

    def _told_before(self, notice: Notice) -> list[str]:
        """Return the receivers who must hear how it went on, although no route names them now."""
        return [
            name
            for name, told in self.told.get(notice.alert_id, {}).items()
            if told
            and name in self.routing.receivers
            and (not told[-1].left or self._route_of_before(name, notice).match.allows(notice.traits.change))
        ]

    def _route_of_before(self, name: str, notice: Notice) -> Route:
        """Return the route by which it was told last; a plain one when that route is gone."""
        before = self.told[notice.alert_id][name][-1].route
        gone = Route(before, Match(), (name,))
        return next((route for route in self.routing.routes if route.name == before), gone)

    def _decide(self, receiver: Receiver, route: Route, notice: Notice) -> None:
        told = self.told.setdefault(notice.alert_id, {}).setdefault(receiver.name, [])
        waiting = told[-1] if told and not told[-1].left else None
        left = next((one for one in reversed(told) if one.left), None)
        reason = _reason(notice, left, waiting)
        if waiting is not None:
            self._drop(receiver.name, waiting, "replaced" if _tells(reason) else "withdrawn")
            told.pop()
        if not _tells(reason):
            self._record(Decision(receiver.name, notice, reason, route.name))
            return
        letter, timing = self._place(receiver, route, notice)
        told.append(Told(notice.fact_id, notice.traits.change, notice.gist, route.name, letter.id, left=False))
        self._record(Decision(receiver.name, notice, reason, route.name, letter.id, timing))

    def _place(self, receiver: Receiver, route: Route, notice: Notice) -> tuple[Letter, Timing]:
        if route.send == "daily":
            return self._join_digest(receiver, notice), "daily"
        group = route.group_of(notice.traits.rule, notice.about)
        letter = self.open.get((receiver.name, group))
        if letter and route.window and notice.at <= letter.due_at and letter.size < GROUP_LIMIT:
            return self._grow(letter, 1), "grouped"
        day = notice.at.astimezone(BEIJING).date()
        spent = self.spent.get((receiver.name, day), 0)
        if receiver.daily_budget is not None and spent >= receiver.daily_budget:
            return self._join_digest(receiver, notice), "over_budget"
        self.spent[receiver.name, day] = spent + 1
        timing: Timing = "grouped" if route.window else "immediately"
        return self._open(receiver, notice, "alert", group, notice.at + route.window), timing

    def _join_digest(self, receiver: Receiver, notice: Notice) -> Letter:
        letter = self.open.get((receiver.name, DIGEST))
        if letter and notice.at <= letter.due_at and letter.size < DIGEST_LIMIT:
            return self._grow(letter, 1)
        return self._open(receiver, notice, "digest", DIGEST, next_at(notice.at, self.routing.digest_at))

    def _open(
        self, receiver: Receiver, notice: Notice, kind: Literal["alert", "digest"], group: str, due_at: datetime
    ) -> Letter:
        letter_id = fact_id(f"{kind}\0{receiver.name}", notice.fact_id)
        return self._grow(Letter(letter_id, receiver.name, receiver.channel, kind, group, notice.at, due_at), 1)

    def _grow(self, letter: Letter, by: int) -> Letter:
        grown = replace(letter, size=letter.size + by)
        self.put([grown])
        self.letters[grown.id] = grown
        return grown

    def _drop(self, receiver: str, told: Told, why: Dropped) -> None:
        key = (receiver, told.fact_id)
        if key in self.decisions:
            self.decisions[key] = replace(self.decisions[key], dropped=why)
        else:
            self.dropped[key] = why
        self._grow(self.waiting[told.letter], -1)

    def _record(self, decision: Decision) -> None:
        self.decisions[decision.receiver, decision.notice.fact_id] = decision


def gist(*read: str) -> str:
    """Return 16 hexadecimal digits that stand for what a person would read."""
    return hashlib.sha256("\0".join(read).encode()).hexdigest()[:16]


def next_at(after: datetime, at: time) -> datetime:
    """Return the first moment after ``after`` at which clocks in China show ``at``."""
    local = after.astimezone(BEIJING)
    today = datetime.combine(local.date(), at, BEIJING)
    return today if today > local else today + timedelta(days=1)


def _tells(reason: ToldBecause | NotBecause) -> bool:
    return reason in get_args(ToldBecause)


def _reason(notice: Notice, left: Told | None, waiting: Told | None) -> ToldBecause | NotBecause:
    gone = left is None or left.change == "retracted"
    if notice.traits.change == "retracted":
        if gone:
            return "withdrawn_in_time" if waiting else "never_told"
        return "retracted"
    if left is None:
        return "first"
    if gone:
        return "raised_again"
    return "unchanged" if left.gist == notice.gist else "revised"
