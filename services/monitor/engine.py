"""From a set of acts to verdicts: which scopes an act takes part in, and what the rules say of a scope. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.monitor.book import Book
from services.monitor.domain import Act, Verdict
from services.monitor.joins import AFTER, FAMILIES
from services.monitor.judging import ACT_SCOPE, Bound, Params, Scene
from services.monitor.relations import LAST_YEAR, along, around, offers, year_before
from services.monitor.world import World

Families = frozenset[str]
EVERY: Final[Families] = (
    frozenset({"no", "title", "act", "similar", "topic", "visit", "plans", "lent", "meetings", AFTER}) | FAMILIES
)
"""Every family of keys along which an act's own verdict may depend on other acts."""


def keys_of(scope: str, anchor: Act | None, families: Families = EVERY) -> frozenset[str]:
    """Return the keys whose acts must be loaded to judge a scope.

    ``anchor``: the act of an act scope, when it stands; ``families``: those of the keys that the rule looks at.
    """
    if not scope.startswith(ACT_SCOPE):
        return frozenset((*around(scope), *(year_before(scope) if LAST_YEAR in families else ())))
    beside = along(anchor) if anchor else {}
    return frozenset((scope, *(key for family, keys in beside.items() if family in families for key in keys)))


class Index:
    """Acts by the keys that they offer."""

    def __init__(self, acts: Iterable[Act], offered: Mapping[str, Iterable[str]] | None = None) -> None:
        """Index the acts; later ones of the same id replace earlier ones.

        ``offered``: key -> ids of the acts that offer it, when somebody knows already; every act offers its own id.
        """
        self.by_id: dict[str, Act] = {act.id: act for act in acts}
        self._scenes: dict[tuple[str, Families], dict[str, Act]] = {}
        self._offered: Mapping[str, Iterable[str]] = self._index() if offered is None else offered

    def _index(self) -> dict[str, list[str]]:
        offered: dict[str, list[str]] = {}
        for act in self.by_id.values():
            for key in offers(act):
                offered.setdefault(key, []).append(act.id)
        return offered

    def find(self, keys: Iterable[str]) -> dict[str, Act]:
        """Return the acts that offer any of the keys."""
        found: dict[str, Act] = {}
        for key in keys:
            names = (key.removeprefix(ACT_SCOPE),) if key.startswith(ACT_SCOPE) else self._offered.get(key, ())
            found.update((name, self.by_id[name]) for name in names if name in self.by_id)
        return found

    def scene(self, scope: str, families: Families = EVERY) -> dict[str, Act]:
        """Return the acts that judging a scope needs; many rules judge one scope, so it is found once."""
        found = self._scenes.get((scope, families))
        if found is None:
            found = self._scenes[scope, families] = self._find_scene(scope, families)
        return found

    def _find_scene(self, scope: str, families: Families) -> dict[str, Act]:
        anchor = self.by_id.get(scope.removeprefix(ACT_SCOPE)) if scope.startswith(ACT_SCOPE) else None
        return self.find(keys_of(scope, anchor, families))


def judge(
    book: Book, rule: str, scope: str, acts: Mapping[str, Act], world: World, *, terse: bool = False
) -> list[Verdict]:
    """Return every verdict of a rule on a scope.

    Each act is judged with the parameters of its own place; verdicts on days when the rule was no law are left out, or raise
    nothing where they wait for a later day. ``terse`` makes verdicts that raise no alert without words.
    """
    packs = {bound.pack: bound for bound in _bounds(book, rule, scope, acts)}
    verdicts: list[Verdict] = []
    for pack in sorted(packs):
        bound = packs[pack]
        for verdict in bound.evaluator.judge(Scene(bound, scope, acts, world, terse)):
            mine = book.bound(rule, verdict.place)
            if mine is None or mine.pack != pack:
                continue
            if bound.in_force(verdict.happened_on):
                verdicts.append(verdict)
            elif verdict.recheck_on is not None:  # what began before the rule was law may go on until it is
                verdicts.append(replace(verdict, severity=None))
    return verdicts


def _bounds(book: Book, rule: str, scope: str, acts: Mapping[str, Act]) -> Iterable[Bound[Params]]:
    """Yield the rule as it holds for each act that belongs to the scope."""
    if scope.startswith(ACT_SCOPE):
        anchor = acts.get(scope.removeprefix(ACT_SCOPE))
        candidates: Iterable[Act] = (anchor,) if anchor else ()
    else:
        candidates = acts.values()
    places: set[tuple[str, str]] = set()
    for act in candidates:
        if (act.place, act.name) in places:
            continue
        bound = book.bound(rule, act.place)
        if bound is not None and scope in bound.evaluator.scopes(bound.params, act):
            places.add((act.place, act.name))
            yield bound
