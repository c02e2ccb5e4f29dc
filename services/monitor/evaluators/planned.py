"""Hold the acts of a unit-year against its filed plan: no plan before the first act, and acts that no plan item covers (kinds A + L)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contracts.documents import DocumentIssued
from contracts.inspections import InspectionLaunched
from contracts.meetings import MeetingConvened
from contracts.plans import PlanAmended, PlanFiled, PlanKind
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import offers, plan_year

_NAME: Final = {"发文": "年度发文计划", "会议": "年度会议计划", "督查检查考核": "年度督查检查考核计划"}


class PlannedParams(Params):
    """``[decide]`` of kind ``planned``."""

    plan: PlanKind
    plan_required: bool
    """Whether a missing plan is itself a finding (one for the unit and year)."""


def scopes(params: PlannedParams, act: Act) -> Iterable[str]:
    """Return the unit-year of the plan that the act, or the plan fact, belongs to."""
    if isinstance(act.event, (PlanFiled, PlanAmended)):
        return (plan_year(act.unit, params.plan, act.event.year),) if act.event.kind == params.plan else ()
    if act.name not in params.on:
        return ()
    return tuple(key for key in offers(act) if key.startswith(f"plan|{act.unit}|{params.plan}|"))


def judge(scene: Scene[PlannedParams]) -> Sequence[Verdict]:
    """Return a verdict for the year (when a plan is required) and one for each act."""
    members = sorted(scene.acts.values(), key=lambda act: (act.time, act.id))
    plans = [
        act
        for act in members
        if isinstance(act.event, (PlanFiled, PlanAmended)) and act.event.kind == scene.params.plan
    ]
    items = {item.item for act in plans if isinstance(act.event, (PlanFiled, PlanAmended)) for item in act.event.items}
    acts = [
        (act, *scene.speaks_of(act)) for act in members if scene.scope in offers(act) and act.name in scene.params.on
    ]
    spoken = [act for act, speaks, _ in acts if speaks]
    verdicts = list(_year(scene, spoken, plans)) if scene.params.plan_required else []
    for act, speaks, missing in acts:
        if speaks is None:
            verdicts.append(scene.say("undetermined", act, missing=missing))
        elif speaks:
            verdicts.append(_one(scene, act, items, bool(plans)))
    return verdicts


def _year(scene: Scene[PlannedParams], acts: Sequence[Act], plans: Sequence[Act]) -> Iterable[Verdict]:
    if not acts:
        return
    first = acts[0]
    numbers: dict[str, Scalar] = {
        "plan": _NAME[scene.params.plan],
        "year": int(scene.scope.rsplit("|", 1)[1]),
        "first_on": first.day.isoformat(),
    }
    filed = min((plan.day for plan in plans), default=None)
    if filed is not None and filed <= first.day:
        yield scene.say(
            "complied", first, subject=scene.scope, words="plan_filed", acts=(plans[0].id,), numbers=numbers
        )
    elif filed is None:
        yield scene.say("violated", first, subject=scene.scope, words="no_plan", numbers=numbers)
    else:
        late: dict[str, Scalar] = {**numbers, "filed_on": filed.isoformat()}
        yield scene.say("violated", first, subject=scene.scope, words="plan_late", numbers=late, acts=(plans[0].id,))


def _one(scene: Scene[PlannedParams], act: Act, items: set[str], planned: bool) -> Verdict:  # noqa: FBT001 - two states of a year
    numbers: dict[str, Scalar] = {"plan": _NAME[scene.params.plan], "plan_item": _item_of(act) or "无"}
    if _item_of(act) in items:
        return scene.say("complied", act, numbers=numbers)
    outcome, tried = scene.weigh(act)
    if outcome == "violated" and scene.params.plan_required and not planned:
        return scene.say(outcome, act, words="no_plan_act", numbers=numbers, exceptions=tried, alert=False)
    return scene.say(outcome, act, numbers=numbers, exceptions=tried)


def _item_of(act: Act) -> str | None:
    event = act.event
    return event.plan_item if isinstance(event, (DocumentIssued, MeetingConvened, InspectionLaunched)) else None


def _words(params: PlannedParams) -> Mapping[str, frozenset[str]]:
    act, year = frozenset({"plan", "plan_item"}), frozenset({"plan", "year", "first_on"})
    found = {"violated": act, "excused": act, "complied": act, "undetermined": frozenset[str]()}
    if params.plan_required:
        found |= {"plan_filed": year, "no_plan": year, "plan_late": year | {"filed_on"}, "no_plan_act": act}
    return found


EVALUATOR = Evaluator(
    name="planned",
    params=PlannedParams,
    on=frozenset({"doc.issued", "mtg.convened", "ins.launched"}),
    scopes=scopes,
    judge=judge,
    also=frozenset({"plan.filed", "plan.amended"}),
    words=_words,
)
