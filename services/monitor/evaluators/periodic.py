"""A unit must have done something in every month, quarter or year (kind A): owed from its registration on, one verdict a period."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final, Literal, NamedTuple

from pydantic import Field

from contracts.reference import UnitRegistered
from services.monitor.conditions import Condition, every, read
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.evaluators.loan import add_months
from services.monitor.joins import OWED
from services.monitor.judging import JUDGED, Evaluator, Params, Scene
from services.monitor.relations import offered

Length = Literal["月", "季", "半年", "年"]
_MONTHS: Final[Mapping[Length, int]] = {"月": 1, "季": 3, "半年": 6, "年": 12}
_HALVES: Final = ("上半年", "下半年")
_NAMES: Final = frozenset({"unit", "period", "due"})
_MOST_BACK: Final = 120
"""Periods, the last ones, that are looked at."""


class PeriodicParams(Params):
    """``[decide]`` of kind ``periodic``: ``on`` and ``when`` tell what is owed."""

    who: tuple[Condition, ...] = Field(min_length=1)
    """The units that owe it, by their registration."""
    every: Length
    grace_days: int | None = Field(ge=0)
    """Days after a period's end in which it may still be told of; ``None`` is a parameter not set."""
    at: str | None = None
    """Field or ``@derived`` date of those acts that tells of which period they are; by default the day of the fact."""


class _Period(NamedTuple):
    name: str
    start: date
    end: date


def scopes(params: PeriodicParams, act: Act) -> Iterable[str]:
    """Return the unit that is registered, or that did what is owed."""
    return offered(act, OWED) if act.name in params.on or isinstance(act.event, UnitRegistered) else ()


def judge(scene: Scene[PeriodicParams]) -> Sequence[Verdict]:
    """Return a verdict for each whole period since the unit's registration, the present one included."""
    versions = sorted(
        (act for act in scene.acts.values() if isinstance(act.event, UnitRegistered) and _here(scene, act)),
        key=lambda act: (act.read(UnitRegistered).valid_from, act.id),
    )
    if not versions:
        return ()
    known = min(max(act.day, act.read(UnitRegistered).valid_from) for act in versions)
    since = max(known, scene.bound.rule.effective_from, scene.bound.since or known)
    done = list(_done(scene))
    found = (_one(scene, period, versions, done) for period in _periods(scene, since))
    return [verdict for verdict in found if verdict is not None]


def _one(
    scene: Scene[PeriodicParams], period: _Period, versions: Sequence[Act], done: Sequence[tuple[date | None, Act]]
) -> Verdict | None:
    version = next((act for act in reversed(versions) if act.read(UnitRegistered).valid_from <= period.end), None)
    unit = version.read(UnitRegistered) if version else None
    if version is None or unit is None or (unit.valid_to is not None and unit.valid_to < period.end):
        return None
    if not every(scene.params.who, version, scene.world)[0]:
        return None
    due = None if scene.params.grace_days is None else period.end + timedelta(days=scene.params.grace_days)
    acts = [(every(scene.params.when, act, scene.world), act) for day, act in done if _within(period, day)]
    numbers: dict[str, Scalar] = {
        "unit": unit.name,
        "period": period.name,
        "due": due.isoformat() if due else None,
    }
    say = partial(scene.say, subject=f"{scene.scope}|{period.name}", numbers=numbers, about=unit.unit)
    sure = [act.id for (holds, _), act in acts if holds]
    if sure:
        return say("complied", version, acts=sure, on=period.end)
    unset = [name for name, value in scene.bound.values.items() if value is None]
    missing = [field for (_, fields), _ in acts for field in fields]
    missing += [f"参数“{scene.bound.rule.parameters[name].note}”" for name in unset]
    if missing or due is None:
        kept = [act.id for (holds, _), act in acts if holds is None]
        return say("undetermined", version, acts=kept, missing=tuple(missing), on=period.end)
    today = scene.world.today
    if today is None or today < due:
        return say("complied", version, words="waiting", on=due, recheck_on=due)
    return say("violated", version, on=due)


def _within(period: _Period, day: date | None) -> bool:
    return day is not None and period.start <= day <= period.end


def _here(scene: Scene[PeriodicParams], act: Act) -> bool:
    return scene.scope in offered(act, OWED)


def _done(scene: Scene[PeriodicParams]) -> Iterator[tuple[date | None, Act]]:
    for act in scene.acts.values():
        if act.name in scene.params.on and _here(scene, act):
            yield (read(scene.params.at, act, scene.world) if scene.params.at else act.day), act


def _periods(scene: Scene[PeriodicParams], since: date) -> Iterator[_Period]:
    """Yield the periods that begin on ``since`` or later, up to the one that runs; without a day that ended, the first."""
    length = _MONTHS[scene.params.every]
    today = scene.world.today or since
    start = date(today.year, (today.month - 1) // length * length + 1, 1)
    found: list[_Period] = []
    while start >= since and len(found) < _MOST_BACK:
        found.append(_Period(_name(start, scene.params.every), start, add_months(start, length) - timedelta(days=1)))
        start = add_months(start, -length)
    yield from reversed(found)


def _name(start: date, length: Length) -> str:
    if length == "月":
        return f"{start.year}年{start.month}月"
    if length == "季":
        return f"{start.year}年第{(start.month + 2) // 3}季度"
    return f"{start.year}年{_HALVES[start.month > 6]}" if length == "半年" else f"{start.year}年"  # noqa: PLR2004 - June


def _conditions(params: PeriodicParams) -> Mapping[str, tuple[Condition, ...]]:
    at = (Condition(field=params.at, op="present"),) if params.at else ()
    return {"unit.registered": params.who, **dict.fromkeys(params.on, at)}


EVALUATOR = Evaluator(
    name="periodic",
    params=PeriodicParams,
    on=JUDGED,
    scopes=scopes,
    judge=judge,
    also=frozenset({"unit.registered"}),
    words=lambda _params: dict.fromkeys(("violated", "waiting", "complied", "undetermined"), _NAMES),
    conditions=_conditions,
)
