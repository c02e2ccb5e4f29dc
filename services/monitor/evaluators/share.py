"""What part of a window is as it should be: a ratio of sums, or of working days (kind W); nothing is found before the period is over."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple

from pydantic import Field, field_validator, model_validator

from services.monitor.conditions import Condition, day_of, every, read
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene
from services.monitor.periods import Period, read_period
from services.monitor.relations import offered, offers
from services.monitor.rulebook import _Strict
from services.monitor.windows import WINDOWS, known, period_of_key
from services.monitor.world import World

_NAMES: Final = frozenset({"period", "part", "whole", "rate"})


class Matched(_Strict):
    """An act is as it should be when one of this event bears the same value in a field: an opened ticket that was closed."""

    event: str
    field: str


class Lasting(_Strict):
    """The whole is the working days of the period, the part those on which such an act was done: from one field's day to another's."""

    first: str
    last: str


class ShareParams(Params):
    """``[decide]`` of kind ``share``."""

    window: str
    """The family of windows that is added up (``windows``)."""
    of: str | None = None
    """Field or ``@derived`` value that is added up; by default each act is one."""
    part: tuple[Condition, ...] = ()
    """The acts that are as they should be."""
    part_of: str | None = None
    """Field or ``@derived`` value that is added up for them, by default that of the whole."""
    matched: Matched | None = None
    days: Lasting | None = None
    counted: Mapping[str, tuple[Condition, ...]] = {}
    """Name in the texts -> conditions: how many acts of the window are such."""
    twin: tuple[Condition, ...] = ()
    """Where exactly as many acts are such as are as they should be, they were hardly counted one by one (words ``identical``)."""
    least: float | None = Field(default=None, ge=0, le=100)
    """Per cent, included."""
    one_in: int | None = Field(default=None, ge=1)
    """The part must be at least one in so many."""
    fewest: int = Field(default=1, ge=1)
    """No verdict where the whole is smaller."""
    grace_days: int = Field(default=0, ge=0)
    """Days after the period's end before it is judged: ledgers arrive late."""

    @field_validator("window")
    @classmethod
    def _known(cls, window: str) -> str:
        """Refuse a family that is no window of time."""
        if not known((window,)) or WINDOWS[window].per is None:
            msg = f"no such window of time: {window}"
            raise ValueError(msg)
        return window

    @model_validator(mode="after")
    def _one_bound(self) -> "ShareParams":
        """Refuse two bounds, and two ways to tell the part."""
        if {"least", "one_in"} <= self.model_fields_set or {"matched", "days"} <= self.model_fields_set:
            msg = "least or one_in, matched or days"
            raise ValueError(msg)
        return self

    @property
    def bounded(self) -> bool:
        """Whether there is something to be kept to; otherwise the rate is only shown."""
        return bool({"least", "one_in"} & self.model_fields_set)

    def enough(self, part: float, whole: float) -> bool:
        """Tell whether a part is as much as it must be."""
        if self.one_in is not None:
            return part * self.one_in >= whole
        return self.least is None or part * 100 >= self.least * whole


class _Weight(NamedTuple):
    """What one act adds: to the whole, to the part that is sure, and to what may belong to either."""

    whole: float
    part: float
    open_part: float = 0
    open_whole: float = 0
    missing: tuple[str, ...] = ()
    unknown: bool = False
    """How much it adds cannot be told."""

    @property
    def adds(self) -> tuple[float, float, float, float]:
        """The four numbers."""
        return self.whole, self.part, self.open_part, self.open_whole


def _weight(params: ShareParams, act: Act, world: World) -> _Weight | None:
    """Return what an act adds; ``None`` when the rule does not speak of it."""
    speaks, missing = every(params.when, act, world)
    if act.name not in params.on or speaks is False:
        return None
    whole, part_of = _amount(params.of, act, world), _amount(params.part_of or params.of, act, world)
    if whole is None or part_of is None:
        field = params.of if whole is None else params.part_of
        return _Weight(0, 0, missing=(field or "",), unknown=True)
    if speaks is None:
        return _Weight(0, 0, open_whole=whole, missing=missing)
    good, lacking = every(params.part, act, world)
    if good is None:
        return _Weight(whole, 0, open_part=part_of, missing=lacking)
    return _Weight(whole, part_of if good else 0)


