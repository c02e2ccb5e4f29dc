"""Find inspections of one target on one topic by several owners inside a window (多头检查, kind X)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pydantic import Field

from contracts.inspections import InspectionVisited
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene, act_scope
from services.monitor.relations import topic_of

_NAMES: Final = frozenset({"topic", "target", "owners", "window_days", "earlier_on"})


class OverlapParams(Params):
    """``[decide]`` of kind ``overlap``."""

    window_days: int = Field(ge=1)


def judge(scene: Scene[OverlapParams]) -> Sequence[Verdict]:
    """Return the verdict on the later visit."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    if speaks is None:
        return (scene.say("undetermined", act, missing=missing),)
    earlier = [other for other in scene.acts.values() if _repeats(scene, act, other)]
    if not earlier:
        shown: dict[str, Scalar] = {"topic": act.read(InspectionVisited).topic, "window_days": scene.params.window_days}
        return (scene.say("complied", act, numbers=shown),)
    other = max(earlier, key=lambda one: (one.read(InspectionVisited).visited_at, one.id))
    outcome, tried = scene.weigh(act)
    numbers: dict[str, Scalar] = {
        "topic": act.read(InspectionVisited).topic,
        "target": act.read(InspectionVisited).target.unit,
        "owners": len({one.unit for one in (act, *earlier)}),
        "window_days": scene.params.window_days,
        "earlier_on": other.read(InspectionVisited).visited_at.astimezone(CHINA).date().isoformat(),
    }
    return (scene.say(outcome, act, numbers=numbers, acts=sorted(one.id for one in earlier), exceptions=tried),)


def moved_by(_params: OverlapParams, act: Act, other: Act) -> bool:
    """Tell whether ``other`` may be a visit before ``act``."""
    if not isinstance(other.event, InspectionVisited):
        return True
    return other.event.visited_at <= act.read(InspectionVisited).visited_at


def _repeats(scene: Scene[OverlapParams], act: Act, other: Act) -> bool:
    """Tell whether ``other`` is an earlier visit of another owner to the same target on the same topic, not of the same team."""
    if other.name not in scene.params.on or other.id == act.id or other.unit == act.unit:
        return False
    mine, theirs = act.read(InspectionVisited), other.read(InspectionVisited)
    if theirs.target.unit != mine.target.unit or not scene.speaks_of(other)[0]:
        return False
    if topic_of(mine.matter, mine.topic) != topic_of(theirs.matter, theirs.topic):
        return False
    if (theirs.visited_at, other.id) >= (mine.visited_at, act.id):
        return False
    joint = mine.launch and theirs.launch and mine.launch.fact(act.source) == theirs.launch.fact(other.source)
    return not joint and mine.visited_at - theirs.visited_at <= timedelta(days=scene.params.window_days)


EVALUATOR = Evaluator(
    name="overlap",
    params=OverlapParams,
    on=frozenset({"ins.visit"}),
    scopes=act_scope,
    judge=judge,
    fewest=lambda _params: 2,
    moved_by=moved_by,
    looks=lambda _params: frozenset({"visit", "act", "unit"}),
    words=lambda _params: {
        "violated": _NAMES,
        "excused": _NAMES,
        "complied": frozenset({"topic", "window_days"}),
        "undetermined": frozenset(),
    },
    window=lambda params: ("visit", params.window_days),
)
