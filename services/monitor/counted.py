"""Derived values of acts that are counted, added up or compared with their like (see ``derived``). Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.activities import DemonstrationCriteriaSet, DemonstrationStarted, FestivalHeld
from contracts.apps import AppUsed
from contracts.assessments import AssessmentSchemeSet
from contracts.certificates import CertificateDemanded
from contracts.documents import DocumentIssued
from contracts.inspections import InspectionLaunched, InspectionVisited, Target
from contracts.jurisdiction import Level, level_of
from contracts.meetings import MeetingConvened
from contracts.plans import PlanFiled
from contracts.reports import FormRegistered, ReportDemanded
from contracts.research import ResearchVisited
from services.monitor.domain import Act
from services.monitor.relations import topic_of
from services.monitor.world import World

_GRASSROOTS: Final = frozenset({"县", "乡镇", "村居", "企业", "学校"})
_COUNTY: Final = 3
_HOSTS: Final = frozenset({"党委", "政府"})
"""Who may run 创建示范 in a city or county (创建示范活动管理办法 第四条)."""


def _unit(act: Act, _world: World) -> str:
    """Return the acting unit."""
    return act.unit


def _visit_topic(act: Act, _world: World) -> str:
    """Return what a visit is about: its 事项, else its name without level and meeting words."""
    event = act.read(InspectionVisited)
    return topic_of(event.matter, event.topic)


def _visit_launch(act: Act, _world: World) -> str | None:
    """Return the inspection that a visit belongs to."""
    event = act.read(InspectionVisited)
    return event.launch.fact(act.source) if event.launch else None


def _visit_item(act: Act, world: World) -> str:
    """Return the 项 that a visit counts for: its inspection, else what it is about."""
    return _visit_launch(act, world) or _visit_topic(act, world)


def _comprehensive_supervision(act: Act, _world: World) -> bool:
    """Whether a visit is a 综合督导, by its name."""
    return "综合督导" in act.read(InspectionVisited).topic


def _emergency_visit(act: Act, _world: World) -> bool:
    """Whether a visit is registered as an emergency; one that is not stated is none."""
    return act.read(InspectionVisited).emergency is True


def _registered(unit: str, act: Act, world: World) -> Level | None:
    version = world.unit_on(unit, act.day)
    return version.level if version else None


def _visited_kind(act: Act, _world: World) -> str | None:
    """Return the stated kind of who was visited."""
    return act.read(InspectionVisited).target.kind


def _visited_level(act: Act, world: World) -> Level | None:
    """Return the level of who was visited: stated, else registered."""
    target = act.read(InspectionVisited).target
    return target.level if target.level is not None else _registered(target.unit, act, world)


def _grassroots(target: Target) -> bool | None:
    if target.kind is not None:
        return target.kind in _GRASSROOTS
    return None if target.level is None else target.level >= _COUNTY


def _grassroots_targets(act: Act, _world: World) -> bool | None:
    """Whether an inspection goes to counties, townships, villages, firms or schools."""
    found = [_grassroots(target) for target in act.read(InspectionLaunched).targets]
    return True if True in found else False if found and None not in found else None


def _to_counties(act: Act, _world: World) -> bool | None:
    """Whether a document was sent to counties or below."""
    levels = [one.level for one in act.read(DocumentIssued).addressees]
    if any(level is not None and level >= _COUNTY for level in levels):
        return True
    return False if levels and None not in levels else None


def _barred_host(act: Act, _world: World) -> bool | None:
    """Whether a 创建示范 is run by whom the measures bar: townships, and other bodies of cities and counties."""
    event = act.read(DemonstrationStarted)
    level = level_of(act.place) if event.host_level is None else event.host_level
    if level > _COUNTY or event.host_kind == "乡镇街道":
        return True
    if level <= 1:
        return False
    return None if event.host_kind is None else event.host_kind not in _HOSTS


def _demonstration_host(act: Act, _world: World) -> str:
    """Return who runs a 创建示范."""
    return act.read(DemonstrationStarted).host or act.unit


def _visitor(act: Act, _world: World) -> str:
    """Return who went on 调研: the leader, else the unit."""
    return act.read(ResearchVisited).leader or act.unit


def _route(act: Act, _world: World) -> str | None:
    """Return the points of a 调研 in their order."""
    return "、".join(act.read(ResearchVisited).route or ()) or None


def _data_items(act: Act, _world: World) -> tuple[str, ...] | None:
    """Return the data items that are demanded: by their ids, else by their names."""
    event = act.read(ReportDemanded)
    return event.item_ids or event.items or None


def _indicators(act: Act, _world: World) -> tuple[str, ...] | None:
    """Return the names of a scheme's indicators."""
    found = act.read(AssessmentSchemeSet).indicators
    return None if found is None else tuple(one.name for one in found)


