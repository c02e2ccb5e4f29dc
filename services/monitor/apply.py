"""Apply one batch of facts: which scopes it touches, what the rules now say of them, and the difference to the standing alerts.

One batch is one transaction of a constant number of statements, whatever its size. The result depends on the set of facts applied
so far, not on how they were cut into batches (product decision 6).
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from contracts.catalog import ContractBroken, FromTheFuture, decode
from contracts.event import Event, Recorded
from contracts.reference import CalendarPublished, DayEnded, ListVersioned, UnitRegistered
from contracts.workdays import Workdays
from kit.cursor import Delivery
from kit.db import Connection
from kit.parked import Unread, mark_replayed, park, waiting
from services.monitor import store
from services.monitor.book import Book
from services.monitor.domain import Act, Verdict, fold, target_of
from services.monitor.engine import Index, judge, keys_of
from services.monitor.findings import Findings, settle_alerts
from services.monitor.judging import ACT_SCOPE
from services.monitor.relations import calendar as calendar_key
from services.monitor.relations import list_kind, needs, offers
from services.monitor.relations import unit as unit_key
from services.monitor.store import FactRow
from services.monitor.world import REFERENCE, World, build

STREAM: Final = "FACTS"
_MOST_CACHED: Final = 50_000
_ACT_KEY: Final = "act|"


@dataclass
class State:
    """What lives in memory between batches; ``None`` of a world means: load it first. Dropped whole when a batch fails."""

    book: Book
    base: Workdays
    world: World | None = None
    references: dict[str, Act] = field(default_factory=dict)
    cache: OrderedDict[str, Act] = field(default_factory=OrderedDict)

    def forget(self) -> None:
        """Drop everything that the database holds too."""
        self.world = None
        self.references.clear()
        self.cache.clear()


@dataclass(frozen=True, slots=True)
class _Batch:
    """The readable, new facts of a batch."""

    facts: tuple[Recorded[Event], ...]
    rows: tuple[FactRow, ...]
    unread: tuple[Unread, ...]


async def load_world(db: Connection, state: State) -> World:
    """Return the world, read from the database after a start or a failure."""
    if state.world is None:
        facts = [decode(body) for body in await store.reference_bodies(db)]
        state.references = {act.id: act for act in _lean(fold(facts))}
        state.world = build(state.references.values(), state.base)
    return state.world


async def apply(db: Connection, state: State, deliveries: Sequence[Delivery]) -> int:
    """Apply messages of FACTS in one transaction of the caller; return how many alert changes went into the outbox."""
    await store.lock_checkpoint(db, STREAM)
    await load_world(db, state)
    batch = await _read(db, deliveries)
    last = deliveries[-1]
    await park(db, STREAM, batch.unread)
    changed = await _take(db, state, batch, last.seq, last.time)
    await store.advance(db, STREAM, last.seq, last.time)
    return changed


async def replay(db: Connection, state: State, now: datetime, *, after: int) -> tuple[int, int]:
    """Apply what is parked behind the position ``after`` and can be read by now, one portion in the caller's transaction.

    Return the position of the last message looked at (0: there is none) and how many facts could be read. What it changes is
    dated with the checkpoint: the facts are as late as that.
    """
    checkpoint = await store.lock_checkpoint(db, STREAM)
    deliveries = await waiting(db, STREAM, after=after)
    if checkpoint is None or not deliveries:
        return 0, 0
    await load_world(db, state)
    batch = await _read(db, deliveries)
    unread = {one.delivery.seq for one in batch.unread}
    readable = [one.seq for one in deliveries if one.seq not in unread]
    await mark_replayed(db, STREAM, readable, now)
    if batch.facts:
        await _take(db, state, batch, *checkpoint)
    return deliveries[-1].seq, len(readable)


async def _take(db: Connection, state: State, batch: _Batch, position: int, moment: datetime) -> int:
    """Store the facts, judge what they touch and settle the alerts; ``position`` and ``moment`` date what changes."""
    await store.put_facts(db, batch.rows)
    touched = sorted({target_of(fact) or fact.fact_id for fact in batch.facts})
    facts = await _facts(db, batch, touched)
    before = _standing_before(batch, facts)
    after = _standing_after(state, touched, facts)
    woken = _reference_keys(state, before, after)
    pairs = await _affected(db, state, before, after, woken)
    await _store_keys(db, before, after)
    return await _judge(db, state, pairs, position, moment)


async def _read(db: Connection, deliveries: Sequence[Delivery]) -> _Batch:
    facts: dict[str, Recorded[Event]] = {}
    rows: dict[str, FactRow] = {}
    unread = []
    for message in deliveries:
        try:
            fact = decode(message.body)
        except (ContractBroken, FromTheFuture) as error:
            unread.append(Unread(message, str(error)))
            continue
        if fact.event.of_system:  # no act of anybody, but what this or another service did
            continue
        if fact.fact_id not in rows:
            facts[fact.fact_id] = fact
            rows[fact.fact_id] = _row(fact, message)
    seen = await store.known(db, list(rows))
    fresh = [name for name in rows if name not in seen]
    return _Batch(tuple(facts[name] for name in fresh), tuple(rows[name] for name in fresh), tuple(unread))


def _row(fact: Recorded[Event], message: Delivery) -> FactRow:
    """Return the row of a fact; what amends a reference fact cannot be told yet and is read by target."""
    return FactRow(
        fact_id=fact.fact_id,
        position=message.seq,
        name=fact.event.event_name(),
        target=target_of(fact),
        reference=isinstance(fact.event, REFERENCE),
        place=fact.jurisdiction,
        unit=fact.unit,
        body=message.body,
    )


async def _facts(db: Connection, batch: _Batch, touched: Sequence[str]) -> list[Recorded[Event]]:
    """Return every fact that makes the touched acts: those of the batch as they were read, the others from the database."""
    fresh = {fact.fact_id for fact in batch.facts}
    stored = [
        decode(body) for body in await store.earlier(db, touched, [name for name in touched if name not in fresh])
    ]
    return [*batch.facts, *(fact for fact in stored if fact.fact_id not in fresh)]


def _standing_before(batch: _Batch, facts: Sequence[Recorded[Event]]) -> dict[str, Act]:
    """Return how the touched acts stood before the batch."""
    fresh = {fact.fact_id for fact in batch.facts}
    return {act.id: act for act in fold([fact for fact in facts if fact.fact_id not in fresh])}


def _standing_after(state: State, touched: Sequence[str], facts: Sequence[Recorded[Event]]) -> dict[str, Act]:
    """Return how the touched acts stand now, whatever arrived first."""
    wanted = set(touched)
    acts = {act.id: act for act in fold(facts) if act.id in wanted}
    for name in touched:
        state.cache.pop(name, None)
        state.references.pop(name, None)
    state.cache.update((act.id, act) for act in acts.values() if not isinstance(act.event, REFERENCE))
    state.references.update({act.id: act for act in _lean(acts.values()) if isinstance(act.event, REFERENCE)})
    return acts


async def _bodies(db: Connection, fact_ids: Sequence[str]) -> list[Recorded[Event]]:
    return [decode(body) for body in await store.bodies(db, list(fact_ids))]


def _lean(acts: Iterable[Act]) -> list[Act]:
    """Keep of the days that ended only the last: the others tell nothing more."""
    found = list(acts)
    days = [act for act in found if isinstance(act.event, DayEnded)]
    last = max(days, key=lambda act: (act.read(DayEnded).day, act.id), default=None)
    return [act for act in found if not isinstance(act.event, DayEnded) or act is last]


def _reference_keys(state: State, before: Mapping[str, Act], after: Mapping[str, Act]) -> set[str]:
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


async def _affected(
    db: Connection, state: State, before: Mapping[str, Act], after: Mapping[str, Act], woken: set[str]
) -> set[tuple[str, str]]:
    """Return every (rule, scope) whose verdict the batch may change."""
    acts = [act for act in (*before.values(), *after.values()) if not isinstance(act.event, REFERENCE)]
    pairs = {pair for act in acts for pair in state.book.scopes(act)}
    offered = {key for act in acts for key in offers(act)}
    met: dict[str, set[str]] = {}
    for name, family in await store.needing(db, sorted(offered | woken)):
        if name not in after:
            met.setdefault(name, set()).add(family)
    woken_families = {key.split("|", 1)[0] for key in woken}
    moved: set[str] = set()
    for act in (await _acts(db, state, met)).values():
        everything = not met[act.id].isdisjoint(woken_families)
        pairs |= set(_dependent(state.book, act, met[act.id], everything=everything))
        moved |= offers(act) if everything else set()
    pairs |= await _looking_at(db, state, moved - offered, after)
    today = state.world.today if state.world else None
    if today is not None:
        pairs |= await store.due(db, today)
    return pairs


async def _looking_at(db: Connection, state: State, moved: set[str], after: Mapping[str, Act]) -> set[tuple[str, str]]:
    """Return the scopes of acts that look at acts whose unit or list changed: a meeting looks at where its superior's unit stands."""
    met: dict[str, set[str]] = {}
    for name, family in await store.needing(db, sorted(moved)):
        if name not in after:
            met.setdefault(name, set()).add(family)
    acts = await _acts(db, state, met)
    return {pair for act in acts.values() for pair in _dependent(state.book, act, met[act.id], everything=False)}


