"""What is kept in memory between batches of the acts under a key: one summary for each rule that keeps one. Pure.

A memory is a function of the set of acts under its key. What it held when its scope was last judged and what it holds now tell
whether the scope must be judged again; a memory that was dropped is made anew from the acts.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from services.monitor.book import Book
from services.monitor.domain import Act
from services.monitor.judging import Bound, Params, Recall, Summary
from services.monitor.world import World

MOST: Final = 300_000
"""Kilobytes, about, that all memories together hold between batches."""


def kept(book: Book, act: Act) -> Mapping[str, Sequence[tuple[str, Bound[Params]]]]:
    """Return the keys under which summaries hold an act -> the rules that keep them there."""
    found: dict[str, list[tuple[str, Bound[Params]]]] | None = act.memo.get("kept")
    if found is None:
        found = act.memo["kept"] = {}
        for rule, bound, *_ in book.keeping(act.place, act.name):
            for key in bound.evaluator.kept_under(bound.params, act):
                found.setdefault(key, []).append((rule, bound))
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

    def add(self, book: Book, act: Act, world: World) -> None:
        """Take an act in."""
        self._packs.add(book.packs_of(act.place))
        for rule, bound in kept(book, act).get(self.key, ()):
            if rule not in self._summaries and bound.evaluator.summary is not None:
                self._summaries[rule] = bound.evaluator.summary(bound)
            self._summaries[rule].add(act, world)
            self.size += bound.evaluator.weight(act)

    def remove(self, book: Book, act: Act) -> None:
        """Take out an act that was taken in."""
        for rule, bound in kept(book, act).get(self.key, ()):
            self._summaries[rule].remove(act)
            self.size -= bound.evaluator.weight(act)

    def recall(self, rule: str) -> Summary | None:
        """Return the summary of a rule."""
        return self._summaries.get(rule)

    def settle(self, world: World) -> list[str]:
        """Return the rules whose findings may have changed since the last call, or since the acts before the first."""
        states = {rule: self._state(rule, world) for rule in self._summaries}
        changed = [rule for rule, state in states.items() if state != self._judged.get(rule)]
        self._judged = states
        return changed

    def _state(self, rule: str, world: World) -> Hashable:
        """Return a state that equals no other where the acts are of places with different rules: each rule sees all acts."""
        return self._summaries[rule].state(world) if len(self._packs) < 2 else object()  # noqa: PLR2004


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
            memory.add(book, act, world)
        memory.settle(world)
        self._held += memory.size

    def change(self, book: Book, gone: Iterable[Act], come: Iterable[Act], world: World) -> dict[str, list[str]]:
        """Take acts out and in; return the keys that this touched -> the rules whose findings may have changed."""
        touched: dict[str, Memory] = {}
        for act in gone:
            for key in kept(book, act):
                memory = touched[key] = self._by_key[key]
                self._held -= memory.size
                memory.remove(book, act)
                self._held += memory.size
        for act in come:
            for key in kept(book, act):
                memory = touched[key] = self._by_key[key]
                self._held -= memory.size
                memory.add(book, act, world)
                self._held += memory.size
        return {key: memory.settle(world) for key, memory in touched.items()}

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
