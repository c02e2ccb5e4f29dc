"""Count the acts of a unit-year against a cap: a fixed one, the plan's 限额, or last year's number (kind W)."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal

from contracts.plans import PlanAmended, PlanFiled
from contracts.reports import ReportSubmitted
from services.monitor.conditions import every
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import offered, offers
from services.monitor.timeline import Timeline
from services.monitor.world import World

_BESIDE: Final = frozenset({"plan.filed", "plan.amended", "rpt.submitted"})
_EXPLAINED: Final = "已向上级党委办公厅（室）作出书面说明"


class QuotaParams(Params):
    """``[decide]`` of kind ``quota``."""

    window: Literal["docs", "inspections"]
    """The family of unit-year keys that is counted."""
    cap: int | None = None
    """A fixed cap; ``None``: take it from the plan."""
    cap_from: Literal["cap", "base"] | None = None
    """Field of the plan that gives the cap."""
    stages: tuple[int, ...] = ()
    """Percentages of the cap at which to warn before it is exceeded, ascending, 100 at the most."""
    explained_by: Literal["发文数量增长"] | None = None
    """A filed explanation of this kind excuses."""


def scopes(params: QuotaParams, act: Act) -> Iterable[str]:
    """Return the unit-year that the act counts for, or that a plan or an explanation bears on."""
    if act.name not in params.on and act.name not in _BESIDE:
        return ()
    return offered(act, params.window)


def judge(scene: Scene[QuotaParams]) -> Sequence[Verdict]:
    """Return one verdict for the unit and year; the act that crosses a border is the deciding one."""
    params, spoken, open_acts = scene.params, [], []
    for act in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        if act.name in params.on and scene.scope in offers(act):
            speaks, missing = scene.speaks_of(act)
            if speaks:
                spoken.append(act)
            elif speaks is None:
                open_acts.append((act, missing))
    if not spoken:
        return [scene.say("undetermined", act, missing=missing) for act, missing in open_acts[:1]]
    year = int(scene.scope.rsplit("|", 1)[1])
    cap = _cap(params, (act for act in scene.acts.values() if scene.scope in offers(act)))
    numbers: dict[str, Scalar] = {"year": year, "count": len(spoken), "cap": cap}
    if cap is None:
        return (
            scene.say(
                "undetermined",
                spoken[-1],
                subject=scene.scope,
                numbers=numbers,
                missing=("plan." + str(params.cap_from),),
            ),
        )
    if len(spoken) > cap:
        crossing = spoken[cap]
        outcome, tried = scene.weigh(crossing, _explained(scene, crossing))
        return (
            scene.say(
                outcome,
                crossing,
                subject=scene.scope,
                numbers={**numbers, "over": len(spoken) - cap},
                exceptions=tried,
                acts=(spoken[-1].id,),
            ),
        )
    return (_below(scene, spoken, numbers, cap),)


def _below(scene: Scene[QuotaParams], spoken: Sequence[Act], numbers: Mapping[str, Scalar], cap: int) -> Verdict:
    """Return complied, with a warning alert when a stage was reached and the forecast of the day of exceeding."""
    reached = _reached(scene.params, len(spoken), cap)
    if not reached:
        return scene.say("complied", spoken[-1], subject=scene.scope, numbers=numbers)
    crossing = spoken[-(-reached[-1] * cap // 100) - 1]
    forecast = exceeds_on(len(spoken), cap, spoken[-1].day)
    shown = {**numbers, "stage": reached[-1], "exceeds_on": forecast.isoformat() if forecast else "本年内不会"}
    return scene.say(
        "complied",
        crossing,
        subject=scene.scope,
        words="warning",
        numbers=shown,
        severity="info",
        alert=True,
        acts=(spoken[-1].id,),
    )


def _reached(params: QuotaParams, count: int, cap: int) -> list[int]:
    """Return the stages of a cap that a count has come to."""
    return [stage for stage in params.stages if cap and count * 100 >= stage * cap]


def exceeds_on(count: int, cap: int, last: date) -> date | None:
    """Return the day on which the cap will be exceeded if acts go on at the year's rate; ``None`` when not in that year.

    The rate is the count over the days from 1 January to the last counted act, so it depends on the facts alone.
    """
    start = date(last.year, 1, 1)
    days = (last - start).days + 1
    needed = -(-(cap + 1) * days // count)
    day = start + timedelta(days=needed - 1)
    return day if day.year == last.year else None


def _cap(params: QuotaParams, acts: Iterable[Act]) -> int | None:
    """Return the fixed cap, or that of the latest of the year's plans which states one."""
    if params.cap_from is None:
        return params.cap
    plans = [act for act in acts if isinstance(act.event, (PlanFiled, PlanAmended))]
    for act in sorted(plans, key=lambda one: (one.time, one.recorded, one.id), reverse=True):
        value = getattr(act.event, params.cap_from)
        if isinstance(value, int):
            return value
    return None


def _explained(scene: Scene[QuotaParams], crossing: Act) -> tuple[Tried, ...]:
    if scene.params.explained_by is None:
        return ()
    found = sorted(
        act.id
        for act in scene.acts.values()
        if isinstance(act.event, ReportSubmitted)
        and act.event.explains == scene.params.explained_by
        and act.unit == crossing.unit
    )
    return (Tried(_EXPLAINED, bool(found), "已报送说明" if found else "未见书面说明"),)


class _Count:
    """The acts of a unit-year that count, and what bears on their cap."""

    def __init__(self, params: QuotaParams) -> None:
        self._params = params
        self._counted = Timeline()
        self._others: dict[str, Act] = {}

    def add(self, act: Act, world: World) -> None:
        if act.name not in self._params.on:
            self._others[act.id] = act
        elif every(self._params.when, act, world)[0]:
            self._counted.add(act)

    def remove(self, act: Act) -> None:
        self._others.pop(act.id, None)
        self._counted.remove(act)

    def state(self, _world: World) -> Hashable:
        count, cap = len(self._counted), _cap(self._params, self._others.values())
        if not count or cap is None or (count <= cap and not _reached(self._params, count, cap)):
            return None
        return self._counted.changes, tuple(sorted(act.made_of for act in self._others.values()))


def _words(params: QuotaParams) -> Mapping[str, frozenset[str]]:
    counted = frozenset({"year", "count", "cap"})
    over = counted | {"over"}
    found = {"complied": counted, "violated": over, "excused": over, "undetermined": frozenset[str]()}
    return {**found, "warning": counted | {"stage", "exceeds_on"}} if params.stages else found


EVALUATOR = Evaluator(
    name="quota",
    params=QuotaParams,
    on=frozenset({"doc.issued", "ins.launched"}),
    scopes=scopes,
    judge=judge,
    summary=lambda bound: _Count(bound.params),
    kept_under=scopes,
    also=_BESIDE,
    excuses=lambda params: (_EXPLAINED,) if params.explained_by else (),
    words=_words,
)
