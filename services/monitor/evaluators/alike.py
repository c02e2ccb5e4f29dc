"""Find earlier things of nearly the same make-up, by the share of entries that two have in common (功能相近、内容同质, kind T)."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from contracts.jurisdiction import path_of
from services.monitor.conditions import Condition
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope


class AlikeParams(Params):
    """``[decide]`` of kind ``alike``."""

    items: str
    """Field that lists what an act's thing is made of."""
    itself: str
    """Field that names the thing: two acts about one thing are not compared."""
    name: str
    """Field with the thing's name, shown to readers."""
    by: str
    """Family of the join along which acts with an entry in common meet."""
    threshold: float = Field(gt=0, le=1)
    """Least share: entries in common among all entries of both (Jaccard)."""
    fewest: int = Field(ge=1)
    """Things of fewer entries are not compared."""


def judge(scene: Scene[AlikeParams]) -> Sequence[Verdict]:
    """Return the verdict on the later act: the most alike of the earlier ones decides."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    mine = _items(scene.params, act)
    if speaks is False or (mine is not None and len(mine) < scene.params.fewest):
        return ()
    numbers: dict[str, Scalar] = {"name": getattr(act.event, scene.params.name)}
    if speaks is None or mine is None:
        return (scene.say("undetermined", act, numbers=numbers, missing=missing or (scene.params.items,)),)
    found = [(share, other) for other in scene.acts.values() if (share := _share(scene.params, act, other))]
    share, other = max(found, key=lambda one: (one[0], one[1].id), default=(0.0, act))
    if share < scene.params.threshold:
        return (scene.say("complied", act, numbers=numbers),)
    numbers |= {"other": getattr(other.event, scene.params.name), "percent": round(share * 100)}
    outcome, tried = scene.weigh(act)
    return (scene.say(outcome, act, numbers=numbers, acts=(other.id,), exceptions=tried),)


def moved_by(_params: AlikeParams, act: Act, other: Act) -> bool:
    """Tell whether ``other`` may be an earlier thing than ``act``."""
    return (other.time, other.id) <= (act.time, act.id)


def _items(params: AlikeParams, act: Act) -> frozenset[str] | None:
    found = getattr(act.event, params.items)
    return None if found is None else frozenset(found)


def _share(params: AlikeParams, act: Act, other: Act) -> float:
    """Return the share of two things' entries that they have in common; 0 for what is not compared."""
    if other.name not in params.on or (other.time, other.id) >= (act.time, act.id):
        return 0.0
    if getattr(other.event, params.itself) == getattr(act.event, params.itself):
        return 0.0
    if other.place not in path_of(act.place) and act.place not in path_of(other.place):
        return 0.0
    mine, theirs = _items(params, act) or frozenset(), _items(params, other) or frozenset()
    return len(mine & theirs) / len(mine | theirs) if len(theirs) >= params.fewest else 0.0


def _words(_params: AlikeParams) -> Mapping[str, frozenset[str]]:
    pair = frozenset({"name", "other", "percent"})
    alone = frozenset({"name"})
    return {"violated": pair, "excused": pair, "complied": alone, "undetermined": alone}


EVALUATOR = Evaluator(
    name="alike",
    params=AlikeParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    looks=lambda params: frozenset({params.by}),
    moved_by=moved_by,
    words=_words,
    conditions=lambda params: dict.fromkeys(
        params.on,
        tuple(Condition(field=name, op="present") for name in (params.items, params.itself, params.name)),
    ),
)
