"""Compare an act with the one before it along a key: a number that must fall, or rise (kind W)."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator

from services.monitor.conditions import Condition, every, read, shown
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.joins import FAMILIES
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope
from services.monitor.relations import along, offers
from services.monitor.rulebook import _Strict


class Related(_Strict):
    """Some act of this event along the same key must be such."""

    event: str
    such: tuple[Condition, ...] = Field(min_length=1)


class TrendParams(Params):
    """``[decide]`` of kind ``trend``."""

    by: str
    """Family of keys along which the acts follow one another (``joins``)."""
    value: str
    """Field or ``@derived`` number that is compared."""
    must: Literal["fall", "rise"]
    """It must not go the other way; that it stays is no fault."""
    same: tuple[str, ...] = ()
    """Fields that must be the same in both."""
    related: Related | None = None
    shows: Mapping[str, str] = {}
    """Name in the texts -> field or ``@derived`` value of the act."""

    @field_validator("by")
    @classmethod
    def _known(cls, by: str) -> str:
        """Refuse a family along which nothing meets."""
        if by not in FAMILIES:
            msg = f"no such join: {by}"
            raise ValueError(msg)
        return by


def judge(scene: Scene[TrendParams]) -> Sequence[Verdict]:
    """Return the verdict on the anchor beside the last one before it; there is none on the first."""
    act, params = scene.anchor, scene.params
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False or not _related(scene, act):
        return ()
    before = _before(scene, act)
    if before is None:
        return ()
    now, then = (read(params.value, one, scene.world) for one in (act, before))
    numbers: dict[str, Scalar] = {name: shown(read(field, act, scene.world)) for name, field in params.shows.items()}
    numbers |= {"now": shown(now), "then": shown(then), "since": before.day.isoformat()}
    if speaks is None or now is None or then is None:
        return (scene.say("undetermined", act, numbers=numbers, missing=missing or (params.value,), acts=(before.id,)),)
    if now > then if params.must == "fall" else now < then:
        outcome, tried = scene.weigh(act)
        return (scene.say(outcome, act, numbers=numbers, exceptions=tried, acts=(before.id,)),)
    return (scene.say("complied", act, numbers=numbers, acts=(before.id,)),)


def _related(scene: Scene[TrendParams], act: Act) -> bool:
    related = scene.params.related
    return related is None or any(
        every(related.such, one, scene.world)[0]
        for one in scene.acts.values()
        if one.name == related.event and _met(scene, act, one)
    )


def _before(scene: Scene[TrendParams], act: Act) -> Act | None:
    found = [
        other
        for other in scene.acts.values()
        if other.name in scene.params.on
        and (other.time, other.id) < (act.time, act.id)
        and _met(scene, act, other)
        and all(getattr(other.event, name) == getattr(act.event, name) for name in scene.params.same)
        and scene.speaks_of(other)[0]
    ]
    return max(found, key=lambda one: (one.time, one.id), default=None)


def _met(scene: Scene[TrendParams], act: Act, other: Act) -> bool:
    return not offers(other).isdisjoint(along(act).get(scene.params.by, ()))


def _conditions(params: TrendParams) -> Mapping[str, tuple[Condition, ...]]:
    fields = (params.value, *params.same, *params.shows.values())
    own = dict.fromkeys(params.on, tuple(Condition(field=field, op="present") for field in fields))
    return {**own, params.related.event: params.related.such} if params.related else own


def _words(params: TrendParams) -> Mapping[str, frozenset[str]]:
    names = frozenset({"now", "then", "since", *params.shows})
    return dict.fromkeys(("violated", "excused", "complied", "undetermined"), names)


EVALUATOR = Evaluator(
    name="trend",
    params=TrendParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    looks=lambda params: frozenset({params.by}),
    fewest=lambda _params: 2,
    moved_by=lambda params, _act, other: (
        other.name in params.on or (params.related is not None and other.name == params.related.event)
    ),
    words=_words,
    conditions=_conditions,
)
