"""Find one topic met upon at level after level inside a window (层层套开, kind X): one finding for the meeting at the top.

The meetings below it are told as a tree, each under the nearest one above it, with what the whole tree took: people × hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pydantic import Field

from contracts.meetings import MeetingConvened, Mode
from services.monitor.conditions import shown
from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.labels import level_name
from services.monitor.relations import around, bucket, timed, topic_of

_NAMES: Final = frozenset({"topic", "levels", "meetings", "people", "person_hours", "unmeasured", "tree"})
_HOUR: Final = timedelta(hours=1)
_MOST_SHOWN: Final = 60
"""Meetings of a tree that are told one by one."""


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

    def tree(self, top: _Meeting, chain: Sequence[_Meeting]) -> dict[str, list[_Meeting]]:
        """Return meeting -> those that are next below it: each is under the lowest, then the latest, of those above it."""
        found: dict[str, list[_Meeting]] = {}
        for one in chain:
            above = [other for other in (top, *chain) if self._under(one, other)]
            found.setdefault(max(above, key=lambda other: (other.level, other)).id, []).append(one)
        return found

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
    numbers: dict[str, Scalar] = {
        "topic": event.topic,
        "levels": len(levels),
        "meetings": len(chain) + 1,
        **_cost([top, *chain]),
        "tree": _told(top, members.tree(top, chain), [_MOST_SHOWN]),
    }
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


def _cost(meetings: Sequence[_Meeting]) -> dict[str, Scalar]:
    """Return what meetings took: people, people × hours, and how many meetings state no people or no end."""
    sizes = [size for size in map(_size, meetings) if size is not None]
    hours = round(sum((people * time for people, time in sizes), 0.0), 1)
    return {
        "people": sum(people for people, _ in sizes) if sizes else None,
        "person_hours": shown(hours) if sizes else None,
        "unmeasured": len(meetings) - len(sizes),
    }


def _size(one: _Meeting) -> tuple[int, float] | None:
    """Return people and hours of a meeting: those who came, else those who were planned for."""
    event = one.act.read(MeetingConvened)
    people = event.planned_attendees if event.actual_attendees is None else event.actual_attendees
    return None if people is None or event.ended_at is None else (people, (event.ended_at - event.starts_at) / _HOUR)


def _told(one: _Meeting, below: Mapping[str, Sequence[_Meeting]], left: list[int]) -> str:
    """Return a meeting with all below it in words; ``left``: how many may still be told, counted down."""
    left[0] -= 1
    size = _size(one)
    taken = f"{size[0]}人×{size[1]:.1f}小时" if size else "人数或时长不详"
    told = []
    for other in below.get(one.id, ()):
        if left[0] <= 0:
            told.append("等")
            break
        told.append(_told(other, below, left))
    under = f"〔{'；'.join(told)}〕" if told else ""
    return f"{level_name(one.level)}“{one.act.read(MeetingConvened).topic}”{taken}{under}"


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
