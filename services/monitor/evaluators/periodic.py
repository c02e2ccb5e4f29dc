"""A unit must have done something in every month, quarter or year (kind A): owed from its registration on, one verdict a period."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final, Literal

from pydantic import Field

from contracts.reference import UnitRegistered
from services.monitor.conditions import Condition, every, read
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.joins import OWED, OWED_HERE
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, unrecorded
from services.monitor.periods import MONTHS, Length, Period, add_months, period_of
from services.monitor.relations import offered

_NAMES: Final = frozenset({"unit", "period", "due"})
_LATE: Final = "期限之后已补办"
_MOST_BACK: Final = 120
"""Periods, the last ones, that are looked at."""


class PeriodicParams(Params):
    """``[decide]`` of kind ``periodic``: ``on`` and ``when`` tell what is owed."""

    who: tuple[Condition, ...] = Field(min_length=1)
    """The units that owe it, by their registration."""
    every: Length
    per: Literal["unit", "place"]
    """Who must have done it: the unit itself, or any office of its place."""
    grace_days: int | None = Field(ge=0)
    """Days after a period's end in which it may still be told of; ``None`` is a parameter not set."""
    known: bool = True
    """Whether it is recorded in the place at all; where it is not, nothing is concluded from its absence."""
    at: str | None = None
    """Field or ``@derived`` date of those acts that tells of which period they are; by default the day of the fact."""


def scopes(params: PeriodicParams, act: Act) -> Iterable[str]:
    """Return the unit that is registered, or that did what is owed."""
    if act.name not in params.on and not isinstance(act.event, UnitRegistered):
        return ()
    return offered(act, OWED if params.per == "unit" else OWED_HERE)


def judge(scene: Scene[PeriodicParams]) -> Sequence[Verdict]:
    """Return a verdict for each unit that owes and each whole period since its registration, the present one included."""
    units: dict[str, list[Act]] = {}
    done: list[tuple[date | None, Act]] = []
    for act in scene.acts.values():
        if scene.scope not in scopes(scene.params, act):
            continue
        if isinstance(act.event, UnitRegistered):
            units.setdefault(act.event.unit, []).append(act)
        else:
            done.append((read(scene.params.at, act, scene.world) if scene.params.at else act.day, act))
    return [verdict for unit in sorted(units) for verdict in _of_unit(scene, units[unit], done)]


def _of_unit(
    scene: Scene[PeriodicParams], registrations: Sequence[Act], done: Sequence[tuple[date | None, Act]]
) -> Iterator[Verdict]:
    versions = sorted(registrations, key=lambda act: (act.read(UnitRegistered).valid_from, act.id))
    known = min(max(act.day, act.read(UnitRegistered).valid_from) for act in versions)
    since = max(known, scene.bound.rule.effective_from, scene.bound.since or known)
    today, told = scene.world.today, scene.params.known and scene.params.grace_days is not None
    for period in _periods(scene, since, [act.read(UnitRegistered).valid_from for act in versions]):
        found = _one(scene, period, versions, done)
        if found is None:
            continue
        if told and found.recheck_on is None and (today is None or today <= period.end):
            # what is settled for this period is owed again in the next one, and nothing else tells when to look
            found = replace(found, recheck_on=period.end + timedelta(days=1))
        yield found


def _one(
    scene: Scene[PeriodicParams], period: Period, versions: Sequence[Act], done: Sequence[tuple[date | None, Act]]
) -> Verdict | None:
    version = next((act for act in reversed(versions) if act.read(UnitRegistered).valid_from <= period.end), None)
    if version is None or not _owes(scene, version, period.end):
        return None
    unit = version.read(UnitRegistered)
    due = None if scene.params.grace_days is None else period.end + timedelta(days=scene.params.grace_days)
    acts = [(every(scene.params.when, act, scene.world), act) for day, act in done if _within(period, day)]
    numbers: dict[str, Scalar] = {
        "unit": unit.name,
        "period": period.name,
        "due": due.isoformat() if due else None,
    }
    # a unit that moved owes in two places, and a subject belongs to one scope
    of_unit = scene.scope if scene.params.per == "unit" else f"{scene.scope}|{unit.unit}"
    say = partial(scene.say, subject=f"{of_unit}|{period.name}", numbers=numbers, about=unit.unit)
    sure = sorted((act.day, act.id) for (holds, _), act in acts if holds)
    if sure:
        names = [name for _, name in sure]
        if scene.params.at and due is not None and sure[0][0] > due:
            tried = (Tried(_LATE, met=True, evidence="办理日期"),)
            return say("excused", version, acts=names, on=period.end, exceptions=tried)
        return say("complied", version, acts=names, on=period.end)
    missing = [field for (_, fields), _ in acts for field in fields]
    if not scene.params.known:
        missing.append(unrecorded(scene.params.on))
    # what does not say of which period it is may be of this one when it came in its time
    loose = [act for day, act in done if day is None and period.start <= act.day <= (due or period.end)]
    missing += [scene.params.at or "" for act in loose if every(scene.params.when, act, scene.world)[0] is not False]
    missing += scene.unset
    if missing or due is None:
        return say("undetermined", version, missing=tuple(missing), on=period.end)
    if scene.world.today is not None and scene.world.today >= due:
        return say("violated", version, on=due)
    return say("complied", version, words="waiting", on=due, recheck_on=due)


def _owes(scene: Scene[PeriodicParams], version: Act, day: date) -> bool:
    unit = version.read(UnitRegistered)
    ended = unit.valid_to is not None and unit.valid_to < day
    return not ended and every(scene.params.who, version, scene.world)[0] is True


def _within(period: Period, day: date | None) -> bool:
    return day is not None and period.start <= day <= period.end


def _periods(scene: Scene[PeriodicParams], since: date, changes: Sequence[date]) -> Iterator[Period]:
    """Yield the whole periods from ``since`` to the one that runs, or to the first of them, and those to come in which a unit changes.

    What a unit will owe is waited for as what it owes now is: nothing else tells when to look at it again.
    """
    length = MONTHS[scene.params.every]
    first = period_of(since, scene.params.every).start
    if first < since:
        first = add_months(first, length)
    last = max(first, period_of(scene.world.today or first, scene.params.every).start)
    start = max(first, add_months(last, -length * _MOST_BACK))
    starts = {period_of(day, scene.params.every).start for day in changes}
    while start <= last:
        starts.add(start)
        start = add_months(start, length)
    # no fact may state a day of the calendar's last year, and no due day could be told there
    for start in sorted(one for one in starts if first <= one and one.year < date.max.year):
        yield period_of(start, scene.params.every)


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
    words=lambda _params: dict.fromkeys(("violated", "waiting", "complied", "excused", "undetermined"), _NAMES),
    excuses=lambda params: (_LATE,) if params.at else (),
    conditions=_conditions,
)
