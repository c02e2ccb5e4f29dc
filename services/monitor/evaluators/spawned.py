"""Count what belongs to an act: what it caused, what came before it on the same thing, what it names (kind X); too many violate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from contracts.catalog import BY_NAME
from contracts.jurisdiction import is_within
from services.monitor.conditions import Condition, every, read, shown
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope
from services.monitor.relations import BUCKET_DAYS, along, offers, plain
from services.monitor.rulebook import _Strict


class Since(_Strict):
    """What begins a new count: the latest act of this event that is not after the anchor; what was before it counts no more."""

    event: str
    at: str


class Common(_Strict):
    """Two fields that must have a value in common: of the anchor, and of the other act."""

    own: str
    theirs: str


class Count(_Strict):
    """What is counted, and how many are too many. Without ``events`` the anchor itself decides by ``when``."""

    when: tuple[Condition, ...] = ()
    """What must hold of the anchor."""
    events: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    """Families of keys by which the two are together (``relations``, ``joins``): one is enough."""
    such: tuple[Condition, ...] = ()
    common: Common | None = None
    same_unit: bool = False
    order: Literal["before", "after", "any"] = "any"
    """When the other must have happened, as seen from the anchor."""
    at: str | None = None
    """Its field that tells when; by default the time of the fact."""
    within_days: int | None = Field(default=None, ge=0)
    under_hours: int | None = Field(default=None, ge=1)
    since: Since | None = None
    itself: bool = False
    """The anchor counts as one."""
    most: int = Field(default=0, ge=0)
    """More than so many violate."""
    bears: str | None = None
    """Field of the anchor by which others are found: without it nothing can be told."""
    expected: str | None = None
    """What is missing when no act of these events is found at all, whatever its time."""
    words: str = "violated"

    @model_validator(mode="after")
    def _whole(self) -> "Count":
        """Refuse others without the keys that find them, and nothing to decide by."""
        if bool(self.events) != bool(self.by) or not (self.events or self.when):
            msg = "events with by, or when alone"
            raise ValueError(msg)
        return self


class SpawnedParams(Params):
    """``[decide]`` of kind ``spawned``."""

    counts: tuple[Count, ...] = Field(min_length=1)
    """The first that is exceeded decides."""
    at: str | None = None
    """Field of the anchor that tells when it happened; by default the time of the fact."""
    shows: Mapping[str, str] = {}
    """Name in the texts -> field or ``@derived`` value of the anchor."""


@dataclass(slots=True)
class _Found:
    """How it stands with one count."""

    holds: bool | None
    number: int = 0
    acts: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()


def judge(scene: Scene[SpawnedParams]) -> Sequence[Verdict]:
    """Return the verdict on the anchor: violated by any count, else open by any, else complied."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    numbers: dict[str, Scalar] = {
        name: shown(read(name_of, act, scene.world)) for name, name_of in scene.params.shows.items()
    }
    found = [(count, _look(scene, act, count)) for count in scene.params.counts]
    met = [name for _, one in found for name in one.acts]
    for count, one in found:
        if one.holds and speaks:
            outcome, tried = scene.weigh(act)
            words = count.words if outcome == "violated" else None
            said = {**numbers, "count": one.number, "most": count.most}
            return (scene.say(outcome, act, words=words, numbers=said, acts=one.acts, exceptions=tried),)
    open_fields = (*missing, *(name for _, one in found if one.holds is None for name in one.missing))
    if open_fields:
        return (scene.say("undetermined", act, numbers=numbers, acts=met, missing=open_fields),)
    return (scene.say("complied", act, numbers=numbers, acts=met),)


def _look(scene: Scene[SpawnedParams], act: Act, count: Count) -> _Found:
    """Return whether a count is exceeded; ``None`` when what is missing could tell."""
    holds, missing = every(count.when, act, scene.world)
    if holds is False or not count.events:
        return _Found(holds, missing=missing)
    if count.bears and read(count.bears, act, scene.world) in (None, "", ()):
        return _Found(None, missing=(count.bears,))
    sure: list[str] = []
    unsure: list[str] = []
    fields: dict[str, None] = dict.fromkeys(missing)
    met = list(_others(scene, act, count))
    for other in met:
        fits, lacking = _fits(scene, act, other, count, met)
        fields.update(dict.fromkeys(lacking))
        if fits is not False:
            (sure if fits else unsure).append(other.id)
    if count.expected and not any(other.name in count.events for other in met):
        return _Found(None, missing=(count.expected,))
    number = len(sure) + count.itself
    if number + len(unsure) > count.most and count.since and not _starts(act, count.since, met, scene.params.at):
        return _Found(None, number, sure, (BY_NAME[count.since.event].title,))
    if number > count.most:
        return _Found(True if holds else None, number, sure, tuple(fields))
    return _Found(None if number + len(unsure) > count.most else False, number, [*sure, *unsure], tuple(fields))


