"""Decide one act by its own fields as ``event`` does, and what was cut into parts by what the parts come to (化整为零, kind X)."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Final

from pydantic import Field

from contracts.documents import DocumentIssued
from contracts.event import Event
from contracts.meetings import MeetingConvened
from services.monitor.domain import Act, Verdict
from services.monitor.evaluators import event
from services.monitor.judging import ACT_SCOPE, Evaluator, Scene, act_scope
from services.monitor.relations import is_first_part, offered, offers
from services.monitor.world import World


class WholeParams(event.EventParams):
    """``[decide]`` of kind ``whole``."""

    within_days: int = Field(ge=0)
    """A part follows the one before within so many days; parts of a meeting are of one day."""


def scopes(params: WholeParams, act: Act) -> Iterable[str]:
    """Return the act itself, and the whole that it may be a part of."""
    parts = (key for family in _kept_in(params, act.name) for key in offered(act, family))
    return (*act_scope(params, act), *parts)


def _kept_in(params: WholeParams, event: str) -> tuple[str, ...]:
    return ("parts",) if event in params.on else ()


def judge(scene: Scene[WholeParams]) -> Sequence[Verdict]:
    """Return the verdict on an act, or on every whole whose parts keep below what the whole exceeds."""
    if scene.scope.startswith(ACT_SCOPE):
        return event.judge(scene)
    members = [act for act in scene.acts.values() if act.name in scene.params.on and scene.scope in offers(act)]
    return [verdict for parts in _wholes(scene.params, members) for verdict in _of_whole(scene, parts)]


def _wholes(params: WholeParams, members: Iterable[Act]) -> Iterator[list[Act]]:
    """Yield the acts that follow one another closely enough, at least two of them."""
    ordered = sorted(members, key=lambda act: (act.day, act.time, act.id))
    limit = timedelta(days=params.within_days)
    cuts = [at for at, (one, other) in enumerate(pairwise(ordered), 1) if other.day - one.day > limit]
    for first, last in pairwise((0, *cuts, len(ordered))):
        if last - first > 1:
            yield ordered[first:last]


def _of_whole(scene: Scene[WholeParams], parts: Sequence[Act]) -> Iterator[Verdict]:
    last = parts[-1]
    titles = [act.event.heading for act in parts if isinstance(act.event, DocumentIssued)]
    if titles and not any(map(is_first_part, titles)):
        return  # a series that goes on for a year is no text cut into parts
    joined = _JOINED[last.name](parts)
    alone = (found for act in parts if scene.speaks_of(act)[0] for found in _tested(scene, act))
    if joined is None or any(found.outcome != "complied" for found in alone):
        return
    for found in _tested(scene, replace(last, event=joined, memo={})):
        if found.outcome == "violated":
            numbers = {**found.numbers, "parts": len(parts)}
            names = [act.id for act in parts]
            yield scene.say("violated", last, subject=f"parts|{last.id}", words="parts", numbers=numbers, acts=names)


def _tested(scene: Scene[WholeParams], act: Act) -> Sequence[Verdict]:
    """Return what is said of an act by itself: nothing where the rule does not speak of it."""
    return event.judge(replace(scene, scope=ACT_SCOPE + act.id, acts={act.id: act}, terse=False))


def _document(parts: Sequence[Act]) -> Event | None:
    counts = [act.read(DocumentIssued).char_count for act in parts]
    known = [count for count in counts if count is not None]
    return parts[-1].read(DocumentIssued).model_copy(update={"char_count": sum(known)}) if known else None


def _meeting(parts: Sequence[Act]) -> Event | None:
    last, spent = parts[-1].read(MeetingConvened), timedelta()
    for act in parts:
        one = act.read(MeetingConvened)
        if one.ended_at is None:
            return None
        spent += one.ended_at - one.starts_at
    return last.model_copy(update={"ended_at": last.starts_at + spent})


_JOINED: Final[Mapping[str, Callable[[Sequence[Act]], Event | None]]] = {
    "doc.issued": _document,
    "mtg.convened": _meeting,
}


class _Parts:
    """The acts that may be parts of one whole."""

    def __init__(self) -> None:
        self._acts: dict[str, Act] = {}

    def add(self, act: Act, _world: World) -> None:
        self._acts[act.id] = act

    def remove(self, act: Act) -> None:
        self._acts.pop(act.id, None)

    def state(self, _world: World) -> Hashable:
        """Return what there is once there are several: one part is none."""
        return tuple(sorted(act.made_of for act in self._acts.values())) if len(self._acts) > 1 else None


def _words(params: WholeParams) -> Mapping[str, frozenset[str]]:
    found = event.EVALUATOR.words(params)
    return {**found, "parts": found["violated"] | {"parts"}}


EVALUATOR = Evaluator(
    name="whole",
    params=WholeParams,
    on=frozenset(_JOINED),
    scopes=scopes,
    judge=judge,
    signs=event.signs,
    summary=lambda _bound: _Parts,
    kept_in=_kept_in,
    looks=event.EVALUATOR.looks,
    words=_words,
    conditions=event.EVALUATOR.conditions,
)
