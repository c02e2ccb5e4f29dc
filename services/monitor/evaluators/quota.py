"""Count the acts of a window against a cap: a fixed one, the plan's 限额, or last year's number less a share (kind W)."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from contracts.plans import PlanAmended, PlanFiled
from contracts.reports import ReportSubmitted
from services.monitor.conditions import Condition, holding, read
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.judging import JUDGED, Bound, Evaluator, Params, Scene
from services.monitor.relations import offered, offers
from services.monitor.timeline import Timeline
from services.monitor.windows import WINDOWS, known, period_of_key
from services.monitor.world import World

_BESIDE: Final = frozenset({"plan.filed", "plan.amended", "rpt.submitted"})
_EXPLAINED: Final = "已向上级党委办公厅（室）作出书面说明"
_ENDINGS: Final = frozenset({"dem.ended", "app.closed", "plaque.removed"})


class QuotaParams(Params):
    """``[decide]`` of kind ``quota``."""

    window: str | tuple[str, ...]
    """The family of windows in which acts are counted (``windows``), or several."""
    cap: int | None = Field(default=None, ge=0)
    """A fixed cap; a parameter without a value leaves it undetermined."""
    cap_from: Literal["cap", "base"] | None = None
    """Field of the plan that gives the cap: the 限额 of its latest version, or last year's number as the first one froze it."""
    reduce: float | None = Field(default=None, ge=0, le=100)
    """Per cent by which the number must be below that of the plan."""
    once: str | None = None
    """Field or ``@derived`` value: acts that have the same count once."""
    ended_by: tuple[str, ...] = ()
    """Events that end what bears the same ``once``: it counts no more."""
    stages: tuple[int, ...] = ()
    """Percentages of the cap at which to warn before it is exceeded, ascending, 100 at the most."""
    explained_by: Literal["发文数量增长"] | None = None
    """A filed explanation of this kind excuses."""

    @field_validator("window")
    @classmethod
    def _known(cls, window: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Refuse a family that is no window."""
        if not known(_families(window)):
            msg = f"no such window: {window}"
            raise ValueError(msg)
        return window

    @model_validator(mode="after")
    def _fits(self) -> "QuotaParams":
        """Refuse endings without what they end by, and stages of what is no year."""
        if self.ended_by and (self.once is None or not _ENDINGS.issuperset(self.ended_by)):
            msg = f"ended_by needs once, and is of {sorted(_ENDINGS)}"
            raise ValueError(msg)
        if self.stages and self.per != "年":
            msg = "stages are of a year"
            raise ValueError(msg)
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """The families of windows."""
        return _families(self.window)

    @property
    def per(self) -> str | None:
        """The length of the windows."""
        return WINDOWS[self.families[0]].per


def _families(window: str | tuple[str, ...]) -> tuple[str, ...]:
    return (window,) if isinstance(window, str) else window


def scopes(params: QuotaParams, act: Act) -> Iterable[str]:
    """Return the windows that the act counts for, or that a plan, an ending or an explanation bears on."""
    return [key for family in _kept_in(params, act.name) for key in offered(act, family)]


def _kept_in(params: QuotaParams, event: str) -> tuple[str, ...]:
    return params.families if event in params.on or event in _BESIDE or event in params.ended_by else ()


def judge(scene: Scene[QuotaParams]) -> Sequence[Verdict]:
    """Return one verdict for the window; the act that crosses a border is the deciding one."""
    params, spoken, open_acts = scene.params, [], []
    for act in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        if act.name in params.on and scene.scope in offers(act):
            speaks, missing = scene.speaks_of(act)
            if speaks:
                spoken.append(act)
            elif speaks is None:
                open_acts.append((act, missing))
    counted = _counted(scene, spoken)
    if not counted:
        return [scene.say("undetermined", act, missing=missing) for act, missing in open_acts[:1]]
    base = _from_plan(params, (act for act in scene.acts.values() if scene.scope in offers(act)))
    cap = params.cap if params.cap_from is None else _reduced(params, base)
    numbers: dict[str, Scalar] = {**_when(scene), "count": len(counted), "cap": cap}
    if params.reduce is not None:
        numbers |= {"base": base, "reduce": _short(params.reduce), "change": _change(len(counted), base)}
    if cap is None:
        missing = ("plan." + params.cap_from,) if params.cap_from else scene.unset
        return (scene.say("undetermined", counted[-1], subject=scene.scope, numbers=numbers, missing=missing),)
    if len(counted) > cap:
        crossing = counted[cap]
        outcome, tried = scene.weigh(crossing, _explained(scene, crossing))
        return (
            scene.say(
                outcome,
                crossing,
                subject=scene.scope,
                numbers={**numbers, "over": len(counted) - cap},
                exceptions=tried,
                acts=(counted[-1].id,),
            ),
        )
    return (_below(scene, counted, numbers, cap),)


def _counted(scene: Scene[QuotaParams], spoken: Sequence[Act]) -> list[Act]:
    """Return the acts that count, in order: of several that are one the first, and none that has ended."""
    once = scene.params.once
    if once is None:
        return list(spoken)
    ends: dict[object, list[Act]] = {}
    for act in scene.acts.values():
        if act.name in scene.params.ended_by and scene.scope in offers(act):
            ends.setdefault(read(once, act, scene.world), []).append(act)
    firsts: dict[object, Act] = {}
    for act in spoken:
        value = read(once, act, scene.world)
        if not any((end.time, end.id) > (act.time, act.id) for end in ends.get(value, ())):
            firsts.setdefault(act.id if value is None else value, act)
    return list(firsts.values())


def _when(scene: Scene[QuotaParams]) -> dict[str, Scalar]:
    period = period_of_key(scene.scope)
    if period is None:
        return {}
    return {"year": period.start.year} if scene.params.per == "年" else {"period": period.name}


def _standing(scene: Scene[QuotaParams]) -> dict[str, Scalar]:
    """Say whether the number may still grow with time: it is provisional until its period is over."""
    period, today = period_of_key(scene.scope), scene.world.today
    if period is None:
        return {}
    over = today is not None and today >= period.end
    return {"standing": "本期已结束" if over else "本期未结束，数字为暂时"}


def _below(scene: Scene[QuotaParams], spoken: Sequence[Act], numbers: Mapping[str, Scalar], cap: int) -> Verdict:
    """Return complied, with a warning alert when a stage was reached and the forecast of the day of exceeding."""
    reached = _reached(scene.params, len(spoken), cap)
    if not reached:
        return scene.say("complied", spoken[-1], subject=scene.scope, numbers={**numbers, **_standing(scene)})
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


def _from_plan(params: QuotaParams, acts: Iterable[Act]) -> int | None:
    """Return what the year's plans state: a 限额 as it was last changed, a base as it was first frozen."""
    plans = [act for act in acts if isinstance(act.event, (PlanFiled, PlanAmended))]
    newest = params.cap_from == "cap"
    for act in sorted(plans, key=lambda one: (one.time, one.recorded, one.id), reverse=newest):
        value = getattr(act.event, params.cap_from or "cap")
        if isinstance(value, int):
            return value
    return None


def _reduced(params: QuotaParams, base: int | None) -> int | None:
    return base if base is None or params.reduce is None else int(base * (100 - params.reduce) // 100)


def _short(value: float) -> Scalar:
    return int(value) if value.is_integer() else value


def _change(count: int, base: int | None) -> Scalar:
    """Return by how many per cent a number differs from its base, as reports write it."""
    if not base:
        return None
    change = abs(count - base) * 1000 // base / 10
    return f"{'减少' if count <= base else '增加'} {_short(change)}%"


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
    """The acts of a window that count, and what bears on their cap."""

    def __init__(self, params: QuotaParams, counts: Callable[[Act, World], bool]) -> None:
        self._params = params
        self._counts = counts
        self._counted = Timeline()
        self._others: dict[str, Act] = {}

    def add(self, act: Act, world: World) -> None:
        if act.name not in self._params.on:
            self._others[act.id] = act
        elif self._counts(act, world):
            self._counted.add(act)

    def remove(self, act: Act) -> None:
        self._others.pop(act.id, None)
        self._counted.remove(act)

    def state(self, _world: World) -> Hashable:
        """Return what is there once it may be too many: what counts once and what has ended can only make it fewer."""
        count, cap = len(self._counted), self._cap()
        if not count or cap is None or (count <= cap and not _reached(self._params, count, cap)):
            return None
        return self._counted.changes, tuple(sorted(act.made_of for act in self._others.values()))

    def _cap(self) -> int | None:
        if self._params.cap_from is None:
            return self._params.cap
        return _reduced(self._params, _from_plan(self._params, self._others.values()))


def _summary(bound: Bound[QuotaParams]) -> Callable[[], _Count]:
    params, counts = bound.params, holding(bound.params.when)
    return lambda: _Count(params, counts)


def _words(params: QuotaParams) -> Mapping[str, frozenset[str]]:
    when = {"年": {"year"}, None: set[str]()}.get(params.per, {"period"})
    counted = frozenset({*when, "count", "cap"})
    if params.reduce is not None:
        counted |= {"base", "reduce", "change"}
    over = counted | {"over"}
    below = counted | {"standing"} if params.per else counted
    found = {"complied": below, "violated": over, "excused": over, "undetermined": frozenset[str]()}
    return {**found, "warning": counted | {"stage", "exceeds_on"}} if params.stages else found


def _conditions(params: QuotaParams) -> Mapping[str, tuple[Condition, ...]]:
    once = (Condition(field=params.once, op="present"),) if params.once else ()
    return dict.fromkeys((*params.on, *params.ended_by), once)


EVALUATOR = Evaluator(
    name="quota",
    params=QuotaParams,
    on=JUDGED,
    scopes=scopes,
    judge=judge,
    summary=_summary,
    kept_in=_kept_in,
    only_kept=True,
    also=_BESIDE | _ENDINGS,
    excuses=lambda params: (_EXPLAINED,) if params.explained_by else (),
    words=_words,
    conditions=_conditions,
)
