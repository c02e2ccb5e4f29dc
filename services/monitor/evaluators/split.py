"""Hold what was carried out of a plan item against the batches that the plan declared (打包报计划、执行搞拆分, kind X).

A function of its own: how many operations there were is told from team, week and objects, which no other rule asks.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from contracts.inspections import InspectionLaunched
from contracts.plans import PlanAmended, PlanFiled
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Bound, Evaluator, Params, Scene, Silencer, act_scope
from services.monitor.relations import along, offers

_NAMES: Final = frozenset({"plan_item", "declared", "count"})
_BY: Final = "ins_item"


class SplitParams(Params):
    """``[decide]`` of kind ``split``."""


def judge(scene: Scene[SplitParams]) -> Sequence[Verdict]:
    """Return the verdict on an inspection of a plan item: violated when it begins a batch beyond those declared."""
    act = scene.anchor
    if act is None or act.read(InspectionLaunched).plan_item is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    item = act.read(InspectionLaunched).plan_item
    declared, plans = _declared(scene, act)
    numbers: dict[str, Scalar] = {"plan_item": item, "declared": declared}
    if declared is None or missing:
        return (scene.say("undetermined", act, numbers=numbers, missing=missing or ("plan.batches",), acts=plans),)
    keys = set(along(act).get(_BY, ()))
    same = [
        other for other in scene.acts.values() if other.name in scene.params.on and not keys.isdisjoint(offers(other))
    ]
    batches = _batches(act, same)
    if batches.begins and batches.sure > declared:
        outcome, tried = scene.weigh(act)
        names = (*plans, *sorted(other.id for other in same))
        return (scene.say(outcome, act, numbers={**numbers, "count": batches.sure}, acts=names, exceptions=tried),)
    if batches.begins is not False and batches.sure + batches.unsure > declared:
        return (scene.say("undetermined", act, numbers=numbers, missing=("batch", "team"), acts=plans),)
    return (scene.say("complied", act, numbers=numbers, acts=plans),)


def _declared(scene: Scene[SplitParams], act: Act) -> tuple[int | None, tuple[str, ...]]:
    """Return the batches that the latest plan declares for the item, and the plans that name it."""
    years = set(along(act).get("plans", ()))
    plans = [one for one in scene.acts.values() if not years.isdisjoint(offers(one))]
    found: int | None = None
    names = []
    for plan in sorted(plans, key=lambda one: (one.time, one.recorded, one.id)):
        if isinstance(plan.event, (PlanFiled, PlanAmended)):
            for item in plan.event.items:
                if item.item == act.read(InspectionLaunched).plan_item:
                    names.append(plan.id)
                    found = item.batches
    return found, tuple(names)


class _Batches(NamedTuple):
    """The batches up to an inspection: those that certainly are, those that may be, and whether it begins one."""

    sure: int
    unsure: int
    begins: bool | None


def _batches(act: Act, acts: Sequence[Act]) -> _Batches:
    """Count batches: a stated one is one, where none is stated a team in a week is; a team that goes back begins none.

    What states neither, or no batch where others do, may be one of its own.
    """
    stated = any(one.read(InspectionLaunched).batch is not None for one in acts)
    seen: set[tuple[str | int, ...]] = set()
    open_weeks: set[tuple[int, ...]] = set()
    visited: dict[str | None, set[str]] = {}
    begins: bool | None = False
    for one in sorted(acts, key=_order):
        event = one.read(InspectionLaunched)
        targets = {target.unit for target in event.targets}
        known = visited.setdefault(event.team, set())
        begins = None
        if event.team and targets and targets <= known:
            begins = False
        elif event.batch is not None or (event.team and not stated):
            week = _day(one).isocalendar()[:2]
            batch = (event.batch,) if event.batch is not None else (event.team or "", *week)
            begins = batch not in seen
            seen.add(batch)
        else:
            open_weeks.add(_day(one).isocalendar()[:2])
        known |= targets
        if one.id == act.id:
            break
    return _Batches(len(seen), len(open_weeks), begins)


def _order(act: Act) -> tuple[date, str]:
    return _day(act), act.id


def _day(act: Act) -> date:
    return act.read(InspectionLaunched).starts_on or act.day


def silencer(_bound: Bound[SplitParams]) -> Silencer:
    """Return the quick way: an inspection of no plan item is no part of one."""
    return lambda act, _world, _recall: act.read(InspectionLaunched).plan_item is None


EVALUATOR = Evaluator(
    name="split",
    params=SplitParams,
    on=frozenset({"ins.launched"}),
    scopes=act_scope,
    judge=judge,
    silencer=silencer,
    looks=lambda _params: frozenset({_BY, "plans", "unit"}),
    words=lambda _params: {
        "violated": _NAMES,
        "excused": _NAMES,
        "complied": _NAMES - {"count"},
        "undetermined": frozenset(),
    },
)