def _amount(field: str | None, act: Act, world: World) -> float | None:
    value = read(field, act, world) if field else 1
    return value if isinstance(value, int | float) else None


def scopes(params: ShareParams, act: Act) -> Iterable[str]:
    """Return the windows that the act counts for."""
    return [key for family in _kept_in(params, act.name) for key in offered(act, family)]


def _kept_in(params: ShareParams, event: str) -> tuple[str, ...]:
    counts = event in params.on or (params.matched is not None and event == params.matched.event)
    return (params.window,) if counts else ()


def judge(scene: Scene[ShareParams]) -> Sequence[Verdict]:
    """Return one verdict for the window: provisional until its period is over and ledgers had their time."""
    params, period = scene.params, period_of_key(scene.scope)
    acts = sorted(
        (act for act in scene.acts.values() if scene.scope in offers(act)), key=lambda one: (one.time, one.id)
    )
    found = [(act, weight) for act in acts if (weight := _weight(params, act, scene.world)) is not None]
    if not found or period is None:
        return ()
    whole, low, high, missing = _sums(scene, period, found)
    numbers: dict[str, Scalar] = {"period": period.name, **_shown(low, whole)}
    numbers |= {name: _such(scene, acts, conditions) for name, conditions in params.counted.items()}
    last = found[-1][0]
    say = partial(scene.say, act=last, subject=scene.scope, numbers=numbers)
    if not _over(params, period, scene.world):
        return (say("undetermined", words="provisional", recheck_on=_due(params, period)),)
    if whole is not None and whole < params.fewest:
        return ()
    if params.bounded and params.least is None and params.one_in is None:
        verdict = say("undetermined", missing=scene.unset)
    elif whole is None or params.enough(low, whole) is not params.enough(high, whole):
        verdict = say("undetermined", missing=missing)
    elif not params.enough(low, whole):
        outcome, tried = scene.weigh(last)
        verdict = say(outcome, exceptions=tried, on=period.end)
    elif params.twin and low == _such(scene, [act for act, _ in found], params.twin):
        verdict = say("violated", words="identical", on=period.end)
    else:
        verdict = say("complied", on=period.end)
    return (verdict,)


_Found = Sequence[tuple[Act, _Weight]]


def _sums(
    scene: Scene[ShareParams], period: Period, found: _Found
) -> tuple[float | None, float, float, tuple[str, ...]]:
    """Return the whole (``None``: cannot be told), the least and the most that the part may be, and what is missing."""
    params = scene.params
    if params.days:
        days = scene.world.calendar.between(period.start - timedelta(days=1), period.end)
        part = len(_days(scene, params.days, period, [act for act, _ in found]))
        return days, part, part, ("工作日历",)
    missing = tuple(dict.fromkeys(field for _, weight in found for field in weight.missing))
    if params.matched:
        done = {_value(act, params.matched) for act in scene.acts.values() if act.name == params.matched.event}
        part = sum(_value(act, params.matched) in done for act, _ in found)
        return len(found), part, part, missing
    whole, part, open_part, open_whole = (sum(adds) for adds in zip(*(weight.adds for _, weight in found), strict=True))
    if any(weight.unknown for _, weight in found):
        return None, part, part, missing
    # what may count or not counts against the part in its least, and for it in its most
    return whole + open_whole, part, part + open_part + open_whole, missing


def _value(act: Act, matched: Matched) -> object:
    return getattr(act.event, matched.field, None)


def _days(scene: Scene[ShareParams], days: Lasting, period: Period, acts: Iterable[Act]) -> set[date]:
    """Return the working days of the period on which any of the acts was done."""
    found: set[date] = set()
    for act in acts:
        first, last = (day_of(read(field, act, scene.world)) for field in (days.first, days.last))
        start, end = max(first or act.day, period.start), min(last or first or act.day, period.end)
        found.update(start + timedelta(days=number) for number in range((end - start).days + 1))
    return {day for day in found if scene.world.calendar.is_workday(day)}


