"""Find a meeting that repeats a superior's meeting which had already reached that level (二次会议, kind X)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from pydantic import Field

from contracts.alerts import Severity
from contracts.jurisdiction import Level
from contracts.meetings import MeetingConvened, Mode
from services.monitor.conditions import Condition, every
from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Tried, Verdict
from services.monitor.judging import Evaluator, Params, Scene, act_scope
from services.monitor.labels import label, level_name
from services.monitor.relations import by_id, offers, topic_of

_NAMES: Final = frozenset({"topic", "parent", "parent_on", "held_on", "reach_level"})


_SAME_SESSION: Final = "在上级视频会议结束时即安排落实（同一场次）"


class FollowUpParams(Params):
    """``[decide]`` of kind ``follow_up``."""

    parent_levels: tuple[Level, ...] = Field(min_length=1)
    """Levels of the superior meeting that the clause speaks of."""
    parent_modes: tuple[Mode, ...] = Field(min_length=1)
    window_workdays: int = Field(ge=1, le=20)
    """The lower meeting starts within so many working days after the superior's ended."""
    same_session_minutes: int = Field(ge=0)
    """A lower meeting that starts within so many minutes of the end is still the same session."""
    least_reach: Level | None = None
    """The superior's meeting must have reached this level or a lower one, where the lower meeting's own is not enough."""
    reaches: tuple[Condition, ...] = ()
    """A meeting of which all these hold is itself opened down too far."""
    advisory: bool = False
    """The lower meeting need not have been held, but may: it is told of and no more."""


def judge(scene: Scene[FollowUpParams]) -> Sequence[Verdict]:
    """Return the verdict on the lower meeting; with no superior meeting on its topic it complies."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    open_fields = list(missing)
    if scene.params.reaches:
        reaches, unknown = every(scene.params.reaches, act, scene.world)
        if reaches and speaks:
            return (_reached(scene, act),)
        open_fields.extend(unknown)
    for parent in _superiors(scene, act):
        follows, unknown = _follows(scene, act, parent)
        if follows is None:
            open_fields.extend(unknown)
        elif follows and speaks:
            return (_found(scene, act, parent),)
    if open_fields:
        return (scene.say("undetermined", act, missing=tuple(dict.fromkeys(open_fields))),)
    return (scene.say("complied", act, numbers={"topic": act.read(MeetingConvened).topic}),)


def _superiors(scene: Scene[FollowUpParams], act: Act) -> list[Act]:
    """Return the meetings that may be this one's superior: the one that it names, else those on its topic; latest first."""
    event = act.read(MeetingConvened)
    meetings = [other for other in scene.acts.values() if other.name == "mtg.convened" and other.id != act.id]
    if event.parent is not None:
        key = by_id(event.parent.fact(act.source))
        return [other for other in meetings if key in offers(other)]
    topic = topic_of(event.matter, event.topic)
    same = [
        other
        for other in meetings
        if topic_of(other.read(MeetingConvened).matter, other.read(MeetingConvened).topic) == topic
    ]
    return sorted(same, key=lambda other: (other.read(MeetingConvened).starts_at, other.id), reverse=True)


def _follows(scene: Scene[FollowUpParams], act: Act, parent: Act) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether ``act`` repeats ``parent`` at a level that ``parent`` had already reached, in the window."""
    event, above, world = act.read(MeetingConvened), parent.read(MeetingConvened), scene.world
    own, theirs = DERIVED["@convener_level"](act, world), DERIVED["@convener_level"](parent, world)
    if own <= theirs or theirs not in scene.params.parent_levels or event.starts_at < above.starts_at:
        return False, ()
    if not world.is_below(act.unit, act.place, parent.unit, parent.place, act.day):
        return False, ()
    if above.mode is not None and above.mode not in scene.params.parent_modes:
        return False, ()
    unknown = tuple(f"上级会议.{name}" for name in ("mode", "reach_level", "ended_at") if getattr(above, name) is None)
    if unknown or above.ended_at is None or above.reach_level is None:
        return None, unknown
    if above.reach_level < max(own, scene.params.least_reach or own):
        return False, ()
    gap = world.calendar.between(above.ended_at.astimezone(CHINA).date(), event.starts_at.astimezone(CHINA).date())
    return (None, ("工作日历",)) if gap is None else (gap <= scene.params.window_workdays, ())


def moved_by(_params: FollowUpParams, act: Act, other: Act) -> bool:
    """Tell whether ``other`` may be the superior's meeting before ``act``; one that starts later is none."""
    if not isinstance(other.event, MeetingConvened):
        return True
    return other.event.starts_at <= act.read(MeetingConvened).starts_at


def _reached(scene: Scene[FollowUpParams], act: Act) -> Verdict:
    event = act.read(MeetingConvened)
    outcome, tried = scene.weigh(act)
    words = "reached" if outcome == "violated" else None
    numbers = {"topic": event.topic, "reach_level": level_name(event.reach_level)}
    return scene.say(outcome, act, words=words, numbers=numbers, exceptions=tried)


def _found(scene: Scene[FollowUpParams], act: Act, parent: Act) -> Verdict:
    event, above = act.read(MeetingConvened), parent.read(MeetingConvened)
    ended = above.ended_at or above.starts_at
    minutes = timedelta(minutes=scene.params.same_session_minutes)
    inside = bool(event.same_session) or event.starts_at <= ended + minutes
    session = Tried(
        _SAME_SESSION,
        inside,
        label("same_session" if event.same_session else "starts_at"),
    )
    outcome, tried = scene.weigh(act, (session,))
    numbers = {
        "topic": event.topic,
        "parent": above.topic,
        "parent_on": above.starts_at.astimezone(CHINA).date().isoformat(),
        "held_on": event.starts_at.astimezone(CHINA).date().isoformat(),
        "reach_level": level_name(above.reach_level),
    }
    severity: Severity | None = "info" if scene.params.advisory else None
    return scene.say(outcome, act, numbers=numbers, acts=(parent.id,), exceptions=tried, severity=severity)


def _words(params: FollowUpParams) -> Mapping[str, frozenset[str]]:
    found = {
        "violated": _NAMES,
        "excused": _NAMES,
        "complied": frozenset({"topic"}),
        "undetermined": frozenset[str](),
    }
    reached = frozenset({"topic", "reach_level"})
    return {**found, "reached": reached, "excused": reached} if params.reaches else found


EVALUATOR = Evaluator(
    name="follow_up",
    params=FollowUpParams,
    on=frozenset({"mtg.convened"}),
    scopes=act_scope,
    judge=judge,
    fewest=lambda params: 1 if params.reaches else 2,
    moved_by=moved_by,
    looks=lambda _params: frozenset({"topic", "act", "unit", "calendar"}),
    excuses=lambda _params: (_SAME_SESSION,),
    words=_words,
    conditions=lambda params: {"mtg.convened": params.reaches},
    window=lambda params: ("topic", params.window_workdays * 2 + 12),
)
