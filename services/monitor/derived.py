"""Values that rules read but no event states: each a named pure function of one act and the world. ``None`` is "cannot be told"."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from contracts.apps import AppUsed
from contracts.assessments import AssessmentSchemeSet, Indicator
from contracts.documents import DocumentDeclassified, DocumentIssued, DocumentReviewed
from contracts.duties import LiabilitySigned
from contracts.inspections import InspectionsReceived
from contracts.jurisdiction import Level, level_of
from contracts.meetings import Attendance, MeetingApplied, MeetingConvened, Role
from contracts.reference import ListItem, UnitRegistered
from contracts.reports import ReportDemanded
from contracts.secondments import SecondmentStarted
from services.monitor.asked import ASKED, ASKED_OF
from services.monitor.counted import COUNTED, COUNTED_OF
from services.monitor.domain import CHINA, Act
from services.monitor.formal import FORMAL, FORMAL_OF
from services.monitor.visited import VISITED, VISITED_OF
from services.monitor.world import NO_MEETINGS, World

_MINUTE: Final = timedelta(minutes=1)
_STATUTORY: Final = re.compile(
    "人民代表大会|人代会|党代会|党的代表大会|党员代表大会|政治协商会议|政协.{0,12}(全体|全会)|全委会|全会"
)
_ABOUT: Final = re.compile("精神|传达|学习|筹备")
"""A meeting about a statutory meeting is none itself."""
_ANSWERING: Final = frozenset({"请示", "报告", "批复", "议案", "函", "纪要"})
"""文种 that ask, report, answer or record: nobody can plan them a year ahead."""
_ANSWERING_TITLE: Final = re.compile("(请示|报告|批复|复函|议案|函|纪要)$")
_GOVERNMENTS: Final = frozenset({"党委", "政府"})
_HEADS: Final[frozenset[Role]] = frozenset({"主要负责同志", "部门主要负责同志"})
_SIDES: Final[Mapping[str, str]] = {"党委": "党", "政府": "政"}
_PARTY_OFFICE: Final = re.compile("委.{0,4}办公(厅|室)$")
_GOVERNMENT_OFFICE: Final = re.compile("(政府|管委会).{0,4}办公(厅|室)$")
_NO_BASIS: Final = frozenset({"无", "没有", "无依据"})
_ISSUERS: Final[Mapping[str, re.Pattern[str]]] = {
    "党中央": re.compile("(党中央|中共中央|^中央|中央委员会|^中办)(办公厅)?$"),
    "国务院": re.compile("(国务院|^国办)(办公厅)?$"),
    "省委": re.compile("(省|自治区)(委|党委|委员会)(办公厅)?$"),
    "省政府": re.compile("(省|自治区)(人民)?政府(办公厅)?$"),
}
"""How the organs that rules name are written."""
_OF_CITY_PROVINCE: Final[Mapping[str, re.Pattern[str]]] = {
    "省委": re.compile("市委(员会)?(办公厅)?$"),
    "省政府": re.compile("市(人民)?政府(办公厅)?$"),
}
"""The same of 直辖市: only the level of the basis tells them from other cities."""
_APART: Final = re.compile(r"[、，,;；\s]+")
_LEADERS: Final[frozenset[Role]] = frozenset({"主要负责同志", "分管负责同志"})


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


def _to_lower_governments(act: Act, world: World) -> bool | None:
    """Whether a document is addressed to a Party committee or government of a lower level."""
    own = _acting_level(act, world)
    lower = [one for one in act.read(DocumentIssued).addressees if one.level is None or one.level > own]
    if any(one.kind in _GOVERNMENTS and one.level is not None for one in lower):
        return True
    return None if any(one.kind is None or one.kind in _GOVERNMENTS for one in lower) else False


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


def _local_reason(act: Act, _world: World) -> str | None:
    """Return the documented local reason for asking more than the superior does."""
    reason: str | None = getattr(act.event, "local_reason", None)
    return reason


def level_of_unit(unit: str, act: Act, world: World) -> Level | None:
    """Return the registered level of a unit on the act's day."""
    version = world.unit_on(unit, act.day)
    return version.level if version else None


def _blackout(act: Act, world: World) -> str | None:
    """Name of the 无会日, 无会周 or 无会月 that a meeting falls in, empty when in none.

    ``None``: no calendar of them is in force there, or an entry speaks of a scope and the meeting does not state its own.
    """
    event = act.read(MeetingConvened)
    day = event.starts_at.astimezone(CHINA).date()
    version = world.list_for(NO_MEETINGS, act.place, day)
    if version is None:
        return None
    covering = [item for item in version.items if _covers(item, day)]
    for item in covering:
        if not item.applies_to or event.scope in item.applies_to:
            return item.name
    return None if covering and event.scope is None else ""


