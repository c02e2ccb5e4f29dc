"""What lives in the monitor's memory between batches: everything in it can be read from the database again.

Bounds: acts ``MOST_ACTS`` and summaries ``memory.MOST`` kilobytes, about; places 20,000 (``book``), topics 16,384 (``relations``), senders
8,192 (``kit.facts``); besides what is being worked on, two batches. Not bounded are the reference facts that stand: each unit
and list is needed by whatever comes.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, get_args, get_origin

from contracts.documents import DocumentIssued
from contracts.event import Event
from contracts.reference import CalendarPublished, DayEnded, ListVersioned, UnitRegistered
from contracts.workdays import Workdays
from kit.db import Connection
from kit.facts import decode
from services.monitor import store
from services.monitor.book import Book
from services.monitor.conditions import fields
from services.monitor.domain import Act, fold
from services.monitor.memory import Memories
from services.monitor.relations import calendar as calendar_key
from services.monitor.relations import list_kind
from services.monitor.relations import unit as unit_key
from services.monitor.world import NO_MEETINGS, REFERENCE, World, build

_LAST_YEAR: Final = 2100
"""The last year that calendars speak of."""
MOST_ACTS: Final = 100_000
"""Kilobytes, about, that all remembered acts take between batches: some ten thousand, or a few hundred of the largest."""
YOUNG: Final = 1_000_000
"""New values at which the collector looks for lost cycles: of an act about a hundred are kept, so it would else look again and
again at what is kept on purpose until the bounds are reached, a tenth of the time."""
_SMALL: Final = 5
"""Kilobytes of an act without long lists, with what was computed from it."""


class Acts:
    """Acts as they stand, those longest not asked for dropped first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_id: OrderedDict[str, tuple[Act, int]] = OrderedDict()
        self._held = 0

    def get(self, name: str) -> Act | None:
        """Return an act, which counts as asked for."""
        found = self._by_id.get(name)
        if found is None:
            return None
        self._by_id.move_to_end(name)
        return found[0]

    def put(self, act: Act) -> None:
        """Remember an act."""
        self.drop(act.id)
        size = size_of(act)
        self._by_id[act.id] = act, size
        self._held += size

    def drop(self, name: str) -> None:
        """Forget an act."""
        found = self._by_id.pop(name, None)
        self._held -= found[1] if found else 0

    def clear(self) -> None:
        """Forget all."""
        self._by_id.clear()
        self._held = 0

    def trim(self, most: int = MOST_ACTS) -> None:
        """Forget what was longest not asked for until at most so many kilobytes are held."""
        while self._held > most and self._by_id:
            _, (_, size) = self._by_id.popitem(last=False)
            self._held -= size


def size_of(act: Act) -> int:
    """Return the kilobytes that an act takes, about: 64 bytes a value of a sketch, 250 an item of another list."""
    event = act.event
    size = _SMALL + sum(map(len, filter(None, _lists_of(type(event))(event)))) // 4
    sketch = event.sketch if isinstance(event, DocumentIssued) else None
    return size + len(sketch.values) // 16 if sketch else size


@cache
def _lists_of(kind: type[Event]) -> Callable[[Event], Iterable[Sequence[object] | None]]:
    """Return the way to the values of the fields that hold lists, or may."""
    kinds = {name: field.annotation for name, field in kind.model_fields.items()}
    names = [name for name, one in kinds.items() if tuple in {get_origin(part) for part in (one, *get_args(one))}]
    return fields(names)


@dataclass
class State:
    """The rule book with what is known of the log; ``None`` of a world means: load it first. Dropped whole when a batch fails."""

    book: Book
    base: Workdays
    world: World | None = None
    references: dict[str, Act] = field(default_factory=dict)
    acts: Acts = field(default_factory=Acts)
    memories: Memories = field(default_factory=Memories)

    def forget(self) -> None:
        """Drop everything that the database holds too."""
        self.world = None
        self.references.clear()
        self.acts.clear()
        self.memories.clear()

    def trim(self) -> None:
        """Drop what is beyond the bounds, that longest not asked for first."""
        self.memories.trim()
        self.acts.trim()

    def take(self, touched: Iterable[str], after: Mapping[str, Act]) -> None:
        """Take in how the touched acts stand now."""
        for name in touched:
            self.acts.drop(name)
            self.references.pop(name, None)
        for act in after.values():
            if not isinstance(act.event, REFERENCE):
                self.acts.put(act)
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
        elif isinstance(event, ListVersioned) and event.kind == NO_MEETINGS:
            # meetings come by the thousand and need the calendar of their year anyway: they are asked for by that
            last = event.valid_to.year if event.valid_to else _LAST_YEAR
            keys |= {calendar_key(year) for year in range(event.valid_from.year, min(last, _LAST_YEAR) + 1)}
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