def _dependent(book: Book, act: Act, families: set[str], *, everything: bool) -> Iterable[tuple[str, str]]:
    """Yield the scopes of an act to judge again because of what it needs: those of rules that look at these families of keys.

    A reference fact (``everything``) may change verdicts in scopes that are keys, too.
    """
    for rule, scope in book.scopes(act):
        bound = book.bound(rule, act.place)
        looks = bound.evaluator.looks(bound.params) if bound else frozenset()
        if everything or (scope.startswith(ACT_SCOPE) and not looks.isdisjoint(families)):
            yield rule, scope


async def _store_keys(db: Connection, before: Mapping[str, Act], after: Mapping[str, Act]) -> None:
    acts = [act for act in after.values() if not isinstance(act.event, REFERENCE)]
    offered = [(key, act.id) for act in acts for key in offers(act) if not key.startswith(_ACT_KEY)]
    needed = [(key, act.id) for act in acts for key in needs(act)]
    await store.put_keys(db, offered, needed, sorted(before))


async def _acts(db: Connection, state: State, names: Iterable[str]) -> dict[str, Act]:
    """Return acts as they stand, from memory where they are there."""
    found: dict[str, Act] = {}
    absent: list[str] = []
    for name in names:
        act = state.cache.get(name)
        if act is None:
            absent.append(name)
        else:
            state.cache.move_to_end(name)
            found[name] = act
    wanted = set(absent)
    for act in fold(await _bodies(db, absent)):
        if act.id in wanted:
            found[act.id] = state.cache[act.id] = act
    while len(state.cache) > _MOST_CACHED:
        state.cache.popitem(last=False)
    return found


