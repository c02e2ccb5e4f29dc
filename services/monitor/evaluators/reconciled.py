"""Hold the inspections that a unit recorded in a month against the visits that the inspectors' ledgers show (kind X).

A function of its own: a number that one side states is compared with the acts that the other side told of one by one.
"""

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from contracts.inspections import InspectionsReceived, InspectionVisited
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene, act_scope

_NAMES: Final = frozenset({"month", "stated", "shown"})


class ReconciledParams(Params):
    """``[decide]`` of kind ``reconciled``."""

    most_off: int = Field(ge=0)
    """By how many the two may differ."""


def judge(scene: Scene[ReconciledParams]) -> Sequence[Verdict]:
    """Return the verdict on a monthly record; it cannot be told where no visit in that month or those beside it is known."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    event = act.read(InspectionsReceived)
    month = event.year * 12 + event.month
    visits = [one for one in scene.acts.values() if _to(one, event.unit) and abs(_month(one) - month) <= 1]
    mine = sorted(one.id for one in visits if _month(one) == month)
    numbers: dict[str, Scalar] = {
        "month": f"{event.year}年{event.month}月",
        "stated": event.count,
        "shown": len(mine),
    }
    if missing or (not visits and event.count):
        return (scene.say("undetermined", act, numbers=numbers, missing=missing or ("检查到访记录",)),)
    off = event.count - len(mine)
    if abs(off) <= scene.params.most_off:
        return (scene.say("complied", act, numbers=numbers, acts=mine),)
    outcome, tried = scene.weigh(act)
    words = ("more" if off > 0 else "fewer") if outcome == "violated" else None
    return (scene.say(outcome, act, words=words, numbers=numbers, acts=mine, exceptions=tried),)


def _to(act: Act, unit: str) -> bool:
    return isinstance(act.event, InspectionVisited) and act.event.target.unit == unit


def _month(act: Act) -> int:
    day = act.read(InspectionVisited).visited_at.astimezone(CHINA).date()
    return day.year * 12 + day.month


EVALUATOR = Evaluator(
    name="reconciled",
    params=ReconciledParams,
    on=frozenset({"ins.received"}),
    scopes=act_scope,
    judge=judge,
    looks=lambda _params: frozenset({"visit", "unit"}),
    fewest=lambda _params: 2,
    words=lambda _params: dict.fromkeys(("more", "fewer", "excused", "complied", "undetermined"), _NAMES),
)