def _covers(item: ListItem, day: date) -> bool:
    """Tell whether a day is in an entry's period and on one of its weekdays; an entry with neither covers none."""
    if item.starts_on is None and not item.weekdays:
        return False
    in_period = (item.starts_on is None or item.starts_on <= day) and (item.ends_on is None or day <= item.ends_on)
    in_force = item.valid_to is None or day <= item.valid_to
    return in_period and in_force and (not item.weekdays or day.isoweekday() in item.weekdays)


def _convened_month(act: Act, _world: World) -> int:
    """Month in which a meeting began."""
    return act.read(MeetingConvened).starts_at.astimezone(CHINA).month


def _extra_percent(act: Act, _world: World) -> float | None:
    """By how many per cent more people came to a meeting than were planned; negative when fewer came."""
    event = act.read(MeetingConvened)
    if event.actual_attendees is None or not event.planned_attendees:
        return None
    return (event.actual_attendees - event.planned_attendees) / event.planned_attendees * 100


def _requires_lower_deputies(act: Act, world: World) -> bool | None:
    """Whether 分管负责同志 of a lower level were required to come."""
    required = act.read(MeetingConvened).required
    if required is None:
        return None
    own, found = _convener_level(act, world), [one.level for one in required if one.role == "分管负责同志"]
    return True if any(level is not None and level > own for level in found) else None if None in found else False


def _requires_leaders(act: Act, _world: World) -> bool | None:
    """Whether leaders of Party committee or government, 主要 or 分管, are asked to the meeting that is applied for."""
    required = act.read(MeetingApplied).required
    return None if required is None else any(one.role in _LEADERS for one in required)


def _application_days(act: Act, _world: World) -> int | None:
    """Calendar days from the application for a meeting to its planned start."""
    event = act.read(MeetingApplied)
    if event.planned_start is None:
        return None
    return (event.planned_start.astimezone(CHINA).date() - event.applied_at.astimezone(CHINA).date()).days


def _application_workdays(act: Act, world: World) -> int | None:
    """Whole working days after the application for a meeting up to the day of its planned start."""
    event = act.read(MeetingApplied)
    if event.planned_start is None:
        return None
    return world.calendar.between(
        event.applied_at.astimezone(CHINA).date(), event.planned_start.astimezone(CHINA).date()
    )


def _party_and_government(act: Act, world: World) -> bool | None:
    """Whether Party and government issued a document together; their departments count for neither."""
    others = act.read(DocumentIssued).co_issuers
    if not others:
        return False
    sides = {_side(world.unit_on(unit, act.day)) for unit in (act.unit, *others)}
    return True if {"党", "政"} <= sides else None if None in sides else False


def _side(unit: UnitRegistered | None) -> str | None:
    """Return 党, 政 or neither; ``None`` for a unit that is not registered."""
    if unit is None or unit.kind != "办公室":
        return None if unit is None else _SIDES.get(unit.kind, "")
    return "党" if _PARTY_OFFICE.search(unit.name) else "政" if _GOVERNMENT_OFFICE.search(unit.name) else ""


def _declassified_late(act: Act, _world: World) -> int | None:
    """Days by which a document was declassified later than it had to be; not positive when in time."""
    event = act.read(DocumentDeclassified)
    return None if event.due_on is None else (event.declassified_on - event.due_on).days


def _basis_issuers(act: Act, _world: World) -> tuple[str, ...] | None:
    """Who made what an act rests on: 党中央, 国务院, 省委, 省政府 by whatever name they or their offices go, others as written.

    Where no issuer is stated: 无 when it is said that there is no basis, 市县 when it is of a lower level than a province.
    """
    stated: str | None = getattr(act.event, "basis_issuer", None)
    level: int | None = getattr(act.event, "basis_level", None)
    if stated is not None:
        return tuple(_issuer(name, level) for name in _APART.split(stated) if name)
    if getattr(act.event, "basis", None) in _NO_BASIS:
        return ("无",)
    return ("市县",) if level is not None and level > 1 else None


def _issuer(name: str, level: int | None) -> str:
    for table in (_ISSUERS, _OF_CITY_PROVINCE) if level == 1 else (_ISSUERS,):
        for organ, pattern in table.items():
            if pattern.search(name):
                return organ
    return name


def _basis_above(act: Act, world: World) -> bool | None:
    """Whether an act rests on what a higher level prescribes than the acting unit's; ``None`` when the basis is not stated."""
    if getattr(act.event, "basis", None) in _NO_BASIS:
        return False
    level: int | None = getattr(act.event, "basis_level", None)
    return None if level is None else level < _acting_level(act, world)


