"""Find one topic met upon at level after level inside a window (层层套开, kind X): one finding for the meeting at the top."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from pydantic import Field

from contracts.meetings import MeetingConvened, Mode
from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import around, bucket, timed, topic_of

_NAMES: Final = frozenset({"topic", "levels", "meetings"})


class CascadeParams(Params):
    """``[decide]`` of kind ``cascade``."""

    levels: int = Field(ge=2, le=6)
    """From so many levels on it is a cascade."""
    window_workdays: int = Field(ge=1, le=20)
    top_modes: tuple[Mode, ...] = Field(min_length=1)
    """How the meeting at the top was held for the clause to speak of it."""


def scopes(params: CascadeParams, act: Act) -> Iterable[str]:
    """Return the topic's buckets in which the act is the top meeting, or may be below it, or above one that then is no top."""
    if act.name not in params.on:
        return ()
    return around(timed("topic", _topic(act), bucket("topic", _start(act).date())))


def judge(scene: Scene[CascadeParams]) -> Sequence[Verdict]:
    """Return a verdict for each meeting of this bucket that nothing above it in the window explains."""
    _, topic, number = scene.scope.split("|")
    meetings = sorted(
        (act for act in scene.acts.values() if act.name in scene.params.on and _topic(act) == topic),
        key=lambda act: (_start(act), act.id),
    )
    members = [act for act in meetings if scene.speaks_of(act)[0]]
    tops = [act for act in members if bucket("topic", _start(act).date()) == int(number)]
    return [
        verdict for top in tops if not _has_superior(scene, top, members) for verdict in _below(scene, top, members)
    ]


def _below(scene: Scene[CascadeParams], top: Act, members: Sequence[Act]) -> Iterable[Verdict]:
    own = _level(scene, top)
    chain = [act for act in members if act.id != top.id and _under(scene, act, top)]
    levels = sorted({own, *(_level(scene, act) for act in chain)})
    if len(levels) < 2:  # noqa: PLR2004 - one level is no cascade at all
        return
    numbers: dict[str, Scalar] = {
        "topic": top.read(MeetingConvened).topic,
        "levels": len(levels),
        "meetings": len(chain) + 1,
    }
    names = [act.id for act in chain]
    if len(levels) < scene.params.levels:
        yield scene.say("complied", top, numbers=numbers, acts=names)
        return
    mode = top.read(MeetingConvened).mode
    if mode is None:
        yield scene.say("undetermined", top, numbers=numbers, acts=names, missing=("mode",))
        return
    if mode not in scene.params.top_modes:
        yield scene.say("complied", top, numbers=numbers, acts=names)
        return
    outcome, tried = scene.weigh(top)
    deciding = min(act.day for act in chain if _level(scene, act) == levels[scene.params.levels - 1])
    yield scene.say(outcome, top, numbers=numbers, acts=names, exceptions=tried, on=deciding)


def _has_superior(scene: Scene[CascadeParams], act: Act, members: Sequence[Act]) -> bool:
    return any(other.id != act.id and _under(scene, act, other) for other in members)


def _under(scene: Scene[CascadeParams], act: Act, top: Act) -> bool:
    """Tell whether ``act`` is a lower unit's meeting after ``top`` inside the window."""
    if _level(scene, act) <= _level(scene, top) or _start(act) < _start(top):
        return False
    if not scene.world.is_below(act.unit, act.place, top.unit, top.place, act.day):
        return False
    gap = scene.world.calendar.between(_start(top).date(), _start(act).date())
    return gap is not None and gap <= scene.params.window_workdays


def _level(scene: Scene[CascadeParams], act: Act) -> int:
    return int(DERIVED["@convener_level"](act, scene.world))


def _topic(act: Act) -> str:
    event = act.read(MeetingConvened)
    return topic_of(event.matter, event.topic)


def _start(act: Act) -> datetime:
    return act.read(MeetingConvened).starts_at.astimezone(CHINA)


EVALUATOR = Evaluator(
    name="cascade",
    params=CascadeParams,
    on=frozenset({"mtg.convened"}),
    scopes=scopes,
    judge=judge,
    fewest=lambda params: params.levels,
    words=lambda _params: dict.fromkeys(("violated", "excused", "complied", "undetermined"), _NAMES),
    window=lambda params: ("topic", params.window_workdays * 2 + 12),
)
