"""Facts of a batch, and acts as they stand: before it, after it, and those that others are judged with."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.catalog import ContractBroken, FromTheFuture
from contracts.event import Event, Recorded
from kit.cursor import Delivery
from kit.db import Connection
from kit.facts import decode
from kit.parked import Unread
from services.monitor import store
from services.monitor.book import Book
from services.monitor.domain import Act, fold, stated, target_of
from services.monitor.engine import Families, Index, keys_of
from services.monitor.judging import ACT_SCOPE
from services.monitor.memory import kept
from services.monitor.relations import needs, offers
from services.monitor.state import State
from services.monitor.store import FactRow
from services.monitor.world import REFERENCE, UNJUDGED

_BREATH: Final = 20
"""Messages that are read before the loop may move what waits: about 2 ms."""
_ELSEWHERE: Final = ("act|", "unit|", "list|", "calendar|")
"""Keys that no row of ``offer`` has: acts are found by their id, the rest is the world."""


@dataclass(frozen=True)
class Batch:
    """The readable facts of a batch that are new, and what they make of acts."""

    rows: tuple[FactRow, ...]
    unread: tuple[Unread, ...]
    before: Mapping[str, Act]
    """Touched acts as they stood."""
    after: Mapping[str, Act]
    """Touched acts as they stand, whatever arrived first."""

    @cached_property
    def gone(self) -> list[Act]:
        """The acts that stood before, less what no rule judges."""
        return [act for act in self.before.values() if not isinstance(act.event, UNJUDGED)]

    @cached_property
    def come(self) -> list[Act]:
        """The acts that stand now, less what no rule judges."""
        return [act for act in self.after.values() if not isinstance(act.event, UNJUDGED)]


@dataclass(frozen=True, slots=True)
class Incoming:
    """The messages of a batch by themselves, before anything is known of what is stored."""

    deliveries: Sequence[Delivery]
    facts: Mapping[str, Recorded[Event]]
    rows: Mapping[str, FactRow]
    acts: Mapping[str, Act]
    """The facts as the acts that they are if nothing amends them, with their keys worked out."""
    unread: tuple[Unread, ...]


async def unpack(book: Book, deliveries: Sequence[Delivery]) -> Incoming:
    """Read messages, and let others have their turn now and then; what cannot be read is to be parked."""
    facts: dict[str, Recorded[Event]] = {}
    rows: dict[str, FactRow] = {}
    acts: dict[str, Act] = {}
    unread = []
    for number, message in enumerate(deliveries):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        try:
            fact = decode(message.body)
        except (ContractBroken, FromTheFuture) as error:
            unread.append(Unread(message, str(error)))
            continue
        if fact.event.of_system or fact.fact_id in rows:  # no act of anybody, but what this or another service did
            continue
        facts[fact.fact_id] = fact
        row = rows[fact.fact_id] = _row(fact, message)
        if row.target is None:
            act = acts[fact.fact_id] = stated(fact)
            _ = kept(book, act), offers(act), needs(act)
    return Incoming(deliveries, facts, rows, acts, tuple(unread))


async def read(db: Connection, incoming: Incoming) -> Batch:
    """Return what the messages make of acts; what is stored already is left out."""
    facts, rows = dict(incoming.facts), dict(incoming.rows)
    targets = {row.target for row in rows.values() if row.target}
    stored = await store.earlier(db, sorted(targets.union(rows)))
    for name, _, _ in stored:
        facts.pop(name, None)
        rows.pop(name, None)
    touched = {row.target or name for name, row in rows.items()}
    old = [decode(body) for name, target, body in stored if name in touched or target in touched]
    return Batch(
        tuple(rows.values()),
        incoming.unread,
        {act.id: act for act in fold(old) if act.id in touched},
        {act.id: act for act in fold([*old, *facts.values()], incoming.acts) if act.id in touched},
    )


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


async def load_acts(db: Connection, state: State, names: Iterable[str]) -> dict[str, Act]:
    """Return acts as they stand, from memory where they are there."""
    found: dict[str, Act] = {}
    absent: list[str] = []
    for name in names:
        act = state.acts.get(name)
        if act is None:
            absent.append(name)
        else:
            found[name] = act
    wanted = set(absent)
    for act in fold([decode(body) for body in await store.bodies(db, absent)]):
        if act.id in wanted:
            found[act.id] = act
            state.acts.put(act)
    return found


async def offering(db: Connection, keys: Iterable[str]) -> dict[str, list[str]]:
    """Return key -> ids of the acts that offer it."""
    return await store.offering(db, sorted(key for key in keys if not key.startswith(_ELSEWHERE)))


async def scenes(db: Connection, state: State, pairs: Iterable[tuple[str, str]], extra: Sequence[Act] = ()) -> Index:
    """Return an index that holds every act that judging the (rule, scope) pairs needs; ``extra`` acts need not be stored."""
    scopes: dict[str, Families] = {}
    for rule, scope in pairs:
        scopes[scope] = scopes.get(scope, frozenset()) | state.book.looks(rule)
    drafts = {act.id: act for act in extra}
    anchors = await load_acts(
        db, state, {scope.removeprefix(ACT_SCOPE) for scope in scopes if scope.startswith(ACT_SCOPE)} - set(drafts)
    )
    anchors |= drafts
    keys = {
        key
        for scope, families in scopes.items()
        for key in keys_of(scope, anchors.get(scope.removeprefix(ACT_SCOPE)), families)
    }
    offered = await offering(db, keys)
    names = {key.removeprefix(ACT_SCOPE) for key in keys if key.startswith(ACT_SCOPE)}
    names = names.union(*offered.values()) - set(anchors)
    neighbours = await load_acts(db, state, names)
    for draft in extra:
        for key in offers(draft):
            offered.setdefault(key, []).append(draft.id)
    return Index([*neighbours.values(), *anchors.values()], offered)
