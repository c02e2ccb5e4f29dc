"""Find persons who are borrowed for too long altogether, and units that borrow from below while they lend upwards (kinds W + X).

A function of its own: days that overlap are counted once, and the chain is told by the loans of other persons.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from pydantic import Field

from contracts.secondments import SecondmentEnded, SecondmentExtended, SecondmentStarted
from services.monitor.derived import DERIVED
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import ACT_SCOPE, Bound, Evaluator, Params, Scene, Silencer, act_scope
from services.monitor.relations import loans_of

_DAY: Final = timedelta(days=1)


class BorrowedParams(Params):
    """``[decide]`` of kind ``borrowed``."""

    most_days: int | None = Field(default=None, ge=1)
    """Days that all loans of a person may last together; a parameter without a value leaves it undetermined."""
    chain_days: int | None = Field(default=None, ge=0)
    """Days between a loan upwards and one from below within which they are a chain; by default no chain is looked for."""


def scopes(params: BorrowedParams, act: Act) -> Iterable[str]:
    """Return the person that a loan fact is about, and the loan itself."""
    if isinstance(act.event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)):
        return (loans_of(act.event.person), *(act_scope(params, act) if params.chain_days is not None else ()))
    return ()


def judge(scene: Scene[BorrowedParams]) -> Sequence[Verdict]:
    """Return the verdict on a person's days altogether, or on a loan from below."""
    return _chain(scene) if scene.scope.startswith(ACT_SCOPE) else _long(scene)


def _long(scene: Scene[BorrowedParams]) -> Sequence[Verdict]:
    """Judge a person: the days of all loans together, those that overlap once."""
    members = [act for act in scene.acts.values() if scene.scope in _persons(act)]
    starts = [act for act in members if act.name == "sec.started" and scene.speaks_of(act)[0]]
    if not starts:
        return ()
    starts.sort(key=lambda act: (act.read(SecondmentStarted).started_on, act.id))
    most, first = scene.params.most_days, starts[0]
    subject = f"span|{first.id}"
    if most is None:
        return (scene.say("undetermined", first, subject=subject, numbers={"most": None}, missing=scene.unset),)
    ends = {act.event.loan: act for act in sorted(members, key=_order) if isinstance(act.event, SecondmentEnded)}
    running = any(act.read(SecondmentStarted).loan not in ends for act in starts)
    days, crossed = _days(scene, starts, ends, most)
    numbers: dict[str, Scalar] = {
        "from": first.read(SecondmentStarted).started_on.isoformat(),
        "loans": len(starts),
        "days": days,
        "most": most,
    }
    names = [act.id for act in (*starts, *ends.values())]
    if crossed is not None:
        if running:  # a number that grew day by day would be another finding every day
            numbers["days"] = most + 1
        outcome, tried = scene.weigh(first)
        words = "long" if outcome == "violated" else None
        return (
            scene.say(
                outcome, first, subject=subject, words=words, numbers=numbers, acts=names, exceptions=tried, on=crossed
            ),
        )
    recheck = _until(scene, starts, ends) + timedelta(days=most - days + 1) if running else None
    return (scene.say("complied", first, subject=subject, numbers=numbers, acts=names, recheck_on=recheck),)


def _days(
    scene: Scene[BorrowedParams], starts: Sequence[Act], ends: dict[str, Act], most: int
) -> tuple[int, date | None]:
    """Return the days that are over, each once, and the first day beyond the most; loans that run are counted up to today."""
    total, last, crossed = 0, date.min, None
    for act in starts:
        event = act.read(SecondmentStarted)
        ended = ends.get(event.loan)
        end = ended.read(SecondmentEnded).ended_on if ended else _until(scene, starts, ends)
        begin = max(event.started_on, last + _DAY)
        if end < begin:
            continue
        length = (end - begin).days + 1
        if crossed is None and total + length > most:
            crossed = begin + timedelta(days=most - total)
        total, last = total + length, end
    return total, crossed


def _until(scene: Scene[BorrowedParams], starts: Sequence[Act], ends: dict[str, Act]) -> date:
    """Return the day up to which loans that run are counted: the one that last ended, where no later one is known."""
    latest = max(
        (
            *(act.read(SecondmentStarted).started_on for act in starts),
            *(act.read(SecondmentEnded).ended_on for act in ends.values()),
        )
    )
    today = scene.world.today
    return today if today is not None and today > latest else latest - _DAY


def _persons(act: Act) -> tuple[str, ...]:
    event = act.event
    return (
        (loans_of(event.person),) if isinstance(event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)) else ()
    )


def _order(act: Act) -> tuple[date, str]:
    return act.day, act.id


def _chain(scene: Scene[BorrowedParams]) -> Sequence[Verdict]:
    """Judge a loan from below: does its borrower lend upwards at about the same time."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    mine, up = act.read(SecondmentStarted), DERIVED["@levels_up"](act, scene.world)
    numbers: dict[str, Scalar] = {"most": scene.params.most_days}
    if up is not None and up <= 0:
        return (scene.say("complied", act, numbers=numbers),)
    above = [other for other in scene.acts.values() if _lends(scene, mine, other)]
    heights = {other.id: DERIVED["@levels_up"](other, scene.world) for other in above}
    sure = [other for other in above if (heights[other.id] or 0) > 0]
    if sure and up and speaks:
        first = min(sure, key=lambda other: (other.read(SecondmentStarted).started_on, other.id))
        numbers |= {
            "unit": mine.to_unit,
            "lower": mine.from_unit,
            "lent_on": first.read(SecondmentStarted).started_on.isoformat(),
        }
        outcome, tried = scene.weigh(act)
        words = "chain" if outcome == "violated" else None
        return (scene.say(outcome, act, words=words, numbers=numbers, acts=[first.id], exceptions=tried),)
    if above and (missing or up is None or any(heights[other.id] is None for other in above)):
        return (scene.say("undetermined", act, numbers=numbers, missing=missing or ("@levels_up",)),)
    return (scene.say("complied", act, numbers=numbers),)


def _lends(scene: Scene[BorrowedParams], mine: SecondmentStarted, other: Act) -> bool:
    """Tell whether another loan is one by the borrower of this one, near in time and not to be over before it begins."""
    theirs = other.event
    if not isinstance(theirs, SecondmentStarted) or theirs.from_unit != mine.to_unit:
        return False
    if theirs.planned_end is not None and theirs.planned_end < mine.started_on:
        return False
    return abs((theirs.started_on - mine.started_on).days) <= (scene.params.chain_days or 0)


def silencer(_bound: Bound[BorrowedParams]) -> Silencer:
    """Return the quick way: the loan goes up no level."""
    return lambda act, world, _recall: (DERIVED["@levels_up"](act, world) or 0) <= 0


def _words(params: BorrowedParams) -> Mapping[str, frozenset[str]]:
    most = frozenset({"most"})
    chain = {} if params.chain_days is None else {"chain": frozenset({"unit", "lower", "lent_on", "most"})}
    long = frozenset({"from", "loans", "days", "most"})
    return {"long": long, **chain, "complied": most, "excused": most, "undetermined": most}


EVALUATOR = Evaluator(
    name="borrowed",
    params=BorrowedParams,
    on=frozenset({"sec.started"}),
    scopes=scopes,
    judge=judge,
    silencer=silencer,
    also=frozenset({"sec.extended", "sec.ended"}),
    looks=lambda _params: frozenset({"lent", "unit"}),
    words=_words,
)
