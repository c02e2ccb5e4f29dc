"""Something must be done after an act, or must have been done before it (kind A): done in time, late, still awaited, or overdue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from pydantic import Field, model_validator

from contracts.event import Event
from contracts.jurisdiction import is_within
from services.monitor.conditions import Condition, day_of, every, read, shown
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.judging import (
    JUDGED,
    Bound,
    Evaluator,
    Params,
    Recall,
    Scene,
    Silencer,
    act_scope,
    always_silent,
    unrecorded,
)
from services.monitor.periods import add_months
from services.monitor.relations import along, offers
from services.monitor.rulebook import _Strict
from services.monitor.world import World

_LATE: Final = "期限之后已补办"
_NAMES: Final = frozenset({"due", "done_on", "lacking"})


class Each(_Strict):
    """One act is awaited for every value of a field: the stages of a chain."""

    field: str
    values: tuple[str, ...] = Field(min_length=1)


class Ending(_Strict):
    """What ends an awaited act: an act of this event that bears the same value in this field; one that ended before counts no more."""

    event: str
    field: str


class Await(_Strict):
    """What is awaited, by what it is told to belong to the act, and until when."""

    events: tuple[str, ...] = Field(min_length=1)
    by: tuple[str, ...] = Field(min_length=1)
    """Families of keys by which the two are together (``relations``, ``joins``): one is enough."""
    such: tuple[Condition, ...] = ()
    same: tuple[str, ...] = ()
    """Fields that must be the same in both."""
    differs: tuple[str, ...] = ()
    """Fields that must not be."""
    same_day: bool = False
    """It is of the very day of the act."""
    each: Each | None = None
    ended_by: Ending | None = None
    at: str | None = None
    """Its field that tells when it was done; where it is absent, the day of the fact."""
    before: bool = False
    """It must have been done before the act, or on its day; then the limit is how long a ledger may be late to tell of it."""
    lead_days: int = Field(default=0, ge=0)
    """With ``before``: so many days before the act."""
    since: str | None = None
    """Field of the act from whose day the limit counts; by default the day of the act."""
    until: date | None = None
    """A limit that is one day for all acts; those from before the rule was law are judged too."""
    days: int | None = Field(default=None, ge=0)
    workdays: int | None = Field(default=None, ge=0)
    months: int | None = Field(default=None, ge=0)
    words: str = "violated"
    """Key of the text that says that it is lacking."""

    @model_validator(mode="after")
    def _one_limit(self) -> "Await":
        """Refuse no limit and several: one of them is named; one that is named and has no value is a parameter not set."""
        if len(self.model_fields_set & {"until", "days", "workdays", "months"}) != 1:
            msg = "exactly one of until, days, workdays, months"
            raise ValueError(msg)
        return self


class AwaitedParams(Params):
    """``[decide]`` of kind ``awaited``."""

    awaits: tuple[Await, ...] = Field(min_length=1)
    """Each of them must be done; the first that is not decides."""
    itself: tuple[Condition, ...] = ()
    """Any of these on the act itself says that everything was done."""
    known: bool = True
    """Whether what is awaited is recorded in the place at all; where it is not, nothing is concluded from its absence."""
    late: Literal["violated", "excused"] = "violated"
    """What an act is whose awaited act came after the limit."""
    shows: Mapping[str, str] = {}
    """Name in the texts -> field or ``@derived`` value of the act."""


State = Literal["overdue", "late", "open", "waiting", "met"]
_WORST: Final[Sequence[State]] = ("overdue", "late", "open", "waiting", "met")


@dataclass(frozen=True, slots=True)
class _Found:
    """How it stands with one awaited act."""

    state: State
    one: Await
    due: date | None = None
    done: tuple[Act, ...] = ()
    done_on: date | None = None
    missing: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def judge(scene: Scene[AwaitedParams]) -> Sequence[Verdict]:
    """Return the verdict on the anchor by the worst of what is awaited."""
    act = scene.anchor
    if act is None or not _counts(scene.bound, act):
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    if speaks is None:
        return (scene.say("undetermined", act, missing=missing, on=_told_on(scene.params, act)),)
    numbers = {name: shown(read(field, act, scene.world)) for name, field in scene.params.shows.items()}
    if any(one.test(act, scene.world) for one in scene.params.itself):
        numbers |= {"due": None, "done_on": None, "lacking": None}
        return (scene.say("complied", act, numbers=numbers, on=_told_on(scene.params, act)),)
    found = [_look(scene, act, one) for one in scene.params.awaits]
    if not scene.params.known:
        found = [
            one if one.state == "met" else _as(one, "open", missing=(unrecorded(one.one.events),)) for one in found
        ]
    worst = min(found, key=lambda one: _WORST.index(one.state))
    rechecks = [one.due for one in found if one.state == "waiting" and one.due]
    return (_say(scene, act, worst, numbers, min(rechecks, default=None)),)


def _say(
    scene: Scene[AwaitedParams], act: Act, worst: _Found, numbers: Mapping[str, Scalar], recheck: date | None
) -> Verdict:
    done = [one.id for one in worst.done]
    full: dict[str, Scalar] = {
        **numbers,
        "due": worst.due.isoformat() if worst.due else None,
        "done_on": worst.done_on.isoformat() if worst.done_on else None,
        "lacking": "、".join(worst.lacking) or None,
    }
    if worst.state in ("overdue", "late"):
        late = worst.state == "late" and scene.params.late == "excused"
        outcome, tried = scene.weigh(act, (Tried(_LATE, met=True, evidence="办理日期"),) if late else ())
        words = ("late" if worst.state == "late" else worst.one.words) if outcome == "violated" else None
        day = act.day if worst.one.before or worst.due is None else worst.due + timedelta(days=1)
        return scene.say(
            outcome, act, words=words, numbers=full, acts=done, exceptions=tried, on=day, recheck_on=recheck
        )
    on = _told_on(scene.params, act)
    if worst.state == "open":
        return scene.say("undetermined", act, numbers=full, acts=done, missing=worst.missing, on=on, recheck_on=recheck)
    words = "waiting" if worst.state == "waiting" else None
    return scene.say("complied", act, words=words, numbers=full, acts=done, on=on, recheck_on=recheck)


def _told_on(params: AwaitedParams, act: Act) -> date:
    """Return the day of what is no violation: of a duty of all by one day that day, as the act may be older than the rule."""
    return next((one.until for one in params.awaits if one.until), act.day)


def _look(scene: Scene[AwaitedParams], act: Act, one: Await) -> _Found:
    """Return how it stands with one awaited act."""
    sure, unsure = _candidates(scene, act, one)
    due, missing = _due(scene, act, one)
    groups = [(value, [other for other in sure if _value(other, one) == value]) for value in _values(one)]
    firsts = [(value, _first(acts, one)) for value, acts in groups]
    lacking = tuple(value for value, first in firsts if first is None and value)
    done = tuple(first for _, first in firsts if first is not None)
    done_on = max((_done(other, one) for other in done), default=None)
    known = _Found("met", one, due, done, done_on, missing, lacking)
    if len(done) == len(groups) and done_on is not None:
        border = act.day - timedelta(days=one.lead_days) if one.before else due
        # where no limit is known, done is done
        return known if border is None or done_on <= border else _as(known, "late")
    if unsure:
        fields = tuple(dict.fromkeys(condition.field for condition in one.such))
        return _as(known, "open", missing=fields)
    if due is None:
        return _as(known, "open")
    today = scene.world.today
    return _as(known, "overdue" if today is not None and today >= due else "waiting")


def _as(found: _Found, state: State, missing: tuple[str, ...] | None = None) -> _Found:
    return _Found(
        state,
        found.one,
        found.due,
        found.done,
        found.done_on,
        found.missing if missing is None else missing,
        found.lacking,
    )


def _values(one: Await) -> tuple[str | None, ...]:
    return one.each.values if one.each else (None,)


def _value(other: Act, one: Await) -> str | None:
    return getattr(other.event, one.each.field) if one.each else None


def _first(acts: Iterable[Act], one: Await) -> Act | None:
    return min(acts, key=lambda other: (_done(other, one), other.id), default=None)


def _done(other: Act, one: Await) -> date:
    found = getattr(other.event, one.at, None) if one.at else None
    return day_of(found) or other.day


def _candidates(scene: Scene[AwaitedParams], act: Act, one: Await) -> tuple[list[Act], list[Act]]:
    """Return the acts that are what is awaited, and those of which a missing field keeps it open."""
    sure: list[Act] = []
    unsure: list[Act] = []
    keys = {key for family in one.by for key in along(act).get(family, ())}
    for other in scene.acts.values():
        if other.name not in one.events or other.id == act.id or not _together(act, other, keys):
            continue
        if not _fits(act, other, one) or _ended(scene, act, other, one, keys):
            continue
        holds, _ = every(one.such, other, scene.world)
        if holds is not False:
            (sure if holds else unsure).append(other)
    return sure, unsure


def _together(act: Act, other: Act, keys: set[str]) -> bool:
    """Tell whether another act bears one of the keys; ids of another county's system may be the same."""
    if keys.isdisjoint(offers(other)):
        return False
    return is_within(act.place, other.place) or is_within(other.place, act.place)