async def scenes(db: Connection, state: State, scopes: Iterable[str], extra: Sequence[Act] = ()) -> Index:
    """Return an index that holds every act that judging the scopes needs; ``extra`` acts need not be stored."""
    scopes = set(scopes)
    drafts = {act.id: act for act in extra}
    anchors = await _acts(
        db, state, {scope.removeprefix(ACT_SCOPE) for scope in scopes if scope.startswith(ACT_SCOPE)} - set(drafts)
    )
    anchors |= drafts
    keys = {key for scope in scopes for key in keys_of(scope, anchors.get(scope.removeprefix(ACT_SCOPE)))}
    names = {key.removeprefix(_ACT_KEY) for key in keys if key.startswith(_ACT_KEY)}
    offered = await store.offering(db, sorted(key for key in keys if not key.startswith(_ACT_KEY)))
    names = names.union(*offered.values()) - set(anchors)
    neighbours = await _acts(db, state, names)
    for draft in extra:
        for key in offers(draft):
            offered.setdefault(key, []).append(draft.id)
    return Index([*neighbours.values(), *anchors.values()], offered)


async def _judge(db: Connection, state: State, pairs: set[tuple[str, str]], position: int, moment: datetime) -> int:
    """Judge the pairs and write what changed; return the number of changes."""
    if not pairs or state.world is None:
        return 0
    index = await scenes(db, state, {scope for _, scope in pairs})
    judged = sorted(pairs)
    findings: dict[tuple[str, str], list[Verdict]] = {}
    timers: dict[tuple[str, str], date] = {}
    for rule, scope in judged:
        verdicts = judge(state.book, rule, scope, index.scene(scope), state.world, terse=True)
        findings[rule, scope] = [verdict for verdict in verdicts if verdict.severity is not None]
        recheck = min((verdict.recheck_on for verdict in verdicts if verdict.recheck_on), default=None)
        if recheck is not None:
            timers[rule, scope] = recheck
    await store.set_timers(db, judged, timers)
    return await settle_alerts(db, state.book, Findings(findings, index, state.world), position, moment)
