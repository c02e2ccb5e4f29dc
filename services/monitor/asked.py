"""Values derived from what texts, lists of names and declared features ask for. Pure; part of ``derived``.

``None`` is "cannot be told": nobody read the text, and what else could tell is not stated either.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from contracts.activities import DemonstrationStarted, StudyRequired
from contracts.apps import AppFlags, AppNoticed, AppRegistered
from contracts.assessments import AssessmentSchemeSet
from contracts.catalog import BY_NAME
from contracts.documents import DocumentIssued
from contracts.inspections import InspectionLaunched
from contracts.lexicons import read_terms
from contracts.phrases import Phrases
from contracts.reports import ReportDemanded
from contracts.research import ResearchVisited
from contracts.secondments import SecondmentStarted
from contracts.tasks import TaskAssigned
from services.monitor.domain import Act
from services.monitor.world import World

Asked = tuple[str, ...] | None
_NAME: Final = "冠名"
_BOILERPLATE: Final = frozenset({"形势背景", "重要意义", "指导思想", "主要原则", "加强领导", "落实责任", "组织保障"})
_FEATURES: Final[Mapping[str, str]] = {
    "checkin": "打卡签到",
    "ranking": "积分排名",
    "online_time": "在线时长",
    "forced_install": "强制推广",
    "install_rate": "限定安装使用率",
    "forced_login": "强制定期登录",
    "photo_upload": "截图留痕",
    "voting": "投票点赞",
    "inspection": "督查检查线上化",
    "commercial": "经营性活动",
}
"""Feature of an app -> what the clauses call it."""


def _asks(act: Act, _world: World) -> Asked:
    """Word lists of what the text asks for."""
    return _of_text(getattr(act.event, "phrases", None))


def _of_text(phrases: Phrases) -> Asked:
    return None if phrases is None else tuple(phrase.lexicon for phrase in phrases)


def _of_names(names: Iterable[str] | None) -> Asked:
    """Word lists that a list of names belongs to; an empty list states nothing."""
    names = tuple(names or ())
    return tuple(found.lexicon for found in read_terms(names)) if names else None


def _either(*parts: Asked) -> Asked:
    """Join what several places say; ``None`` when none of them says anything."""
    known = [part for part in parts if part is not None]
    return tuple(dict.fromkeys(one for part in known for one in part)) if known else None


def _criteria_ask(act: Act, _world: World) -> Asked:
    """Name what an inspection measures by: its criteria, and the text of its notice."""
    event = act.read(InspectionLaunched)
    return _either(_of_names(event.criteria), _of_text(event.phrases))


def _evidence_asks(act: Act, _world: World) -> Asked:
    """Name what an inspection wants to be shown."""
    return _of_names(act.read(InspectionLaunched).evidence_required)


def _indicators_ask(act: Act, _world: World) -> Asked:
    """Name what an assessment measures by: its indicators, and the text of its scheme."""
    event = act.read(AssessmentSchemeSet)
    names = None if event.indicators is None else [one.name for one in event.indicators]
    return _either(_of_names(names), _of_text(event.phrases))


def _asks_empty_reply(act: Act, _world: World) -> bool | None:
    """Whether who has nothing to say must answer all the same: as stated, else as the text has it."""
    stated = act.read(ReportDemanded).reply_if_none if isinstance(act.event, ReportDemanded) else None
    asked = _of_text(getattr(act.event, "phrases", None))
    if stated or (asked and "无意见" in asked):
        return True
    return stated if asked is None else False


def _app_makes(act: Act, _world: World) -> Asked:
    """Name what an app or a notice about it makes people do, by its declared features and its text."""
    event = act.event
    if not isinstance(event, (AppRegistered, AppNoticed)):
        return None
    flags = event.flags or AppFlags()
    stated = {words: getattr(flags, name) for name, words in _FEATURES.items()}
    made = tuple(words for words, on in stated.items() if on)
    if made or None not in stated.values():
        return _either(made, _of_text(event.phrases))
    return _of_text(event.phrases)


def _app_purpose(act: Act, _world: World) -> str | None:
    """Return what an app is for; 其他 where nothing says that it is for 安保 or 应急."""
    event = act.event
    flags = event.flags if isinstance(event, (AppRegistered, AppNoticed)) else None
    return (flags.purpose if flags else None) or "其他"


def _study_asks(act: Act, _world: World) -> Asked:
    """Name what a demand to study makes people do."""
    event = act.read(StudyRequired)
    stated = {"打卡": event.checkin, "排名通报": event.ranking}
    made = tuple(words for words, on in stated.items() if on)
    if made or None not in stated.values():
        return _either(made, _of_text(event.phrases))
    return _of_text(event.phrases)


def _directs(act: Act, _world: World) -> bool | None:
    """Whether a document directs a lower level: as stated, else as its text has it."""
    event = act.read(DocumentIssued)
    asked = _of_text(event.phrases)
    if event.instructive is not None:
        return event.instructive
    return None if asked is None else "指令" in asked


def _sets_quota(act: Act, _world: World) -> bool | None:
    """Whether a task sets a quota: by its stated metrics, else as its text has it."""
    event = act.read(TaskAssigned)
    asked = _of_text(event.phrases)
    if event.metrics or (asked and "硬指标" in asked):
        return True
    return None if event.metrics is None and asked is None else False


def _target_kind_count(act: Act, _world: World) -> int | None:
    """How many kinds of bodies an inspection is of; ``None`` while the kind of one is not stated."""
    kinds = {target.kind for target in act.read(InspectionLaunched).targets}
    return len(kinds) if kinds and None not in kinds else None


def _one_checklist(act: Act, _world: World) -> bool | None:
    """Whether an inspection has one checklist for all."""
    return True if act.read(InspectionLaunched).checklist else None


def _loan_days(act: Act, _world: World) -> int | None:
    """Planned days of a loan, both ends counted."""
    event = act.read(SecondmentStarted)
    return None if event.planned_end is None else (event.planned_end - event.started_on).days + 1


def _filed_anew(act: Act, _world: World) -> bool:
    """Whether an app enters the register, rather than a change of its entry."""
    return act.read(AppRegistered).change in (None, "新备案")


def _unified_entry(act: Act, _world: World) -> bool | None:
    """Whether an app uses the common entry and identity."""
    flags = act.read(AppRegistered).flags
    return flags.unified_entry if flags else None


def _minutes_a_point(act: Act, _world: World) -> float | None:
    """Minutes that a visit stayed at each of its points, on average."""
    event = act.read(ResearchVisited)
    return None if event.minutes is None or not event.points else event.minutes / event.points


def _points_a_day(act: Act, _world: World) -> float | None:
    """Points that a visit saw on each of its days, on average; without an end it is of one day."""
    event = act.read(ResearchVisited)
    return (
        None
        if event.points is None
        else event.points / (((event.ends_on or event.starts_on) - event.starts_on).days + 1)
    )


def _name_claims(act: Act, _world: World) -> bool:
    """Whether the name of an activity claims the whole country or world."""
    return any(found.lexicon == _NAME for found in read_terms((act.read(DemonstrationStarted).name,)))


def _section_kinds(act: Act, _world: World) -> Asked:
    """Return the kinds of a document's parts."""
    sections = act.read(DocumentIssued).sections
    return None if sections is None else tuple(dict.fromkeys(one.kind for one in sections))


