"""What lives in the monitor's memory between batches: everything in it can be read from the database again."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.reference import CalendarPublished, DayEnded, ListVersioned, UnitRegistered
from contracts.workdays import Workdays
from kit.db import Connection
from kit.facts import decode
from services.monitor import store
from services.monitor.book import Book
from services.monitor.domain import Act, fold
from services.monitor.memory import Memories
from services.monitor.relations import calendar as calendar_key
from services.monitor.relations import list_kind
from services.monitor.relations import unit as unit_key
from services.monitor.world import REFERENCE, World, build

_MOST_CACHED: Final = 10_000
"""Acts, of about 5 kB each."""


@dataclass
class State:
    """The rule book with what is known of the log; ``None`` of a world means: load it first. Dropped whole when a batch fails."""

    book: Book
    base: Workdays
    world: World | None = None
    references: dict[str, Act] = field(default_factory=dict)
    cache: OrderedDict[str, Act] = field(default_factory=OrderedDict)
    memories: Memories = field(default_factory=Memories)

    def forget(self) -> None:
        """Drop everything that the database holds too."""
        self.world = None
        self.references.clear()
        self.cache.clear()
        self.memories.clear()

    def trim(self) -> None:
        """Drop what is beyond the bounds, that longest not asked for first."""
        self.memories.trim()
        while len(self.cache) > _MOST_CACHED:
            self.cache.popitem(last=False)

    def take(self, touched: Iterable[str], after: Mapping[str, Act]) -> None:
        """Take in how the touched acts stand now."""
        for name in touched:
            self.cache.pop(name, None)
            self.references.pop(name, None)
        self.cache.update((name, act) for name, act in after.items() if not isinstance(act.event, REFERENCE))
        fresh = [act for act in after.values() if isinstance(act.event, REFERENCE)]
        if fresh:
            self.references.update((act.id, act) for act in _lean(fresh))


async def load_world(db: Connection, state: State) -> World:
    """Return the world, read from the database after a start or a failure."""
    if state.world is None:
        facts = [decode(body) for body in await store.reference_bodies(db)]
        state.references = {act.id: act for act in _lean(fold(facts))}
        state.world = build(state.references.values(), state.base)
    return state.world


def _lean(acts: Iterable[Act]) -> list[Act]:
    """Keep of the days that ended only the last: the others tell nothing more."""
    found = list(acts)
    days = [act for act in found if isinstance(act.event, DayEnded)]
    last = max(days, key=lambda act: (act.read(DayEnded).day, act.id), default=None)
    return [act for act in found if not isinstance(act.event, DayEnded) or act is last]


def renew_world(state: State, before: Mapping[str, Act], after: Mapping[str, Act]) -> set[str]:
    """Rebuild the world when a reference fact came or changed; return the keys of what depends on it."""
    changed = [act for act in (*before.values(), *after.values()) if isinstance(act.event, REFERENCE)]
    if not changed:
        return set()
    old = state.world
    state.references = {act.id: act for act in _lean(state.references.values())}
    state.world = build(state.references.values(), state.base)
    keys: set[str] = set()
    units: set[str] = set()
    for act in changed:
        event = act.event
        if isinstance(event, UnitRegistered):
            units.add(event.unit)
        elif isinstance(event, ListVersioned):
            keys.add(list_kind(event.kind))
        elif isinstance(event, CalendarPublished):
            keys.add(calendar_key(event.year))
    for world in (old, state.world):
        if world is not None and units:
            units |= _below(world, units)
    return keys | {unit_key(name) for name in units}


def _below(world: World, units: set[str]) -> set[str]:
    """Return every unit that has, at any time, one of the units among its superiors."""
    children: dict[str, set[str]] = {}
    for name, versions in world.units.items():
        for _, version in versions:
            if version.superior:
                children.setdefault(version.superior, set()).add(name)
    found, waiting = set(units), list(units)
    while waiting:
        fresh = children.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return found