def _such(scene: Scene[ShareParams], acts: Iterable[Act], conditions: tuple[Condition, ...]) -> int:
    names = [condition.field for condition in conditions]
    return sum(
        every(conditions, act, scene.world)[0] is True
        for act in acts
        if all(name.startswith("@") or name in type(act.event).model_fields for name in names)
    )


def _shown(part: float, whole: float | None) -> dict[str, Scalar]:
    return {"part": _short(part), "whole": None if whole is None else _short(whole), "rate": truncated(part, whole)}


def _short(value: float) -> Scalar:
    return int(value) if float(value).is_integer() else round(value, 2)


def truncated(part: float, whole: float | None) -> str | None:
    """Return a rate in per cent with two places, the rest cut off as reports do (20381 of 24227 is 84.12 %)."""
    if not whole:
        return None
    hundredths = int(part * 10_000 // whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _due(params: ShareParams, period: Period) -> date:
    return period.end + timedelta(days=params.grace_days)


def _over(params: ShareParams, period: Period, world: World) -> bool:
    return world.today is not None and world.today >= _due(params, period)


class _Sums:
    """The acts of a window added up, so that one more costs the same however many there are."""

    def __init__(self, params: ShareParams) -> None:
        self._params = params
        self._weights: dict[str, _Weight] = {}
        self._periods: dict[str, int] = {}
        self._totals = [0.0, 0.0, 0.0, 0.0]
        self._unknown = 0
        self._changes = 0

    def add(self, act: Act, world: World) -> None:
        self._changes += 1
        weight = _weight(self._params, act, world)
        if weight is not None:
            self._weights[act.id] = weight
            self._move(act, weight, 1)

    def remove(self, act: Act) -> None:
        self._changes += 1
        weight = self._weights.pop(act.id, None)
        if weight is not None:
            self._move(act, weight, -1)

    def _move(self, act: Act, weight: _Weight, sign: int) -> None:
        self._totals = [total + sign * add for total, add in zip(self._totals, weight.adds, strict=True)]
        self._unknown += sign * weight.unknown
        for key in offered(act, self._params.window):
            code = key.rsplit("|", 1)[1]
            self._periods[code] = self._periods.get(code, 0) + sign
            if not self._periods[code]:
                del self._periods[code]

    def state(self, world: World) -> Hashable:
        """Return the same as long as the period runs: the one verdict then is that it is not over."""
        if not self._weights:
            return None
        periods = [read_period(code) for code in self._periods]
        if all(one is not None and not _over(self._params, one, world) for one in periods):
            return tuple(sorted(self._periods))
        return None if len(periods) == 1 and self._fine() else (self._changes, world.today)

    def _fine(self) -> bool:
        """Tell whether enough of what was added up is surely as it should be."""
        params = self._params
        if params.matched or params.days or params.twin or self._unknown:
            return False
        whole, part, _, open_whole = self._totals
        return params.enough(part, whole + open_whole)


def _words(params: ShareParams) -> Mapping[str, frozenset[str]]:
    names = _NAMES | set(params.counted)
    keys = {"provisional", "complied", "undetermined"}
    keys |= {"violated", "excused"} if params.bounded else set[str]()
    keys |= {"identical"} if params.twin else set[str]()
    return dict.fromkeys(sorted(keys), names)


def _conditions(params: ShareParams) -> Mapping[str, tuple[Condition, ...]]:
    fields = [field for field in (params.of, params.part_of) if field]
    fields += [params.matched.field] if params.matched else []
    fields += [params.days.first, params.days.last] if params.days else []
    present = tuple(Condition(field=field, op="present") for field in fields)
    own: dict[str, tuple[Condition, ...]] = dict.fromkeys(params.on, (*params.part, *params.twin, *present))
    if params.matched:
        own[params.matched.event] = (Condition(field=params.matched.field, op="present"),)
    return own


EVALUATOR = Evaluator(
    name="share",
    params=ShareParams,
    on=JUDGED,
    scopes=scopes,
    judge=judge,
    summary=lambda bound: partial(_Sums, bound.params),
    kept_in=_kept_in,
    only_kept=True,
    also=frozenset({"ticket.closed"}),
    words=_words,
    conditions=_conditions,
)
