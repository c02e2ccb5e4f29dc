"""Values that rules read but no event states: each a named pure function of one act and the world. ``None`` is "cannot be told"."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from contracts.documents import DocumentIssued
from contracts.jurisdiction import Level, level_of
from contracts.meetings import Attendance, MeetingConvened, Role
from contracts.reports import ReportDemanded
from contracts.secondments import SecondmentStarted
from services.monitor.domain import CHINA, Act
from services.monitor.world import World

_MINUTE: Final = timedelta(minutes=1)
_STATUTORY: Final = re.compile(
    "人民代表大会|人代会|党代会|党的代表大会|党员代表大会|政治协商会议|政协.{0,12}(全体|全会)|全委会|全会"
)
_ABOUT: Final = re.compile("精神|传达|学习|筹备")
"""A meeting about a statutory meeting is none itself."""
_ANSWERING: Final = frozenset({"请示", "报告", "批复", "议案", "函", "纪要"})
"""文种 that ask, report, answer or record: nobody can plan them a year ahead."""
_ANSWERING_TITLE: Final = re.compile("(请示|报告|批复|复函|议案|函|纪要)$")
_HEADS: Final[frozenset[Role]] = frozenset({"主要负责同志", "部门主要负责同志"})


def _duration_minutes(act: Act, _world: World) -> float | None:
    """Minutes from the start to the end of a meeting."""
    event = act.read(MeetingConvened)
    return None if event.ended_at is None else (event.ended_at - event.starts_at) / _MINUTE


def _convener_level(act: Act, world: World) -> Level:
    """Level of the convening office: stated, else registered, else that of the jurisdiction."""
    event = act.read(MeetingConvened)
    return _acting_level(act, world) if event.level is None else event.level


def _requires_lower_heads(act: Act, world: World) -> bool | None:
    """Whether 主要负责同志 of a lower level, or 一把手 of departments, were required to come."""
    required = act.read(MeetingConvened).required
    return None if required is None else _lower(required, _HEADS, _convener_level(act, world))


def _requires_place_heads(act: Act, world: World) -> bool | None:
    """Whether 主要负责同志 of a lower level were required to come; heads of departments do not count."""
    required = act.read(MeetingConvened).required
    return None if required is None else _lower(required, frozenset({"主要负责同志"}), _convener_level(act, world))


def _lower(required: Iterable[Attendance], roles: frozenset[Role], own: Level) -> bool | None:
    heads = [one for one in required if one.role in roles]
    if any(one.role == "部门主要负责同志" or (one.level is not None and one.level > own) for one in heads):
        return True
    return None if any(one.level is None for one in heads) else False


def _statutory(act: Act, _world: World) -> bool:
    """Whether a meeting is one that law or Party rules prescribe: by its stated kind, else by its name."""
    event = act.read(MeetingConvened)
    if event.kind:
        return event.kind == "法定"
    return _STATUTORY.search(event.topic) is not None and _ABOUT.search(event.topic) is None


def _can_be_planned(act: Act, _world: World) -> bool:
    """Whether a document is of a 文种 that a yearly plan can hold: by its stated 文种, else by the end of its title."""
    event = act.read(DocumentIssued)
    return event.genre not in _ANSWERING if event.genre else _ANSWERING_TITLE.search(event.heading) is None


def _by_order(act: Act, _world: World) -> bool:
    """Whether a document is a regulation made known by an order (令): by its stated 文种, else by its number."""
    event = act.read(DocumentIssued)
    return event.genre == "命令" if event.genre else "令" in (event.doc_no or "")


def _acting_level(act: Act, world: World) -> Level:
    """Level of the acting unit: registered, else that of the jurisdiction."""
    known = level_of_unit(act.unit, act, world)
    return level_of(act.place) if known is None else known


def _workdays_to_due(act: Act, world: World) -> int | None:
    """Whole working days strictly after the day of receipt up to the due day (domain table: 工作日)."""
    event = act.read(ReportDemanded)
    if event.received_at is None or event.due_at is None:
        return None
    return world.calendar.between(event.received_at.astimezone(CHINA).date(), event.due_at.astimezone(CHINA).date())


def _from_level(act: Act, world: World) -> Level | None:
    """Level of the lending unit: stated, else registered."""
    event = act.read(SecondmentStarted)
    return event.from_level if event.from_level is not None else level_of_unit(event.from_unit, act, world)


def _to_level(act: Act, world: World) -> Level | None:
    """Level of the borrowing unit: stated, else registered."""
    event = act.read(SecondmentStarted)
    return event.to_level if event.to_level is not None else level_of_unit(event.to_unit, act, world)


def _levels_up(act: Act, world: World) -> int | None:
    """How many levels a loan goes up (negative: down)."""
    lower, upper = _from_level(act, world), _to_level(act, world)
    return None if lower is None or upper is None else lower - upper


def _unit_level(act: Act, world: World) -> Level | None:
    """Return the registered level of the acting unit."""
    return level_of_unit(act.unit, act, world)


def _unit_kind(act: Act, world: World) -> str | None:
    """Return the registered kind of the acting unit."""
    version = world.unit_on(act.unit, act.day)
    return version.kind if version else None


def level_of_unit(unit: str, act: Act, world: World) -> Level | None:
    """Return the registered level of a unit on the act's day."""
    version = world.unit_on(unit, act.day)
    return version.level if version else None


DERIVED: Final[Mapping[str, Callable[[Act, World], Any]]] = {
    "@duration_minutes": _duration_minutes,
    "@convener_level": _convener_level,
    "@requires_lower_heads": _requires_lower_heads,
    "@requires_place_heads": _requires_place_heads,
    "@statutory": _statutory,
    "@can_be_planned": _can_be_planned,
    "@by_order": _by_order,
    "@workdays_to_due": _workdays_to_due,
    "@from_level": _from_level,
    "@to_level": _to_level,
    "@levels_up": _levels_up,
    "@unit_level": _unit_level,
    "@unit_kind": _unit_kind,
    "@acting_level": _acting_level,
}
DERIVED_FOR: Final[Mapping[str, str]] = {
    "@duration_minutes": "mtg.convened",
    "@convener_level": "mtg.convened",
    "@requires_lower_heads": "mtg.convened",
    "@requires_place_heads": "mtg.convened",
    "@statutory": "mtg.convened",
    "@can_be_planned": "doc.issued",
    "@by_order": "doc.issued",
    "@workdays_to_due": "rpt.demanded",
    "@from_level": "sec.started",
    "@to_level": "sec.started",
    "@levels_up": "sec.started",
}
"""Derived value -> the event it is of; those that are not here are of every event. A misuse is refused when a rule is loaded."""