def _fits(act: Act, other: Act, one: Await) -> bool:
    """Tell whether two acts that are together agree where they must, and differ where they must."""
    if one.same_day and act.day != other.day:
        return False
    if any(_plain(act.event, name) != _plain(other.event, name) for name in one.same):
        return False
    return not any(_plain(act.event, name) == _plain(other.event, name) for name in one.differs)


def _ended(scene: Scene[AwaitedParams], act: Act, other: Act, one: Await, keys: set[str]) -> bool:
    """Tell whether what would do had ended by then."""
    if one.ended_by is None:
        return False
    event, field = one.ended_by.event, one.ended_by.field
    return any(
        end.name == event
        and _plain(end.event, field) == _plain(other.event, field)
        and end.day < act.day
        and _together(act, end, keys)
        for end in scene.acts.values()
    )


def _plain(event: Event, name: str) -> object:
    return getattr(event, name, None)


def _due(scene: Scene[AwaitedParams], act: Act, one: Await) -> tuple[date | None, tuple[str, ...]]:
    """Return the last day, and what is missing when it cannot be told: a parameter, a field or the work calendar."""
    if one.until is not None:
        return one.until, ()
    start = act.day if one.since is None else day_of(read(one.since, act, scene.world))
    if start is None:
        return None, (one.since or "",)
    if one.days is not None:
        return start + timedelta(days=one.days), ()
    if one.months is not None:
        return add_months(start, one.months), ()
    if one.workdays is not None:
        due = scene.world.calendar.after(start, one.workdays)
        return due, () if due else ("工作日历",)
    unset = (name for name, value in scene.bound.values.items() if value is None)
    return None, tuple(f"参数“{scene.bound.rule.parameters[name].note}”" for name in unset)