def _boilerplate_share(act: Act, _world: World) -> float | None:
    """Per cent of a document's characters in the parts that every document has."""
    event = act.read(DocumentIssued)
    if event.sections is None or not event.char_count:
        return None
    counts = [one.char_count for one in event.sections if one.kind in _BOILERPLATE]
    return None if None in counts else sum(count or 0 for count in counts) / event.char_count * 100


ASKED: Final[Mapping[str, Callable[[Act, World], Any]]] = {
    "@asks": _asks,
    "@criteria_ask": _criteria_ask,
    "@evidence_asks": _evidence_asks,
    "@indicators_ask": _indicators_ask,
    "@asks_empty_reply": _asks_empty_reply,
    "@app_makes": _app_makes,
    "@app_purpose": _app_purpose,
    "@study_asks": _study_asks,
    "@directs": _directs,
    "@sets_quota": _sets_quota,
    "@target_kind_count": _target_kind_count,
    "@one_checklist": _one_checklist,
    "@loan_days": _loan_days,
    "@filed_anew": _filed_anew,
    "@unified_entry": _unified_entry,
    "@minutes_a_point": _minutes_a_point,
    "@points_a_day": _points_a_day,
    "@name_claims": _name_claims,
    "@section_kinds": _section_kinds,
    "@boilerplate_share": _boilerplate_share,
}
ASKED_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "@asks": tuple(name for name, event in BY_NAME.items() if "phrases" in event.model_fields),
    "@criteria_ask": ("ins.launched",),
    "@evidence_asks": ("ins.launched",),
    "@indicators_ask": ("kpi.scheme_set",),
    "@asks_empty_reply": ("rpt.demanded", "doc.issued"),
    "@app_makes": ("app.registered", "app.noticed"),
    "@app_purpose": ("app.registered", "app.noticed"),
    "@study_asks": ("study.required",),
    "@directs": ("doc.issued",),
    "@sets_quota": ("task.assigned",),
    "@target_kind_count": ("ins.launched",),
    "@one_checklist": ("ins.launched",),
    "@loan_days": ("sec.started",),
    "@filed_anew": ("app.registered",),
    "@unified_entry": ("app.registered",),
    "@minutes_a_point": ("res.visited",),
    "@points_a_day": ("res.visited",),
    "@name_claims": ("dem.started",),
    "@section_kinds": ("doc.issued",),
    "@boilerplate_share": ("doc.issued",),
}
