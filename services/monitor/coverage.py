"""How much the data lets the rules decide: for each source and rule, the share of subjects decided and the fields that lacked.

Verdicts without an alert are not computed as facts come in (decision 20), so this is computed when it is asked for, over a sample that
is bounded and the same for everybody: of each source the acts with the least ids, which are hashes and know nothing of content.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from contracts.event import Json
from kit.db import Connection
from services.monitor import queries_policy
from services.monitor.domain import Act, Verdict
from services.monitor.engine import judge
from services.monitor.judging import ACT_SCOPE
from services.monitor.reading import load_acts, scenes
from services.monitor.state import State, load_world

MOST_LOOKED: Final = 20_000
"""Acts whose source is read, at most: those with the least ids of all."""
MOST_JUDGED: Final = 600
"""Acts that are judged, at most, shared out among the sources."""
PER_SOURCE: Final = 200
_LOOK: Final = 1_000
_PORTION: Final = 20
_FIELDS_SHOWN: Final = 8


class _Head(msgspec.Struct):
    """What is read of a fact to find its place in the sample."""

    source: str
    time: str


@dataclass(slots=True)
class Sample:
    """The acts that are judged, by source."""

    looked: int = 0
    whole: bool = True
    """Every act in question was looked at."""
    acts: dict[str, int] = field(default_factory=dict)
    """Source -> acts seen of it."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """Source -> ids of the acts to judge, ascending."""


async def draw(
    db: Connection, place: str, units: Sequence[str] | None, *, year: int | None, source: str | None
) -> Sample:
    """Return the sample among the acts that the caller may see of a place (and units), a year and a source."""
    sample, after = Sample(), ""
    kept: dict[str, list[str]] = {}
    while rows := await queries_policy.bodies_after(db, place, units, after, _LOOK):
        after = rows[-1][0]
        sample.looked += len(rows)
        for name, body in rows:
            head = msgspec.json.decode(body, type=_Head)
            if (year is None or head.time.startswith(f"{year}-")) and source in (None, head.source):
                sample.acts[head.source] = sample.acts.get(head.source, 0) + 1
                kept.setdefault(head.source, [])
                if len(kept[head.source]) < PER_SOURCE:
                    kept[head.source].append(name)
        if sample.looked >= MOST_LOOKED:
            sample.whole = len(rows) < _LOOK
            break
    share = _shares({one: len(names) for one, names in kept.items()})
    sample.names = {one: names[: share[one]] for one, names in kept.items()}
    return sample


def _shares(wanted: Mapping[str, int]) -> dict[str, int]:
    """Share ``MOST_JUDGED`` out: the small ones get all they want, the others the same."""
    given: dict[str, int] = {}
    left, waiting = MOST_JUDGED, [(count, name) for name, count in wanted.items()]
    heapq.heapify(waiting)
    while waiting:
        count, name = waiting[0]
        given[name] = min(count, left // len(waiting))
        left -= given[name]
        heapq.heappop(waiting)
    return given


@dataclass(slots=True)
class _Cell:
    """What one rule said of what one source sent."""

    decided: int = 0
    undecided: int = 0
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        if verdict.outcome == "undetermined":
            self.undecided += 1
            self.missing.update(dict.fromkeys(verdict.missing, 1))
        else:
            self.decided += 1


class Coverage:
    """Counts by rule and source."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._cells: dict[tuple[str, str], _Cell] = {}
        self._counted: set[tuple[str, str, str]] = set()

    def take(self, source: str, act: Act, scope: str, verdicts: Iterable[Verdict]) -> None:
        """Count what was said of an act's scope; what is about a key is counted once for each source."""
        for verdict in verdicts:
            own = scope.startswith(ACT_SCOPE) or verdict.subject == act.id or act.id in verdict.acts
            known = (source, verdict.rule, verdict.subject)
            if own and known not in self._counted:
                self._counted.add(known)
                self._cells.setdefault((source, verdict.rule), _Cell()).add(verdict)

    def rows(self, titles: Mapping[str, str]) -> list[Json]:
        """Return a row for each rule and source, the least decided first."""
        rows = [
            {
                "source": source,
                "rule": rule,
                "title": titles[rule],
                "judged": cell.decided + cell.undecided,
                "decided": cell.decided,
                "share": round(cell.decided / (cell.decided + cell.undecided), 4),
                "missing": [{"field": name, "n": count} for name, count in cell.missing.most_common(_FIELDS_SHOWN)],
            }
            for (source, rule), cell in self._cells.items()
        ]
        return sorted(rows, key=lambda row: (row["share"], row["rule"], row["source"]))


async def judged(db: Connection, state: State, sample: Sample) -> Coverage:
    """Judge a sample, and let others have their turn after every act."""
    world, coverage = await load_world(db, state), Coverage()
    by_key: dict[tuple[str, str], list[Verdict]] = {}
    for source, names in sample.names.items():
        for begin in range(0, len(names), _PORTION):
            acts = await load_acts(db, state, names[begin : begin + _PORTION])
            wanted = {name: sorted(set(state.book.scopes(act))) for name, act in acts.items()}
            index = await scenes(db, state, {pair for pairs in wanted.values() for pair in pairs if pair not in by_key})
            for name, act in acts.items():
                if name not in wanted:
                    continue
                for rule, scope in wanted[name]:
                    found = by_key.get((rule, scope))
                    if found is None:
                        found = judge(state.book, rule, scope, index.scene(scope, state.book.looks(rule)), world)
                        if not scope.startswith(ACT_SCOPE):
                            by_key[rule, scope] = found
                    coverage.take(source, act, scope, found)
                await asyncio.sleep(0)
            state.trim()
    return coverage


def sheet(state: State, sample: Sample, coverage: Coverage) -> Json:
    """Return the whole answer."""
    return {
        "items": coverage.rows({rule.id: rule.title for rule in state.book.rules.values()}),
        "sources": [
            {"source": source, "acts": sample.acts[source], "judged": len(names)}
            for source, names in sorted(sample.names.items())
        ],
        "looked": sample.looked,
        "whole": sample.whole,
    }
