"""Which (rule, scope) pairs a batch may change: everything else is not looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kit.db import Connection
from services.monitor import store
from services.monitor.book import Book, Speaking
from services.monitor.domain import Act
from services.monitor.judging import ACT_SCOPE, Bound, Params, Recall
from services.monitor.memory import kept
from services.monitor.reading import Batch, load_acts, offering
from services.monitor.relations import NEEDED, needs, offered, offers, reaches
from services.monitor.relations import unit as unit_key
from services.monitor.state import State
from services.monitor.world import World

Pairs = set[tuple[str, str]]
_UNIT = unit_key("")


async def recollect(db: Connection, state: State, batch: Batch, woken: Mapping[str, Act]) -> None:
    """Have every summary that the batch touches or asks for in memory, as of before the batch.

    ``woken``: the acts that a change of the world bears on; what was kept of them is dropped, and made anew by the new world.
    """
    world = state.world
    if world is None:
        return
    state.memories.forget(key for act in woken.values() for key in kept(state.book, act))
    acts = [*batch.gone, *batch.come]
    absent = state.memories.absent({key for act in acts for key in _asked(state.book, act)})
    members = await offering(db, absent)
    names = {name for found in members.values() for name in found}
    stood = {**await load_acts(db, state, names - batch.before.keys()), **batch.before}
    for key in absent:
        state.memories.make(state.book, key, (stood[name] for name in members.get(key, ()) if name in stood), world)


def _asked(book: Book, act: Act) -> Iterable[str]:
    yield from kept(book, act)
    for _, bound, _ in book.asked(act.place, act.name).recalling:
        if bound.evaluator.recalls is not None:
            yield from bound.evaluator.recalls(bound.params, act)


async def woken_by_world(db: Connection, state: State, batch: Batch, keys: set[str]) -> dict[str, Act]:
    """Return the acts that depend on the changed parts of the world, less those that the batch itself touches."""
    if not keys:
        return {}
    units = sorted(key.removeprefix(_UNIT) for key in keys if key.startswith(_UNIT))
    names = {name for name, _ in await store.needing(db, sorted(keys))}
    return await load_acts(db, state, names.union(await store.of_units(db, units)) - batch.before.keys())


async def pairs_of(db: Connection, state: State, batch: Batch, woken: Mapping[str, Act]) -> Pairs:
    """Return what to judge: the scopes of the acts that came, went or changed, of those woken, and of those that look at them."""
    pairs = _own(state, batch, state.world) if state.world else set()
    pairs |= {pair for act in woken.values() for pair in state.book.scopes(act)}
    pairs |= {
        (rule, scope)
        for act in woken.values()
        for rule, _, scope in _elsewhere(state.book.elsewhere(act.place, act.name), act)
    }
    pairs |= _stirred(state, batch)
    pairs |= await _met(db, state, batch, woken)
    today = state.world.today if state.world else None
    if today is not None:
        pairs |= await store.due(db, today)
    return pairs


def _own(state: State, batch: Batch, world: World) -> Pairs:
    """Return the scopes of the acts themselves, less what certainly has nothing to tell and never had."""
    moved = state.memories.change(state.book, batch.gone, batch.come, world)
    pairs = {(rule, key) for key, rules in moved.items() for rule in rules}
    recalls = {rule: state.memories.recall(rule) for rule in state.book.rules}
    for act in (*batch.gone, *batch.come):
        fresh, own = act.id not in batch.before, ACT_SCOPE + act.id
        asked = state.book.asked(act.place, act.name)
        if fresh:
            told = asked.signs.of(act, world)
            pairs.update([(rule, own) for rule, silent in told if not silent(act, world, recalls[rule])])
        else:
            pairs.update([(rule, own) for rule in asked.own])
        for rule, bound, silent in asked.others:
            for scope in bound.evaluator.scopes(bound.params, act):
                if scope != own:
                    tells = _tells(bound, act, scope, recalls[rule], state, world)
                else:
                    tells = not (fresh and silent(act, world, recalls[rule]))
                if tells:
                    pairs.add((rule, scope))
        pairs.update(
            (rule, scope)
            for rule, bound, scope in _elsewhere(asked.elsewhere, act)
            if _tells(bound, act, scope, recalls[rule], state, world)
        )
    return pairs


def _elsewhere(rules: Iterable[Speaking], act: Act) -> Iterator[tuple[str, Bound[Params], str]]:
    """Yield the findings of other places in which an act counts, with the rule as some pack has it."""
    for rule, bound, _ in rules:
        for scope in bound.evaluator.scopes(bound.params, act):
            if scope != ACT_SCOPE + act.id:
                yield rule, bound, scope


def _tells(bound: Bound[Params], act: Act, scope: str, recall: Recall, state: State, world: World) -> bool:
    """Tell whether an act may have changed what a rule finds on a scope that is a key and that it is not kept under."""
    if bound.evaluator.summary is None:
        return True
    if scope in kept(state.book, act):
        return False  # the summary tells by itself
    summary = recall(scope)
    return bool(state.memories.absent([scope])) or (summary is not None and summary.state(world) is not None)


def _stirred(state: State, batch: Batch) -> Pairs:
    """Return the verdicts on other acts that summaries know to be near."""
    return {
        (rule, ACT_SCOPE + name)
        for act in (*batch.gone, *batch.come)
        for rule, bound, _ in state.book.asked(act.place, act.name).recalling
        for name in bound.evaluator.stirs(bound, act, state.memories.recall(rule))
    }


async def _met(db: Connection, state: State, batch: Batch, woken: Mapping[str, Act]) -> Pairs:
    """Return the verdicts on other acts that need what these offer, or look along it: those of rules that look at its family."""
    acts = [*batch.gone, *batch.come, *woken.values()]
    needing = await store.needing(db, sorted({key for act in acts for name in NEEDED for key in offered(act, name)}))
    sources: dict[tuple[str, str], list[Act]] = {}
    for act in acts:
        for pair in reaches(act).items():
            sources.setdefault(pair, []).append(act)
    members = await offering(db, {key for key, _ in sources})
    members.update((key, [key.removeprefix(ACT_SCOPE)]) for key, _ in sources if key.startswith(ACT_SCOPE))
    needed: dict[str, set[str]] = {}
    for name, family in needing:
        needed.setdefault(name, set()).add(family)
    near: dict[str, dict[str, list[Act]]] = {}
    for (key, family), found in sources.items():
        for name in members.get(key, ()):
            near.setdefault(name, {}).setdefault(family, []).extend(found)
    others = await load_acts(db, state, (needed.keys() | near.keys()) - batch.before.keys() - batch.after.keys())
    return {
        (rule, ACT_SCOPE + act.id)
        for act in others.values()
        for rule, bound, _ in state.book.speaking(act.place, act.name)
        if bound.rule.mode != "hint"
        and _looks_at(bound, act, needed.get(act.id, set()), near.get(act.id, {}))
        and ACT_SCOPE + act.id in bound.evaluator.scopes(bound.params, act)
    }


def _looks_at(bound: Bound[Params], act: Act, needed: set[str], near: Mapping[str, Sequence[Act]]) -> bool:
    """Tell whether a rule's verdict on an act depends on acts that it needs by these families, or is near to by those."""
    looks = bound.evaluator.looks(bound.params)
    if not looks.isdisjoint(needed):
        return True
    return any(bound.evaluator.moved_by(bound.params, act, other) for family in looks for other in near.get(family, ()))


async def store_keys(db: Connection, batch: Batch) -> None:
    """Store what the acts offer and need now, and drop what they did before."""
    await store.put_keys(db, _keys(batch.gone), _keys(batch.come))


def _keys(acts: Iterable[Act]) -> store.Keys:
    acts = list(acts)
    offered = [(key, act.id) for act in acts for key in offers(act) if not key.startswith(ACT_SCOPE)]
    return store.Keys(offered, [(key, act.id) for act in acts for key in needs(act)])