def _approved_late(act: Act, _world: World) -> int | None:
    """Days by which a letter of responsibility was approved later than signed; not positive when in time."""
    event = act.read(LiabilitySigned)
    return None if event.approved_on is None else (event.approved_on - event.signed_on).days


def _weighed(act: Act, kind: str) -> float | None:
    """Per cent of a scheme that indicators of a kind make up: by their weights where all are stated, else by their number."""
    indicators = act.read(AssessmentSchemeSet).indicators
    if not indicators or any(one.kind is None for one in indicators):
        return None
    weights = [1.0 if any(each.weight is None for each in indicators) else one.weight or 0.0 for one in indicators]
    whole = sum(weights)
    mine = sum(weight for one, weight in zip(indicators, weights, strict=True) if one.kind == kind)
    return round(mine / whole * 100, 4) if whole else None


def _process_share(act: Act, _world: World) -> float | None:
    """Per cent of 过程控制类 indicators."""
    return _weighed(act, "过程控制")


def _result_share(act: Act, _world: World) -> float | None:
    """Per cent of 目标效果类 indicators."""
    return _weighed(act, "目标效果")


def _core_indicators(act: Act, _world: World) -> int | None:
    """How many core indicators a scheme has: stated, else counted."""
    event = act.read(AssessmentSchemeSet)
    if event.core_count is not None or event.indicators is None:
        return event.core_count
    return None if any(one.core is None for one in event.indicators) else sum(map(_is_core, event.indicators))


def _is_core(indicator: Indicator) -> bool:
    return indicator.core is True


def _year_end(act: Act, _world: World) -> date:
    """Return the last day of the act's year."""
    return date(act.day.year, 12, 31)


def _stated_month(act: Act, _world: World) -> date:
    """Return the first day of the month that a monthly record is of."""
    event = act.read(InspectionsReceived)
    return date(event.year, event.month, 1)


def _review_workdays(act: Act, world: World) -> int | None:
    """Whole working days strictly after the day on which a draft was handed in, up to that of the review."""
    event = act.read(DocumentReviewed)
    if event.submitted_on is None or event.reviewed_on is None:
        return None
    return world.calendar.between(event.submitted_on, event.reviewed_on)


def _active_share(act: Act, _world: World) -> float | None:
    """Per cent of those whom an app is for that used it in the measured period."""
    event = act.read(AppUsed)
    if event.active_users is None or not event.audience_size:
        return None
    return event.active_users / event.audience_size * 100


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
    "@blackout": _blackout,
    "@convened_month": _convened_month,
    "@extra_percent": _extra_percent,
    "@requires_lower_deputies": _requires_lower_deputies,
    "@requires_leaders": _requires_leaders,
    "@application_days": _application_days,
    "@application_workdays": _application_workdays,
    "@party_and_government": _party_and_government,
    "@declassified_late": _declassified_late,
    "@basis_issuers": _basis_issuers,
    "@basis_above": _basis_above,
    "@approved_late": _approved_late,
    "@process_share": _process_share,
    "@result_share": _result_share,
    "@core_indicators": _core_indicators,
    "@to_lower_governments": _to_lower_governments,
    **ASKED,
    "@local_reason": _local_reason,
    **FORMAL,
    **COUNTED,
    **VISITED,
    "@year_end": _year_end,
    "@stated_month": _stated_month,
    "@review_workdays": _review_workdays,
    "@active_share": _active_share,
}
LIST_READ: Final[Mapping[str, str]] = {"@blackout": NO_MEETINGS}
"""Derived value -> the kind of list that it is read from."""
DERIVED_FOR: Final[Mapping[str, str | tuple[str, ...]]] = {
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
    "@blackout": "mtg.convened",
    "@convened_month": "mtg.convened",
    "@extra_percent": "mtg.convened",
    "@requires_lower_deputies": "mtg.convened",
    "@requires_leaders": "mtg.applied",
    "@application_days": "mtg.applied",
    "@application_workdays": "mtg.applied",
    "@party_and_government": "doc.issued",
    "@declassified_late": "doc.declassified",
    "@approved_late": "liab.signed",
    "@process_share": "kpi.scheme_set",
    "@result_share": "kpi.scheme_set",
    "@core_indicators": "kpi.scheme_set",
    "@to_lower_governments": "doc.issued",
    **ASKED_OF,
    **FORMAL_OF,
    **COUNTED_OF,
    **VISITED_OF,
    "@stated_month": "ins.received",
    "@review_workdays": "doc.reviewed",
    "@active_share": "app.used",
}
"""Derived value -> the event or events it is of; those that are not here are of every event. A misuse is refused when a rule is loaded."""
