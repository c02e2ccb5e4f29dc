"""Find formal documents that fell while others rose in their place, quarter by quarter against the year before (红头变白头, kind X).

A function of its own: two series of one unit are held against one another and against their own past.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from pydantic import Field

from contracts.documents import DocumentIssued
from services.monitor.conditions import Condition, holding
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import LAST_YEAR, issued_in, offered, year_of
from services.monitor.world import World

_NAMES: Final = frozenset({"quarter", "formal", "formal_before", "other", "other_before", "fall"})
_PERCENT: Final = 100


class SubstitutedParams(Params):
    """``[decide]`` of kind ``substituted``."""

    formal: tuple[Condition, ...] = Field(min_length=1)
    others: tuple[tuple[Condition, ...], ...] = Field(min_length=1)
    """Any of these says that a document may stand in a formal one's place."""
    least_fall: int = Field(ge=1, le=100)
    """Per cent by which the formal ones must have fallen."""
    least_rise: int = Field(ge=1)
    """By how many the others must have risen."""


def scopes(params: SubstitutedParams, act: Act) -> Iterable[str]:
    """Return the unit's year that a document counts in, and the next one, which is held against it."""
    if act.name not in params.on:
        return ()
    return (*_own(params, act), *_next(params, act))


def _own(params: SubstitutedParams, act: Act) -> tuple[str, ...]:
    return tuple(key for family in _kept_in(params, act.name) for key in offered(act, family))


def _kept_in(params: SubstitutedParams, event: str) -> tuple[str, ...]:
    return ("docs",) if event in params.on else ()


def _next(_params: SubstitutedParams, act: Act) -> tuple[str, ...]:
    return (year_of(act.unit, "发文", issued_in(act.read(DocumentIssued)) + 1),)


def judge(scene: Scene[SubstitutedParams]) -> Sequence[Verdict]:
    """Return a verdict for each quarter of the year in which others rose by enough; a quarter that runs waits for its end."""
    year, kind_of = int(scene.scope.rsplit("|", 1)[1]), _kinds(scene.params)
    formal: Counter[tuple[int, int]] = Counter()
    others: dict[tuple[int, int], list[Act]] = {}
    for act in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        kind = kind_of(act, scene.world) if act.name in scene.params.on else None
        if kind == "formal":
            formal[_quarter(act)] += 1
        elif kind == "other":
            others.setdefault(_quarter(act), []).append(act)
    return [
        _one(scene, quarter, formal, others)
        for quarter in ((year, number) for number in range(1, 5))
        if _worth(others.get(quarter, ())) >= scene.params.least_rise
    ]


def _one(
    scene: Scene[SubstitutedParams],
    quarter: tuple[int, int],
    formal: Mapping[tuple[int, int], int],
    others: Mapping[tuple[int, int], Sequence[Act]],
) -> Verdict:
    before, end = (quarter[0] - 1, quarter[1]), _end(quarter)
    now, past = formal.get(quarter, 0), formal.get(before, 0)
    raised = others[quarter]
    numbers: dict[str, Scalar] = {
        "quarter": f"{quarter[0]}年第{quarter[1]}季度",
        "formal": now,
        "formal_before": past,
        "other": _worth(raised),
        "other_before": _worth(others.get(before, ())),
        "fall": round((past - now) * _PERCENT / past) if past else None,
    }
    subject = f"{scene.scope}|{quarter[1]}"
    if not past and not others.get(before):
        return scene.say(
            "undetermined", raised[-1], subject=subject, numbers=numbers, missing=("上年同期发文",), on=end
        )
    rose = _worth(raised) - _worth(others.get(before, ())) >= scene.params.least_rise
    fell = (past - now) * _PERCENT >= scene.params.least_fall * past > 0
    if not (rose and fell):
        return scene.say("complied", raised[-1], subject=subject, numbers=numbers, on=end)
    today = scene.world.today
    if today is None or today < end:
        return scene.say(
            "complied", raised[-1], subject=subject, words="waiting", numbers=numbers, on=end, recheck_on=end
        )
    outcome, tried = scene.weigh(raised[-1])
    names = [act.id for act in raised]
    return scene.say(outcome, raised[-1], subject=subject, numbers=numbers, acts=names, exceptions=tried, on=end)


def _kinds(params: SubstitutedParams) -> Callable[[Act, World], str | None]:
    """Return the test which of the two series a document certainly belongs to."""
    speaks, is_formal, stand_ins = holding(params.when), holding(params.formal), [holding(one) for one in params.others]

    def kind_of(act: Act, world: World) -> str | None:
        if not speaks(act, world):
            return None
        if any(stands_in(act, world) for stands_in in stand_ins):
            return "other"
        return "formal" if is_formal(act, world) else None

    return kind_of


def _stands_for(act: Act) -> int:
    """Return how many documents one stands in the place of: as many as were merged into it."""
    return max(act.read(DocumentIssued).merged or 1, 1)


def _worth(acts: Iterable[Act]) -> int:
    return sum(map(_stands_for, acts))


def _quarter(act: Act) -> tuple[int, int]:
    day = act.read(DocumentIssued).dated
    return day.year, (day.month + 2) // 3


def _end(quarter: tuple[int, int]) -> date:
    year, number = quarter
    return (date(year + 1, 1, 1) if number == 4 else date(year, number * 3 + 1, 1)) - timedelta(days=1)  # noqa: PLR2004 - the fourth quarter


class _Quarters:
    """What changed in the quarters of a unit's year in which others may have risen."""

    def __init__(self, params: SubstitutedParams, kind_of: Callable[[Act, World], str | None]) -> None:
        self._params = params
        self._kind_of = kind_of
        self._others: Counter[tuple[int, int]] = Counter()
        self._changes: Counter[tuple[int, int]] = Counter()
        self._known: dict[str, tuple[tuple[int, int], str]] = {}

    def add(self, act: Act, world: World) -> None:
        kind = self._kind_of(act, world)
        if kind is not None:
            quarter = _quarter(act)
            self._known[act.id] = quarter, kind
            self._changes[quarter] += 1
            self._others[quarter] += _stands_for(act) if kind == "other" else 0

    def remove(self, act: Act) -> None:
        quarter, kind = self._known.pop(act.id, (None, ""))
        if quarter is not None:
            self._changes[quarter] += 1
            self._others[quarter] -= _stands_for(act) if kind == "other" else 0

    def state(self, _world: World) -> Hashable:
        risen = [quarter for quarter, count in self._others.items() if count >= self._params.least_rise]
        return tuple((quarter, self._changes[quarter]) for quarter in sorted(risen)) or None


def _conditions(params: SubstitutedParams) -> Iterator[Condition]:
    yield from params.formal
    for one in params.others:
        yield from one


EVALUATOR = Evaluator(
    name="substituted",
    params=SubstitutedParams,
    on=frozenset({"doc.issued"}),
    scopes=scopes,
    judge=judge,
    looks=lambda _params: frozenset({LAST_YEAR}),
    summary=lambda bound: partial(_Quarters, bound.params, _kinds(bound.params)),
    weight=lambda _act: 0,
    kept_in=_kept_in,
    recalls=_next,
    words=lambda _params: dict.fromkeys(("violated", "waiting", "excused", "complied", "undetermined"), _NAMES),
    conditions=lambda params: {"doc.issued": tuple(_conditions(params))},
)