def _others(scene: Scene[SpawnedParams], act: Act, count: Count) -> Iterator[Act]:
    """Yield the acts of the events, and what begins a new count, that are together with the anchor, in the order of their time."""
    keys = {key for family in count.by for key in along(act).get(family, ())}
    names = {*count.events, *((count.since.event,) if count.since else ())}
    for other in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        if other.id == act.id or other.name not in names or keys.isdisjoint(offers(other)):
            continue
        # ids of another county's system may be the same
        if is_within(act.place, other.place) or is_within(other.place, act.place):
            yield other


def _fits(
    scene: Scene[SpawnedParams], act: Act, other: Act, count: Count, met: Sequence[Act]
) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether another act counts, and which missing fields keep that open."""
    if other.name not in count.events or (count.same_unit and other.unit != act.unit):
        return False, ()
    holds, missing = every(count.such, other, scene.world)
    if holds is False or _common(act, other, count.common) is False:
        return False, ()
    here, there = _moment(act, scene.params.at), _moment(other, count.at)
    if here is None or there is None:
        return None, tuple(name for name in (scene.params.at, count.at) if name)
    if not _near(count, other, act, there, here):
        return False, ()
    starts = _starts(act, count.since, met, scene.params.at) if count.since else []
    return (False, ()) if any(there < start for start in starts) else (holds, missing)


def _common(act: Act, other: Act, common: Common | None) -> bool | None:
    if common is None:
        return True
    mine, theirs = getattr(act.event, common.own) or (), getattr(other.event, common.theirs) or ()
    return not {plain(str(one)) for one in mine}.isdisjoint(plain(str(one)) for one in theirs)


def _near(count: Count, other: Act, act: Act, there: datetime, here: datetime) -> bool:
    """Tell whether the other is on the right side of the anchor and near enough."""
    if count.order == "before" and (there, other.id) > (here, act.id):
        return False
    if count.order == "after" and there <= here:
        return False
    if count.within_days is not None and abs((here.date() - there.date()).days) > count.within_days:
        return False
    return count.under_hours is None or abs(here - there) < timedelta(hours=count.under_hours)


def _starts(act: Act, since: Since, met: Sequence[Act], at: str | None) -> list[datetime]:
    """Return when new counts began up to the anchor."""
    here = _moment(act, at)
    found = (_moment(one, since.at) for one in met if one.name == since.event)
    return [start for start in found if start is not None and here is not None and start <= here]


def _moment(act: Act, name: str | None) -> datetime | None:
    value: Any = getattr(act.event, name, None) if name else act.time
    if isinstance(value, datetime):
        return value.astimezone(CHINA)
    return datetime.combine(value, time(), CHINA) if isinstance(value, date) else None


def moved_by(params: SpawnedParams, act: Act, other: Act) -> bool:
    """Tell whether ``other`` may count for ``act``: it is of the events, and the rule may speak of the act."""
    events = {
        name for count in params.counts for name in (*count.events, *((count.since.event,) if count.since else ()))
    }
    return other.name in events and not any(_denies(one, act) for one in params.when)


def _denies(condition: Condition, act: Act) -> bool:
    """Tell whether a condition on a plain field certainly fails."""
    return not condition.field.startswith("@") and condition.test(act, _NO_WORLD) is False


_NO_WORLD: Any = None
"""Plain fields need no world."""


def _words(params: SpawnedParams) -> Mapping[str, frozenset[str]]:
    names = frozenset(params.shows)
    counted = names | {"count", "most"}
    return {
        **{count.words: counted for count in params.counts},
        "excused": counted,
        "complied": names,
        "undetermined": names,
    }


def _conditions(params: SpawnedParams) -> Mapping[str, tuple[Condition, ...]]:
    found: dict[str, tuple[Condition, ...]] = {}
    own = [*(one for count in params.counts for one in count.when), *_present((params.at, *params.shows.values()))]
    for count in params.counts:
        own.extend(_present((count.bears, count.common.own if count.common else None)))
        theirs = (*count.such, *_present((count.at, count.common.theirs if count.common else None)))
        for event in count.events:
            found[event] = (*found.get(event, ()), *theirs)
        if count.since:
            found[count.since.event] = (*found.get(count.since.event, ()), *_present((count.since.at,)))
    for event in params.on:
        found[event] = (*found.get(event, ()), *own)
    return found


def _present(names: Iterable[str | None]) -> Iterator[Condition]:
    return (Condition(field=name, op="present") for name in names if name)


def _window(params: SpawnedParams) -> tuple[str, int] | None:
    """Return the widest window over a family that compares by time."""
    asked = [
        (count.within_days or 0, family) for count in params.counts for family in count.by if family in BUCKET_DAYS
    ]
    return (max(asked)[1], max(asked)[0]) if asked else None


EVALUATOR = Evaluator(
    name="spawned",
    params=SpawnedParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    looks=lambda params: frozenset({"unit", "calendar", *(family for count in params.counts for family in count.by)}),
    fewest=lambda params: 2 if all(count.events for count in params.counts) else 1,
    moved_by=moved_by,
    words=_words,
    conditions=_conditions,
    window=_window,
)
