"""Find acts that gather: several at one place, target or matter inside a window, or with much the same items (kind X)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field, field_validator

from services.monitor.conditions import Condition, read, shown
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope
from services.monitor.relations import BUCKET_DAYS, along, offers
from services.monitor.rulebook import _Strict


class Alike(_Strict):
    """Sets of items, and how much of them together two acts must have in common (Jaccard)."""

    field: str
    least: float = Field(gt=0, le=1)


class GatheredParams(Params):
    """``[decide]`` of kind ``gathered``."""

    by: str
    """Family of time-bucketed keys along which the acts meet (``relations``, ``joins``)."""
    window_days: int = Field(ge=1)
    """An act counts when it was so many days before, or fewer."""
    at: str
    """Field that tells when the act was."""
    distinct: str | None = None
    """Field or ``@derived`` value of which different ones count; by default each act counts."""
    least: int = Field(ge=2)
    """How many there must be, the judged act included."""
    same: tuple[str, ...] = ()
    """Fields or ``@derived`` values that must be the same."""
    apart: tuple[str, ...] = ()
    """Fields or ``@derived`` values that must not be: those who act together act once."""
    alike: Alike | None = None
    shows: Mapping[str, str] = {}
    """Name in the texts -> field or ``@derived`` value of the act."""

    @field_validator("by")
    @classmethod
    def _known(cls, by: str) -> str:
        """Refuse a family that is not compared by time."""
        if by not in BUCKET_DAYS:
            msg = f"no such bucketed family: {by}"
            raise ValueError(msg)
        return by


def judge(scene: Scene[GatheredParams]) -> Sequence[Verdict]:
    """Return the verdict on the act that came last: it counts those before it."""
    act, params = scene.anchor, scene.params
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    numbers: dict[str, Scalar] = {name: shown(read(field, act, scene.world)) for name, field in params.shows.items()}
    numbers["window_days"] = params.window_days
    if speaks is None:
        return (scene.say("undetermined", act, numbers=numbers, missing=missing),)
    lacking = tuple(field for field in _needed(params) if read(field, act, scene.world) in (None, ()))
    if lacking:
        return (scene.say("undetermined", act, numbers=numbers, missing=lacking),)
    earlier = [other for other in scene.acts.values() if _gathers(scene, act, other)]
    count = _count(scene, (act, *earlier))
    if count < params.least:
        return (scene.say("complied", act, numbers={**numbers, "count": count}),)
    last = max(earlier, key=lambda one: (_at(params, one), one.id))
    outcome, tried = scene.weigh(act)
    found: dict[str, Scalar] = {**numbers, "count": count, "earlier_on": _day(_at(params, last)).isoformat()}
    return (scene.say(outcome, act, numbers=found, acts=sorted(one.id for one in earlier), exceptions=tried),)


def _needed(params: GatheredParams) -> tuple[str, ...]:
    return (*params.same, *([params.alike.field] if params.alike else []))


def _count(scene: Scene[GatheredParams], acts: Iterable[Act]) -> int:
    field = scene.params.distinct
    return len({act.id if field is None else read(field, act, scene.world) or act.id for act in acts})


def _gathers(scene: Scene[GatheredParams], act: Act, other: Act) -> bool:
    """Tell whether ``other`` came before ``act`` inside the window, at the same, and is not one with it."""
    params = scene.params
    if other.name not in params.on or other.id == act.id:
        return False
    mine, theirs = _at(params, act), _at(params, other)
    if (theirs, other.id) >= (mine, act.id) or mine - theirs > timedelta(days=params.window_days):
        return False
    if offers(other).isdisjoint(along(act).get(params.by, ())) or not _fits(scene, act, other):
        return False
    return bool(scene.speaks_of(other)[0]) and _alike(scene, act, other)


def _fits(scene: Scene[GatheredParams], act: Act, other: Act) -> bool:
    params = scene.params
    if any(_value(scene, field, act) != _value(scene, field, other) for field in params.same):
        return False
    apart = (*params.apart, *([params.distinct] if params.distinct else []))
    return not any((value := _value(scene, one, act)) and value == _value(scene, one, other) for one in apart)


def _value(scene: Scene[GatheredParams], field: str, act: Act) -> Any:
    return read(field, act, scene.world)


def _alike(scene: Scene[GatheredParams], act: Act, other: Act) -> bool:
    alike = scene.params.alike
    if alike is None:
        return True
    mine, theirs = (set(_value(scene, alike.field, one) or ()) for one in (act, other))
    return len(mine & theirs) >= alike.least * len(mine | theirs) and bool(mine & theirs)


def _at(params: GatheredParams, act: Act) -> datetime:
    """Return the moment of an act; one that is known to the day was at its start, one that is not known when the fact was."""
    value = getattr(act.event, params.at)
    if isinstance(value, datetime):
        return value
    return act.time if value is None else datetime(value.year, value.month, value.day, tzinfo=CHINA)


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def moved_by(params: GatheredParams, act: Act, other: Act) -> bool:
    """Tell whether ``other`` may be one before ``act``."""
    return other.name in params.on and _at(params, other) <= _at(params, act)


def _words(params: GatheredParams) -> Mapping[str, frozenset[str]]:
    names = frozenset({"window_days", *params.shows})
    found = names | {"count", "earlier_on"}
    return {"violated": found, "excused": found, "complied": names | {"count"}, "undetermined": names}


def _conditions(params: GatheredParams) -> Mapping[str, tuple[Condition, ...]]:
    fields = (params.at, *_needed(params), *params.apart, *params.shows.values())
    distinct = (params.distinct,) if params.distinct else ()
    return dict.fromkeys(params.on, tuple(Condition(field=field, op="present") for field in (*fields, *distinct)))


EVALUATOR = Evaluator(
    name="gathered",
    params=GatheredParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    fewest=lambda params: params.least,
    moved_by=moved_by,
    looks=lambda params: frozenset({params.by, "act", "unit"}),
    words=_words,
    conditions=_conditions,
    window=lambda params: (params.by, params.window_days),
)
