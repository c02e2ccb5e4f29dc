"""Find numbers missing from a series of 发文字号 (kind A): each number between the first and the last must be accounted for."""

from collections.abc import Hashable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from pydantic import Field

from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import number_of, offered, offers
from services.monitor.world import World

_MOST_SHOWN: Final = 20


class SequenceParams(Params):
    """``[decide]`` of kind ``sequence``."""

    wait_days: int = Field(ge=0)
    """Days after a later number's 成文日期 before a gap counts: ledgers arrive late."""


def scopes(params: SequenceParams, act: Act) -> Iterable[str]:
    """Return the series that the act's number belongs to."""
    return [key for family in _kept_in(params, act.name) for key in offered(act, family)]


def _kept_in(params: SequenceParams, event: str) -> tuple[str, ...]:
    return ("series",) if event in params.on else ()


def judge(scene: Scene[SequenceParams]) -> Sequence[Verdict]:
    """Return one verdict for the series: complied, or the numbers that nothing accounts for."""
    seen: dict[int, Act] = {}
    for act in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        number = _number(act)
        if scene.scope in offers(act) and act.name in scene.params.on and number is not None:
            seen.setdefault(number, act)
    if not seen:
        return ()
    gaps = sorted(set(range(1, max(seen))) - set(seen))
    parsed = number_of(seen[max(seen)])
    series = f"{parsed.code}〔{parsed.year}〕" if parsed else ""
    last = seen[max(seen)]
    if not gaps:
        return (scene.say("complied", last, subject=scene.scope, numbers={"series": series, "last": max(seen)}),)
    wait = timedelta(days=scene.params.wait_days)
    due = {gap: min(act.day for number, act in seen.items() if number > gap) + wait for gap in gaps}
    today = scene.world.today
    ripe = [gap for gap in gaps if today is not None and due[gap] <= today]
    unripe = [due[gap] for gap in gaps if gap not in ripe]
    recheck = min(unripe, default=None)
    if not ripe:
        waiting: dict[str, Scalar] = {"series": series, "last": max(seen), "count": len(gaps)}
        return (
            scene.say("undetermined", last, subject=scene.scope, words="waiting", numbers=waiting, recheck_on=recheck),
        )
    shown = "、".join(map(str, ripe[:_MOST_SHOWN])) + ("等" if len(ripe) > _MOST_SHOWN else "")
    border = min((number for number in seen if number > ripe[0]), default=max(seen))
    numbers: dict[str, Scalar] = {"series": series, "last": max(seen), "count": len(ripe), "gaps": shown}
    return (
        scene.say("violated", seen[border], subject=scene.scope, numbers=numbers, acts=(last.id,), recheck_on=recheck),
    )


def _number(act: Act) -> int | None:
    parsed = number_of(act)
    return parsed.number if parsed else None


class _Numbers:
    """The numbers of a series that are accounted for, and the gaps between them."""

    def __init__(self) -> None:
        self._acts: dict[int, set[str]] = {}
        self._gaps: set[int] = set()
        self._top = 0
        self._changes = 0

    def add(self, act: Act, _world: World) -> None:
        number = _number(act)
        if number is None:
            return
        self._changes += 1
        self._acts.setdefault(number, set()).add(act.id)
        if number > self._top:
            self._gaps.update(range(self._top + 1, number))
            self._top = number
        self._gaps.discard(number)

    def remove(self, act: Act) -> None:
        number = _number(act)
        if number is None:
            return
        self._changes += 1
        self._acts[number].discard(act.id)
        if self._acts[number]:
            return
        del self._acts[number]
        if number == self._top:
            self._top = max(self._acts, default=0)
            self._gaps = {gap for gap in self._gaps if gap < self._top}
        else:
            self._gaps.add(number)

    def state(self, world: World) -> Hashable:
        return (self._changes, world.today) if self._gaps else None


EVALUATOR = Evaluator(
    name="sequence",
    params=SequenceParams,
    on=frozenset({"doc.issued", "doc.revoked"}),
    scopes=scopes,
    judge=judge,
    summary=lambda _bound: _Numbers,
    kept_in=_kept_in,
    only_kept=True,
    words=lambda _params: {
        "complied": frozenset({"series", "last"}),
        "waiting": frozenset({"series", "last", "count"}),
        "violated": frozenset({"series", "last", "count", "gaps"}),
    },
)
