"""What is kept in memory between batches of the acts under a key: one summary for each rule that keeps one. Pure.

A memory is a function of the set of acts under its key. What it held when its scope was last judged and what it holds now tell
whether the scope must be judged again; a memory that was dropped is made anew from the acts.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from services.monitor.book import Book, Keeping
from services.monitor.domain import Act
from services.monitor.judging import Recall, Summary
from services.monitor.relations import offered
from services.monitor.world import World

MOST: Final = 300_000
"""Kilobytes, about, that all memories together hold between batches."""


def kept(book: Book, act: Act) -> Mapping[str, Sequence[Keeping]]:
    """Return the keys under which summaries hold an act -> the rules that keep them there."""
    found: dict[str, Sequence[Keeping]] | None = act.memo.get("kept")
    if found is None:
        families = book.keeping(act.place, act.name).items()
        found = act.memo["kept"] = {key: rules for family, rules in families for key in offered(act, family)}
    return found


class Memory:
    """The summaries under one key."""

    def __init__(self, key: str) -> None:
        """Begin empty."""
        self.key = key
        self.size = 1
        """Kilobytes, about, as evaluators state what their summaries take."""
        self._summaries: dict[str, Summary] = {}
        self._judged: dict[str, Hashable] = {}
        self._packs: set[tuple[str, ...]] = set()

    def add(self, act: Act, packs: tuple[str, ...], rules: Sequence[Keeping], world: World) -> None:
        """Take an act in, for the rules that keep it here; ``packs``: those of its place."""
        self._packs.add(packs)
        summaries = self._summaries
        for rule, begin, weight in rules:
            summary = summaries.get(rule)
            if summary is None:
                summary = summaries[rule] = begin()
            summary.add(act, world)
            self.size += weight(act)

    def remove(self, act: Act, rules: Sequence[Keeping]) -> None:
        """Take out an act that was taken in."""
        for rule, _, weight in rules:
            self._summaries[rule].remove(act)
            self.size -= weight(act)

    def recall(self, rule: str) -> Summary | None:
        """Return the summary of a rule."""
        return self._summaries.get(rule)

    def settle(self, world: World) -> list[str]:
        """Return the rules whose findings may have changed since the last call, or since the acts before the first."""
        if len(self._packs) > 1:  # the acts are of places with different rules, and each rule sees all acts
            return list(self._summaries)
        changed, judged = [], self._judged
        for rule, summary in self._summaries.items():
            state = summary.state(world)
            if state != judged.get(rule):
                changed.append(rule)
                judged[rule] = state
        return changed


class Memories:
    """All memories, those longest not asked for dropped first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_key: OrderedDict[str, Memory] = OrderedDict()
        self._held = 0

    def absent(self, keys: Iterable[str]) -> list[str]:
        """Return the keys that nothing is kept under; the others count as asked for."""
        found = []
        for key in keys:
            if key in self._by_key:
                self._by_key.move_to_end(key)
            else:
                found.append(key)
        return found

    def make(self, book: Book, key: str, acts: Iterable[Act], world: World) -> None:
        """Keep the acts under a key, as they stood when it was last judged."""
        memory = self._by_key[key] = Memory(key)
        for act in acts:
            memory.add(act, book.packs_of(act.place), kept(book, act).get(key, ()), world)
        memory.settle(world)
        self._held += memory.size

    def change(self, book: Book, gone: Iterable[Act], come: Iterable[Act], world: World) -> dict[str, list[str]]:
        """Take acts out and in; return the keys that this touched -> the rules whose findings may have changed."""
        touched: dict[str, Memory] = {}
        sizes: dict[str, int] = {}
        for act in gone:
            for key, rules in kept(book, act).items():
                memory = touched[key] = self._by_key[key]
                sizes.setdefault(key, memory.size)
                memory.remove(act, rules)
        for act in come:
            packs = book.packs_of(act.place)
            for key, rules in kept(book, act).items():
                memory = touched[key] = self._by_key[key]
                sizes.setdefault(key, memory.size)
                memory.add(act, packs, rules, world)
        self._held += sum(memory.size - sizes[key] for key, memory in touched.items())
        return {key: changed for key, memory in touched.items() if (changed := memory.settle(world))}

    def recall(self, rule: str) -> Recall:
        """Return the way to a rule's summaries."""
        by_key = self._by_key

        def find(key: str) -> Summary | None:
            memory = by_key.get(key)
            return memory.recall(rule) if memory else None

        return find

    def forget(self, keys: Iterable[str]) -> None:
        """Drop what is kept under the keys."""
        for key in keys:
            memory = self._by_key.pop(key, None)
            self._held -= memory.size if memory else 0

    def clear(self) -> None:
        """Drop everything."""
        self._by_key.clear()
        self._held = 0

    def trim(self, most: int = MOST) -> None:
        """Drop what was longest not asked for until at most so many kilobytes are held."""
        while self._held > most and self._by_key:
            _, memory = self._by_key.popitem(last=False)
            self._held -= memory.size
