"""Values derived from who is visited and who goes along: inspections, research, meetings, and what schools are asked. Pure.

Part of ``derived``; ``None`` is "cannot be told".
"""

import calendar
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.inspections import InspectionLaunched
from contracts.meetings import Role
from contracts.parts import Escort
from contracts.research import ResearchVisited
from services.monitor.domain import CHINA, Act
from services.monitor.world import World

_GRADES: Final = ("其他", "乡科级", "县处级", "厅局级", "省部级")
_LEADERS: Final[frozenset[Role]] = frozenset({"主要负责同志", "分管负责同志"})


def _escorts(act: Act) -> tuple[Escort, ...] | None:
    found: tuple[Escort, ...] | None = getattr(
        act.event, "accompanying" if act.name == "mtg.convened" else "escorts", None
    )
    return found


def _escort_levels(act: Act, _world: World) -> int | None:
    """From how many levels people went along; ``None`` when that is not known of all."""
    escorts = _escorts(act)
    if escorts is None or any(one.level is None for one in escorts):
        return None
    return len({one.level for one in escorts})


def _escorted_above(act: Act, _world: World) -> bool | None:
    """Whether somebody of a higher 职级 than the visitor went along (提级陪同)."""
    event = act.read(ResearchVisited)
    if event.escorts is None:
        return None
    grades = [_grade(one) for one in event.escorts]
    if event.leader_rank is None or None in grades:
        return None if grades else False
    return any(grade is not None and grade > _GRADES.index(event.leader_rank) for grade in grades)


def _grade(escort: Escort) -> int | None:
    """Return the 职级 that an escort's office has; deputies are of the grade of their heads, departments one below their place."""
    if escort.rank == "工作人员":
        return 0
    if escort.rank is None or escort.level is None:
        return None
    below = 0 if escort.rank in _LEADERS else 1
    return max(0, min(len(_GRADES) - 1, len(_GRADES) - escort.level - below))


def _target_kind(act: Act, _world: World) -> str | None:
    """Kind of the one whom a 调研 is of."""
    target = act.read(ResearchVisited).target
    return target.kind if target else None


def _for_schools(act: Act, _world: World) -> bool | None:
    """Whether schools or teachers are those that an inspection, 创建, assessment or 调研 is directed at."""
    target = getattr(act.event, "target", None)
    targets = (*getattr(act.event, "targets", ()), *((target,) if target else ()))
    kinds = [one.kind for one in targets]
    kinds += [named] if (named := getattr(act.event, "object_kind", None)) else []
    return True if "学校" in kinds else None if None in kinds or not kinds else False


def _target_kinds(act: Act, _world: World) -> tuple[str, ...] | None:
    """Kinds of those who are inspected; ``None`` when any of them is not stated."""
    kinds = [target.kind for target in act.read(InspectionLaunched).targets]
    return tuple(kind for kind in kinds if kind) if kinds and all(kinds) else None


def _months_ahead(act: Act, _world: World) -> int | None:
    """Whole calendar months between the announcement of an inspection and its start (民法典 202)."""
    event = act.read(InspectionLaunched)
    if event.announced_at is None or event.starts_on is None:
        return None
    told = event.announced_at.astimezone(CHINA).date()
    months = (event.starts_on.year - told.year) * 12 + event.starts_on.month - told.month
    last = calendar.monthrange(event.starts_on.year, event.starts_on.month)[1]
    return months - (event.starts_on.day < min(told.day, last))


VISITED: Final[Mapping[str, Callable[[Act, World], Any]]] = {
    "@escort_levels": _escort_levels,
    "@escorted_above": _escorted_above,
    "@target_kind": _target_kind,
    "@for_schools": _for_schools,
    "@target_kinds": _target_kinds,
    "@months_ahead": _months_ahead,
}
VISITED_OF: Final[Mapping[str, str | tuple[str, ...]]] = {
    "@escorted_above": "res.visited",
    "@target_kind": "res.visited",
    "@target_kinds": "ins.launched",
    "@months_ahead": "ins.launched",
}
"""Value -> the events it is of; those that are not here are of every event."""
