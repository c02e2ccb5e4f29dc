"""Name who has to judge where no data can: always undetermined (kind H)."""

from collections.abc import Mapping, Sequence

from services.monitor.conditions import Condition, read, shown
from services.monitor.domain import Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope, always_silent
from services.monitor.rulebook import Text


class PersonParams(Params):
    """``[decide]`` of kind ``person``."""

    who: Text
    """The office that has to look, in Chinese."""
    look_at: Text
    """What it has to look at."""
    why: Text
    """Why a machine cannot decide it."""
    shows: Mapping[str, str] = {}
    """Name in the text -> field or ``@derived`` value of the act."""


def judge(scene: Scene[PersonParams]) -> Sequence[Verdict]:
    """Return that the act is undetermined and who must look; nothing where it is not sure that the rule speaks of it."""
    act = scene.anchor
    if act is None or not scene.speaks_of(act)[0]:
        return ()
    params = scene.params
    numbers = {name: shown(read(field, act, scene.world)) for name, field in params.shows.items()}
    numbers |= {"who": params.who, "look_at": params.look_at, "why": params.why}
    return (scene.say("undetermined", act, numbers=numbers, missing=(f"{params.who}的认定",)),)


EVALUATOR = Evaluator(
    name="person",
    params=PersonParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    words=lambda params: {"undetermined": frozenset({"who", "look_at", "why", *params.shows})},
    conditions=lambda params: dict.fromkeys(
        params.on, tuple(Condition(field=field, op="present") for field in params.shows.values())
    ),
    silencer=lambda _bound: always_silent,
)
