"""Bring facts into the tables of ledgers: the one way for new facts, for replayed ones and for a rebuild.

Most facts concern nothing but themselves: their row is known when they are read, and a batch of them is plain COPY. The
others (corrections, the later steps of a loan or a demand) are *tangled*: everything that hangs together with them is
loaded and their entities are computed from the set of their facts, so that the order of arrival does not matter.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.event import TYPE_PREFIX, Event
from kit.db import Connection
from services.ledger import store
from services.ledger.domain import FOREVER, Act, Member, Version, acts_of, members_of, states_of, versions_of
from services.ledger.facts import ByEvent, Reading, by_event, open_envelope, read_fact
from services.ledger.store import AMENDS, Counted, Target, Thread


class Gathered(NamedTuple):
    """Acts that hang together with some facts."""

    acts: list[Act]
    threads: list[Thread]
    """Those that corrections add."""
    positions: dict[str, int]
    """The position of each fact by its id."""


class Placed(msgspec.Struct, frozen=True, gc=False):
    """A fact that can be projected, at its position."""

    position: int
    reading: Reading


@dataclass(frozen=True)
class Projector:
    """Writes the tables of its targets."""

    targets: tuple[Target, ...]
    ledgers: ByEvent
    tags: tuple[str, ...]

    @classmethod
    def to(cls, targets: Iterable[Target]) -> "Projector":
        """Return a projector to these tables."""
        targets = tuple(targets)
        return cls(targets, by_event([one.ledger for one in targets]), (AMENDS, *(one.tag for one in targets)))

    @property
    def types(self) -> list[str]:
        """The CloudEvents types, of every version so far, that the targets or their corrections are made of."""
        events: tuple[type[Event], ...] = (ActCorrected, ActWithdrawn, *self.ledgers)
        return [
            f"{TYPE_PREFIX}{event.event_name()}.v{version}"
            for event in events
            for version in range(1, event.version + 1)
        ]

    def read(self, bodies: Iterable[tuple[int, bytes]]) -> list[Placed]:
        """Read what the journal holds; what cannot be read is left out."""
        read = ((position, read_fact(open_envelope(body), self.ledgers)) for position, body in bodies)
        return [Placed(position, reading) for position, reading in read if isinstance(reading, Reading)]

    async def known(self, db: Connection, keys: Iterable[str], before: int) -> dict[str, int | None]:
        """Return which of the keys concern earlier facts (see ``store.known``)."""
        return await store.known(db, keys, self.tags, before)

    async def project(
        self, db: Connection, placed: Sequence[Placed], *, known: Container[str] | None, upto: int
    ) -> None:
        """Project facts that are in the journal and were not projected yet.

        ``known`` are the keys that concern other projected facts; ``None``: any may. Facts after ``upto`` are left out.
        """
        plain, tangled = _split(placed, known)
        work = _Work({target.tag: target for target in self.targets})
        by_name = {target.ledger.name: target for target in self.targets}
        for one in plain:
            work.positions[one.reading.fact.fact_id] = one.position
            for alone in one.reading.rows:
                if alone.row is not None:
                    version = Version(alone.entity, one.reading.fact.recorded, FOREVER, False, alone.row)  # noqa: FBT003
                    work.add(by_name[alone.ledger], version)
        await store.link(
            db, [thread for one in placed if len(one.reading.keys) > 1 for thread in _threads(one, by_name)]
        )
        await work.write(db)
        if tangled:  # after the plain ones are written: a correction may tie one of them to another only now
            await self._untangle(db, tangled, upto, work)
            await work.write(db)
        await store.count(db, work.deltas)

    async def _untangle(self, db: Connection, tangled: Sequence[Placed], upto: int, work: "_Work") -> None:
        gathered = await self.gather(db, tangled, set(), upto)
        await store.link(db, gathered.threads)
        work.positions.update(gathered.positions)
        since: dict[str, datetime] = {}
        for one in tangled:
            fact = one.reading.fact
            concerned = fact.target or fact.fact_id
            since[concerned] = min(since.get(concerned, FOREVER), fact.recorded)
        for target in self.targets:
            await _recompute(db, target, members_of(target.ledger, gathered.acts), since, work)

    async def gather(self, db: Connection, facts: Sequence[Placed], keys: set[str], upto: int) -> Gathered:
        """Return every act that hangs together with these facts and keys."""
        placed = {one.position: one for one in facts}
        want = {*keys, *(key for one in facts for key in one.reading.keys)}
        seen: set[str] = set()
        threads: list[Thread] = []
        while want:
            loaded = await store.load(db, want, self.tags, upto)
            fresh = self.read(row for row in loaded if row[0] not in placed)
            placed |= {one.position: one for one in fresh}
            seen |= want
            threads = list(self._moves(placed.values()))
            want = {key for one in fresh for key in one.reading.keys} | {thread.key for thread in threads}
            want -= seen
        readings = [one.reading for one in placed.values()]
        replacements = {one.fact.fact_id: one.replacement for one in readings if one.replacement is not None}
        positions = {one.reading.fact.fact_id: one.position for one in placed.values()}
        return Gathered(acts_of((one.fact for one in readings), replacements), threads, positions)

    def _moves(self, placed: Iterable[Placed]) -> Iterable[Thread]:
        """Yield the threads to the entities that corrected data belong to."""
        by_id = {one.reading.fact.fact_id: one for one in placed}
        for one in by_id.values():
            replacement = one.reading.replacement
            original = by_id.get(one.reading.fact.target or "") if replacement else None
            if replacement is None or original is None:
                continue
            form = original.reading.fact.saying(replacement)
            for target in self.targets:
                if isinstance(form.event, target.ledger.events):
                    entity = target.ledger.entity(form)
                    if entity is not None and entity != form.fact_id:
                        yield Thread(entity, target.tag, original.position)


@dataclass
class _Work:
    """What one call of ``project`` writes at its end: rows by table, and by how much the counts change."""

    targets: Mapping[str, Target]
    versions: dict[str, list[Version]] = field(default_factory=dict)
    deltas: dict[Counted, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    """Where the facts stand that rows have their ids of."""

    def add(self, target: Target, version: Version) -> None:
        self.versions.setdefault(target.tag, []).append(version)
        self._count(target, version, 1)

    def remove(self, target: Target, version: Version) -> None:
        self._count(target, version, -1)

    def _count(self, target: Target, version: Version, n: int) -> None:
        counts = version.known_to == FOREVER and not version.withdrawn
        if counts and version.row.family in target.ledger.families:
            row = version.row
            key = (target.tag, row.jurisdiction, row.happened_on.replace(day=1), row.family, row.unit)
            self.deltas[key] = self.deltas.get(key, 0) + n

    async def write(self, db: Connection) -> None:
        for tag, versions in self.versions.items():
            await store.write(db, self.targets[tag], versions, self.positions)
        self.versions.clear()


async def _recompute(
    db: Connection,
    target: Target,
    entities: Mapping[str, Sequence[Member]],
    since: Mapping[str, datetime],
    work: _Work,
) -> None:
    states = {}
    for entity, members in entities.items():
        moment = min(since.get(one.act.original.fact_id, FOREVER) for one in members)
        if found := states_of(target.ledger, entity, members, moment) if moment != FOREVER else []:
            states[entity] = found
    if not states:
        return
    before: dict[str, Version] = {}
    since_of = {entity: found[0].since for entity, found in states.items()}
    for version in await store.take(db, target, since_of, work.positions):
        work.remove(target, version)
        if version.known_from < states[version.act_id][0].since:
            before[version.act_id] = version
    for entity, found in states.items():
        for version in versions_of(entity, before.get(entity), found):
            work.add(target, version)


def _threads(one: Placed, by_name: Mapping[str, Target]) -> Iterable[Thread]:
    fact = one.reading.fact
    if (target := fact.target) is not None:
        yield Thread(target, AMENDS, one.position)
    for alone in one.reading.rows:
        if alone.entity != fact.fact_id:
            yield Thread(alone.entity, by_name[alone.ledger].tag, one.position)


def _split(placed: Sequence[Placed], known: Container[str] | None) -> tuple[list[Placed], list[Placed]]:
    """Tell the facts that concern nothing but themselves from those that hang together with others."""
    if known is None:
        return [], list(placed)
    seen: set[str] = set()
    shared: set[str] = set()
    for one in placed:
        for key in one.reading.keys:
            (shared if key in seen or key in known else seen).add(key)
    if not shared:
        return list(placed), []
    plain: list[Placed] = []
    tangled: list[Placed] = []
    for one in placed:
        (plain if shared.isdisjoint(one.reading.keys) else tangled).append(one)
    return plain, tangled
