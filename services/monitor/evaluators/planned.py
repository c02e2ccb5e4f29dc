"""Hold the acts of a unit-year against its filed plan: no plan before the first act, and acts that no plan item covers (kinds A + L)."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final

from contracts.plans import PlanAmended, PlanFiled, PlanKind
from services.monitor.conditions import holding
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import ACT_SCOPE, Bound, Evaluator, Params, Recall, Scene, Silencer, act_scope
from services.monitor.relations import YEARS, offered, offers
from services.monitor.timeline import Timeline
from services.monitor.world import World

_PLANS: Final = frozenset({"plan.filed", "plan.amended"})
_NAME: Final = {"发文": "年度发文计划", "会议": "年度会议计划", "督查检查考核": "年度督查检查考核计划"}


class PlannedParams(Params):
    """``[decide]`` of kind ``planned``."""

    plan: PlanKind
    plan_required: bool
    """Whether a missing plan is itself a finding (one for the unit and year)."""
    acts: bool = True
    """Whether acts that no plan item covers are findings."""


def scopes(params: PlannedParams, act: Act) -> Iterable[str]:
    """Return the act itself, and the unit-year of its plan where a plan is required."""
    year = _years(params, act) if params.plan_required else ()
    return (*(act_scope(params, act) if params.acts else ()), *year)


def _years(params: PlannedParams, act: Act) -> tuple[str, ...]:
    """Return the unit-year of the plan that the act, or the plan fact, belongs to."""
    families = _families(params, act.name)
    return offered(act, families[0]) if families else ()


def _families(params: PlannedParams, event: str) -> tuple[str, ...]:
    return (YEARS[params.plan],) if event in params.on or event in _PLANS else ()


def judge(scene: Scene[PlannedParams]) -> Sequence[Verdict]:
    """Return the verdict on an act, or on whether its year had a plan in time."""
    if not scene.scope.startswith(ACT_SCOPE):
        return list(_year(scene))
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    if speaks is None:
        return (scene.say("undetermined", act, missing=missing),)
    years = set(_years(scene.params, act))
    plans = [one for one in scene.acts.values() if _is_plan(one) and not years.isdisjoint(offers(one))]
    return (_one(scene, act, _items(plans), bool(plans)),)


def _is_plan(act: Act) -> bool:
    return isinstance(act.event, (PlanFiled, PlanAmended))


def _items(plans: Iterable[Act]) -> frozenset[str]:
    return frozenset(
        item.item for act in plans if isinstance(act.event, (PlanFiled, PlanAmended)) for item in act.event.items
    )


def _year(scene: Scene[PlannedParams]) -> Iterable[Verdict]:
    members = sorted(
        (act for act in scene.acts.values() if scene.scope in offers(act)), key=lambda act: (act.time, act.id)
    )
    plans = [act for act in members if _is_plan(act)]
    first = next((act for act in members if act.name in scene.params.on and scene.speaks_of(act)[0]), None)
    if first is None:
        return
    numbers: dict[str, Scalar] = {
        "plan": _NAME[scene.params.plan],
        "year": int(scene.scope.rsplit("|", 1)[1]),
        "first_on": first.day.isoformat(),
    }
    subject = f"plan|{first.unit}|{scene.params.plan}|{numbers['year']}"
    filed = min((plan.day for plan in plans), default=None)
    if filed is not None and filed <= first.day:
        yield scene.say("complied", first, subject=subject, words="plan_filed", acts=(plans[0].id,), numbers=numbers)
    elif filed is None:
        yield scene.say("violated", first, subject=subject, words="no_plan", numbers=numbers)
    else:
        late: dict[str, Scalar] = {**numbers, "filed_on": filed.isoformat()}
        yield scene.say("violated", first, subject=subject, words="plan_late", numbers=late, acts=(plans[0].id,))


def _one(scene: Scene[PlannedParams], act: Act, items: frozenset[str], planned: bool) -> Verdict:  # noqa: FBT001 - two states of a year
    numbers: dict[str, Scalar] = {"plan": _NAME[scene.params.plan], "plan_item": _item_of(act) or "无"}
    if _item_of(act) in items:
        return scene.say("complied", act, numbers=numbers)
    outcome, tried = scene.weigh(act)
    if outcome == "violated" and scene.params.plan_required and not planned:
        return scene.say(outcome, act, words="no_plan_act", numbers=numbers, exceptions=tried, alert=False)
    return scene.say(outcome, act, numbers=numbers, exceptions=tried)


def _item_of(act: Act) -> str | None:
    item: str | None = getattr(act.event, "plan_item", None)
    return item


class _Plan:
    """The plans of a unit-year, and the acts that should be in them."""

    def __init__(self, counts: Callable[[Act, World], bool]) -> None:
        self._counts = counts
        self._acts = Timeline()
        self._plans: dict[str, Act] = {}
        self.items: frozenset[str] = frozenset()

    @property
    def filed(self) -> bool:
        return bool(self._plans)

    def add(self, act: Act, world: World) -> None:
        if _is_plan(act):
            self._plans[act.id] = act
            self.items = _items(self._plans.values())
        elif self._counts(act, world):
            self._acts.add(act)

    def remove(self, act: Act) -> None:
        if _is_plan(act):
            del self._plans[act.id]
            self.items = _items(self._plans.values())
        else:
            self._acts.remove(act)

    def state(self, _world: World) -> Hashable:
        if not len(self._acts):
            return None
        first, filed = self._acts.first, min((plan.day for plan in self._plans.values()), default=None)
        if filed is not None and filed <= first.day:
            return None
        return first, tuple(sorted(plan.made_of for plan in self._plans.values()))


def _summary(bound: Bound[PlannedParams]) -> Callable[[], _Plan]:
    counts = holding(bound.params.when) if bound.params.plan_required else lambda _act, _world: False
    return lambda: _Plan(counts)


def silencer(bound: Bound[PlannedParams]) -> Silencer:
    """Return the quick way: the act is in the plan, or the year has none, which is told of the year."""
    params = bound.params

    def silent(act: Act, _world: World, recall: Recall) -> bool:
        year = next(iter(_years(params, act)), None)
        plan = recall(year) if year else None
        if not isinstance(plan, _Plan):
            return False
        return _item_of(act) in plan.items or (params.plan_required and not plan.filed)

    return silent


def _words(params: PlannedParams) -> Mapping[str, frozenset[str]]:
    act, year = frozenset({"plan", "plan_item"}), frozenset({"plan", "year", "first_on"})
    found = {"violated": act, "excused": act, "complied": act, "undetermined": frozenset[str]()}
    if params.plan_required:
        found |= {"plan_filed": year, "no_plan": year, "plan_late": year | {"filed_on"}, "no_plan_act": act}
    return found


EVALUATOR = Evaluator(
    name="planned",
    params=PlannedParams,
    on=frozenset({"doc.issued", "mtg.convened", "ins.launched", "kpi.scheme_set"}),
    scopes=scopes,
    judge=judge,
    looks=lambda _params: frozenset({"plans", "unit"}),
    silencer=silencer,
    summary=_summary,
    kept_in=_families,
    also=_PLANS,
    words=_words,
)