def _counts(bound: Bound[AwaitedParams], act: Act) -> bool:
    """Tell whether the duty was law when the act was done, or is one that all have to do by a day."""
    return bound.in_force(act.day) or any(one.until for one in bound.params.awaits)


def silencer(bound: Bound[AwaitedParams]) -> Silencer:
    """Return the quick way: nothing can be concluded, or the act says itself that all was done."""
    if not bound.params.known:
        return always_silent
    itself = bound.params.itself

    def silent(act: Act, world: World, _recall: Recall) -> bool:
        return not _counts(bound, act) or any(one.test(act, world) for one in itself)

    return silent


def _conditions(params: AwaitedParams) -> Mapping[str, tuple[Condition, ...]]:
    fields = (*params.shows.values(), *(one.since for one in params.awaits if one.since))
    own = (*params.itself, *_present(fields), *_present(name for one in params.awaits for name in _shared(one)))
    found: dict[str, tuple[Condition, ...]] = dict.fromkeys(params.on, own)
    for one in params.awaits:
        theirs = (*one.such, *_present(_of_theirs(one)))
        found |= {event: (*found.get(event, ()), *theirs) for event in one.events}
        if one.ended_by:
            found[one.ended_by.event] = tuple(_present((one.ended_by.field,)))
    return found


def _present(fields: Iterable[str]) -> Iterator[Condition]:
    return (Condition(field=field, op="present") for field in fields)


def _shared(one: Await) -> Iterator[str]:
    yield from one.same
    yield from one.differs


def _of_theirs(one: Await) -> Iterator[str]:
    yield from _shared(one)
    if one.each:
        yield one.each.field
    if one.at:
        yield one.at


def _words(params: AwaitedParams) -> Mapping[str, frozenset[str]]:
    names = _NAMES | set(params.shows)
    lacking = {one.words for one in params.awaits}
    can_be_late = not all(one.same_day for one in params.awaits)
    late = {"late"} if params.late == "violated" and can_be_late else set[str]()
    return dict.fromkeys((*sorted(lacking | late), "waiting", "complied", "excused", "undetermined"), names)


EVALUATOR = Evaluator(
    name="awaited",
    params=AwaitedParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    silencer=silencer,
    looks=lambda params: frozenset({"unit", "calendar", *(family for one in params.awaits for family in one.by)}),
    moved_by=lambda params, _act, other: any(
        other.name in one.events or (one.ended_by is not None and one.ended_by.event == other.name)
        for one in params.awaits
    ),
    words=_words,
    conditions=_conditions,
    excuses=lambda params: (_LATE,) if params.late == "excused" else (),
)