def _indicator_count(act: Act, world: World) -> int | None:
    """Return how many indicators a scheme has."""
    found = _indicators(act, world)
    return None if found is None else len(found)


def _effect_weight(act: Act, _world: World) -> float | None:
    """Return the weight of 实效评估 among the criteria of a 创建示范."""
    criteria = act.read(DemonstrationCriteriaSet).criteria
    if criteria is None or any(one.kind is None or one.weight is None for one in criteria):
        return None
    return sum(one.weight or 0 for one in criteria if one.kind == "实效评估")


def _plan_items(act: Act, _world: World) -> int:
    """Return how many items a plan has."""
    return len(act.read(PlanFiled).items)


def _form_items(act: Act, _world: World) -> int | None:
    """Return how many data items a form has."""
    items = act.read(FormRegistered).items
    return None if items is None else len(items)


def _agenda_matters(act: Act, _world: World) -> int | None:
    """Return how many different 事项 an agenda has."""
    agenda = act.read(MeetingConvened).agenda
    if agenda is None or any(one.matter is None for one in agenda):
        return None
    return len({one.matter for one in agenda})


def _days_since_update(act: Act, _world: World) -> int | None:
    """Return the days since an app was last updated."""
    event = act.read(AppUsed)
    return None if event.updated_on is None else (event.measured_on - event.updated_on).days


def _shareable(act: Act, world: World) -> bool | None:
    """Whether what a certificate says can be had by sharing: stated, else by the directory of shared data."""
    event = act.read(CertificateDemanded)
    if event.shareable is not None:
        return event.shareable
    shared = world.list_for("共享数据目录", act.place, act.day)
    return None if shared is None else any(event.item in (item.name, *item.aliases) for item in shared.items)


def _days_since_last(act: Act, _world: World) -> int | None:
    """Days between the start of a festival and that of the one before it, as the festival states it."""
    event = act.read(FestivalHeld)
    return None if event.cycle_since is None else (event.starts_on - event.cycle_since).days


COUNTED: Final[Mapping[str, Callable[[Act, World], Any]]] = {
    "@unit": _unit,
    "@visit_topic": _visit_topic,
    "@visit_launch": _visit_launch,
    "@visit_item": _visit_item,
    "@visited_kind": _visited_kind,
    "@visited_level": _visited_level,
    "@grassroots_targets": _grassroots_targets,
    "@to_counties": _to_counties,
    "@barred_host": _barred_host,
    "@demonstration_host": _demonstration_host,
    "@visitor": _visitor,
    "@route": _route,
    "@data_items": _data_items,
    "@indicators": _indicators,
    "@indicator_count": _indicator_count,
    "@effect_weight": _effect_weight,
    "@plan_items": _plan_items,
    "@form_items": _form_items,
    "@agenda_matters": _agenda_matters,
    "@days_since_update": _days_since_update,
    "@days_since_last": _days_since_last,
    "@shareable": _shareable,
    "@emergency_visit": _emergency_visit,
    "@comprehensive_supervision": _comprehensive_supervision,
}
COUNTED_OF: Final[Mapping[str, str]] = {
    "@visit_topic": "ins.visit",
    "@visit_launch": "ins.visit",
    "@visit_item": "ins.visit",
    "@visited_kind": "ins.visit",
    "@visited_level": "ins.visit",
    "@grassroots_targets": "ins.launched",
    "@to_counties": "doc.issued",
    "@barred_host": "dem.started",
    "@demonstration_host": "dem.started",
    "@visitor": "res.visited",
    "@route": "res.visited",
    "@data_items": "rpt.demanded",
    "@indicators": "kpi.scheme_set",
    "@indicator_count": "kpi.scheme_set",
    "@effect_weight": "dem.criteria_set",
    "@plan_items": "plan.filed",
    "@form_items": "rpt.form_registered",
    "@agenda_matters": "mtg.convened",
    "@days_since_update": "app.used",
    "@days_since_last": "fest.held",
    "@shareable": "cert.demanded",
    "@emergency_visit": "ins.visit",
    "@comprehensive_supervision": "ins.visit",
}
"""Derived value -> the event it is of."""
