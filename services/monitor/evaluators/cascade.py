"""Find one topic met upon at level after level inside a window (层层套开, kind X): one finding for the meeting at the top."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

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
    members = _Members(
        scene, (act for act in scene.acts.values() if act.name in scene.params.on and _topic(act) == topic)
    )
    tops = [top for top in members.ordered if bucket("topic", top.start.date()) == int(number)]
    return [verdict for top in tops if not members.has_superior(top) for verdict in _below(scene, top, members)]


class _Meeting(NamedTuple):
    """A meeting with what its place in a cascade is told by; in the order of their start."""

    start: datetime
    id: str
    level: int
    act: Act


class _Members:
    """The meetings on one topic that the rule speaks of."""

    def __init__(self, scene: Scene[CascadeParams], acts: Iterable[Act]) -> None:
        self._scene = scene
        self._window = timedelta(days=_days(scene.params) + 1)
        self.ordered = sorted(
            _Meeting(_start(act), act.id, int(DERIVED["@convener_level"](act, scene.world)), act)
            for act in acts
            if scene.speaks_of(act)[0]
        )
        self._starts = [one.start for one in self.ordered]

    def has_superior(self, one: _Meeting) -> bool:
        """Tell whether the meeting is itself below another one."""
        begin, end = bisect_left(self._starts, one.start - self._window), bisect_right(self._starts, one.start)
        return any(self._under(one, other) for other in self.ordered[begin:end])

    def below(self, top: _Meeting) -> list[_Meeting]:
        """Return the meetings of lower units after a meeting, inside the window."""
        begin, end = bisect_left(self._starts, top.start), bisect_right(self._starts, top.start + self._window)
        return [one for one in self.ordered[begin:end] if self._under(one, top)]

    def _under(self, one: _Meeting, top: _Meeting) -> bool:
        if one.level <= top.level or one.start < top.start:
            return False
        lower, upper, world = one.act, top.act, self._scene.world
        if not world.is_below(lower.unit, lower.place, upper.unit, upper.place, lower.day):
            return False
        gap = world.calendar.between(top.start.date(), one.start.date())
        return gap is not None and gap <= self._scene.params.window_workdays


def _below(scene: Scene[CascadeParams], top: _Meeting, members: _Members) -> Iterable[Verdict]:
    chain = members.below(top)
    levels = sorted({top.level, *(one.level for one in chain)})
    if len(levels) < 2:  # noqa: PLR2004 - one level is no cascade at all
        return
    event = top.act.read(MeetingConvened)
    numbers: dict[str, Scalar] = {"topic": event.topic, "levels": len(levels), "meetings": len(chain) + 1}
    names = [one.id for one in chain]
    if len(levels) < scene.params.levels:
        yield scene.say("complied", top.act, numbers=numbers, acts=names)
        return
    if event.mode is None:
        yield scene.say("undetermined", top.act, numbers=numbers, acts=names, missing=("mode",))
        return
    if event.mode not in scene.params.top_modes:
        yield scene.say("complied", top.act, numbers=numbers, acts=names)
        return
    outcome, tried = scene.weigh(top.act)
    deciding = min(one.act.day for one in chain if one.level == levels[scene.params.levels - 1])
    yield scene.say(outcome, top.act, numbers=numbers, acts=names, exceptions=tried, on=deciding)


def _days(params: CascadeParams) -> int:
    """Return the calendar days that the window's working days can take, holidays included."""
    return params.window_workdays * 2 + 12


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
    window=lambda params: ("topic", _days(params)),
)
