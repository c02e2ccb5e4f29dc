"""Decide one act by its own fields: limits, required fields, forbidden values, level matrices, working days (kind E)."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import Field

from services.monitor.conditions import Condition, every, read, shown
from services.monitor.derived import LIST_READ
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import JUDGED, Evaluator, Params, Scene, act_scope
from services.monitor.rulebook import _Strict
from services.monitor.world import World


class Test(_Strict):
    """A violation when both hold: the act is of this class, and it fails."""

    when: tuple[Condition, ...] = ()
    fails: tuple[Condition, ...] = Field(min_length=1)
    shows: Mapping[str, Scalar] = {}
    """Further numbers to show when this test decides, e.g. the limit of the class."""
    words: str = "violated"


class EventParams(Params):
    """``[decide]`` of kind ``event``."""

    tests: tuple[Test, ...] = Field(min_length=1)
    shows: Mapping[str, str] = {}
    """Name in the texts -> field or ``@derived`` value of the act."""


E = TypeVar("E", bound=EventParams)


def judge(scene: Scene[E]) -> Sequence[Verdict]:
    """Return the verdict on the anchor: violated by any test, else open by any, else complied."""
    act = scene.anchor
    if act is None:
        return ()
    speaks, missing = scene.speaks_of(act)
    if speaks is False:
        return ()
    numbers = {name: shown(read(field, act, scene.world)) for name, field in scene.params.shows.items()}
    open_fields = list(missing)
    for test in scene.params.tests:
        fails, unknown = every((*test.when, *test.fails), act, scene.world)
        if fails is None:
            open_fields.extend(unknown)
        elif fails and speaks:
            numbers |= _held(test, act, scene.world)
            outcome, tried = scene.weigh(act)
            words = test.words if outcome == "violated" else None
            return (scene.say(outcome, act, words=words, numbers={**numbers, **test.shows}, exceptions=tried),)
    if open_fields:
        return (scene.say("undetermined", act, numbers=numbers, missing=tuple(dict.fromkeys(open_fields))),)
    return (scene.say("complied", act, numbers=numbers),)


def signs(params: E) -> Sequence[Sequence[Condition]]:
    """Return what a violation needs: all of one test, of an act that the rule speaks of."""
    return [(*test.fails, *test.when, *params.when) for test in params.tests]


def _held(test: Test, act: Act, world: World) -> Mapping[str, Scalar]:
    """Return which of the entries that a test looks for the act holds."""
    found = [
        item
        for condition in test.fails
        if condition.op == "holds"
        for item in read(condition.field, act, world)
        if isinstance(condition.value, tuple) and item in condition.value
    ]
    return {"held": "、".join(map(str, dict.fromkeys(found)))} if _held_name(test) else {}


def _held_name(test: Test) -> frozenset[str]:
    return frozenset({"held"} if any(one.op == "holds" for one in test.fails) else ())


def _words(params: EventParams) -> Mapping[str, frozenset[str]]:
    """Return what each text can name: the act's own, and of a test that decides what it shows and ``held``."""
    shown = frozenset(params.shows)
    of_tests = [(test.words, shown | frozenset(test.shows) | _held_name(test)) for test in params.tests]
    found: dict[str, frozenset[str]] = {"complied": shown, "undetermined": shown}
    found["excused"] = frozenset.intersection(*(names for _, names in of_tests))
    for words, names in of_tests:
        found[words] = found.get(words, names) & names
    return found


def _conditions(params: EventParams) -> Mapping[str, tuple[Condition, ...]]:
    tests = tuple(condition for test in params.tests for condition in (*test.when, *test.fails))
    shown = tuple(Condition(field=field, op="present") for field in params.shows.values())
    return dict.fromkeys(params.on, tests + shown)


def _lists(params: EventParams) -> tuple[str, ...]:
    """Return the lists that derived values are read from."""
    fields = {condition.field for test in params.tests for condition in (*params.when, *test.when, *test.fails)}
    return tuple(kind for field, kind in LIST_READ.items() if field in fields)


EVALUATOR = Evaluator(
    name="event",
    params=EventParams,
    on=JUDGED,
    scopes=act_scope,
    judge=judge,
    signs=signs,
    looks=lambda _params: frozenset({"unit", "calendar"}),
    words=_words,
    conditions=_conditions,
    lists=_lists,
)
