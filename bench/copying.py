"""Copies among 1,000,000 documents: texts sketched and looked up in an index of sketches, against comparing with every one.

Documents are generated: real sentences, the most common in one document of twenty, among sentences that a chain over pairs of real
ideographs makes; 600 to 8,000 characters, 2,600 on average. The documents asked for are texts; a third of them took a quarter to all
of their sentences from a document of the index, with one character in forty changed. Of the others in the index only sketches are
made, of the same lengths, with as many values of real sentences.
"""

import multiprocessing
import os
import re
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure
from bench.harness import Rounds, command, settled
from contracts.text import sketch
from services.monitor.copies import SketchIndex

AT_LEAST: Final = 0.2
"""Share from which a document is a match, as in DOC-16."""
_DOCUMENTS: Final = 1_000_000
_ASKED: Final = 2000
_BATCH: Final = 32
_CHUNK: Final = 20_000
_CHECKED: Final = 20
"""Documents that are compared with the sketches of the whole first part of the index."""
_FIRST: Final = 100_000
_COMMON: Final = 0.08
"""Share of a document that is real sentences."""
_TEXTS: Final = Path(__file__).parents[1] / "tests" / "copying" / "texts"

Values = NDArray[np.uint64]


class Language:
    """Sentences as documents have them."""

    def __init__(self, random: Random) -> None:
        """Learn from the real texts."""
        real = "\n".join(path.read_text("utf-8") for path in sorted(_TEXTS.glob("*.txt")))
        self.random = random
        self.sentences: list[str] = sorted(set(re.findall("[\u4e00-\u9fff，、]{15,80}。", real)))
        random.shuffle(self.sentences)
        self._next: dict[str, list[str]] = defaultdict(list)
        for sentence in self.sentences:
            for one, other in pairwise(sentence):
                self._next[one].append(other)
        self._first = [sentence[0] for sentence in self.sentences]
        values = np.concatenate([np.array(sketch(sentence), np.uint64) for sentence in self.sentences])
        self.common: Values = values

    def length(self) -> int:
        """Return how many characters a document has."""
        return int(min(max(self.random.lognormvariate(7.7, 0.6), 600), 8000))

    def document(self, characters: int) -> list[str]:
        """Return the sentences of a new document."""
        made: list[str] = []
        while sum(map(len, made)) < characters:
            made.append(self._drawn() if self.random.random() < _COMMON else self._chained())
        return made

    def copied(self, source: Sequence[str], characters: int, share: float) -> list[str]:
        """Return a document that took that share from another, with small changes."""
        start, taken = self.random.randrange(len(source)), list[str]()
        for at in range(len(source)):
            if sum(map(len, taken)) >= characters * share:
                break
            taken.append(re.sub(".", self._changed, source[(start + at) % len(source)]))
        return [*taken, *self.document(max(characters - sum(map(len, taken)), 0))]

    def _drawn(self) -> str:
        return self.sentences[int(len(self.sentences) * float(self.random.random() ** 1.5))]

    def _chained(self) -> str:
        text = self.random.choice(self._first)
        while text[-1] != "。" and len(text) < 90:
            text += self.random.choice(self._next[text[-1]])
        return text

    def _changed(self, found: re.Match[str]) -> str:
        return self.random.choice(self._first) if self.random.random() < 1 / 40 else found.group()


@dataclass
class Asked:
    """What is asked, and which document each was copied from, if any."""

    texts: list[str]
    sources: list[int | None]


def corpus(language: Language, documents: int, seed: int) -> Iterator[list[Values]]:
    """Yield the sketches of documents, in chunks."""
    chance = np.random.default_rng(seed)
    for start in range(0, documents, _CHUNK):
        number = min(_CHUNK, documents - start)
        counts = np.clip(chance.lognormal(7.7, 0.6, number), 600, 8000).astype(np.int64) * 9 // 10 // 16
        values = chance.integers(0, 2**60, counts.sum(), np.uint64)
        common = np.flatnonzero(chance.random(len(values)) < _COMMON)
        values[common] = language.common[(len(language.common) * chance.random(len(common)) ** 1.5).astype(np.int64)]
        yield np.split(values, np.cumsum(counts)[:-1])


def made(language: Language, documents: int, asked: int) -> tuple[SketchIndex, Asked, list[Values], float]:
    """Return the index, what is asked of it, the sketches of its first part, and the seconds that building it took."""
    sources = [language.document(language.length()) for _ in range(asked // 6)]
    sketches = [np.array(sketch("".join(one)), np.uint64) for one in sources]
    sketches += chain.from_iterable(corpus(language, documents, 7))
    began = time.process_time()
    index = SketchIndex(sketches)
    spent = time.process_time() - began
    first = [one.copy() for one in sketches[:_FIRST]]
    question = Asked([], [])
    for number in range(asked):
        source = language.random.randrange(len(sources)) if number % 3 == 0 else None
        share = language.random.uniform(0.25, 1) if source is not None else 0.0
        length = language.length()
        sentences = language.document(length) if source is None else language.copied(sources[source], length, share)
        question.texts.append("".join(sentences))
        question.sources.append(source)
    return index, question, first, spent


async def measure(rounds: Rounds) -> list[Figure]:
    """Build the index once, and ask it in every round."""
    language = Language(Random(5))
    documents, asked = rounds.acts(_DOCUMENTS), rounds.acts(_ASKED, of=6)
    index, question, first, spent = made(language, documents, asked)
    mean = statistics.mean(map(len, question.texts))
    lookups: dict[str, list[float]] = defaultdict(list)
    with settled():
        for _ in rounds:
            for name, value in _round(index, question).items():
                lookups[name].append(value)
    recall, precision = _against_all(index, question, first)
    found, unfound = _planted(index, question)
    return [
        Figure(f"copies: sketching texts of {mean:,.0f} characters, one core", lookups["sketched"], "docs/s"),
        Figure(f"  lookup in {len(index):,} sketches, {_BATCH} at a time, one core", lookups["looked"], "docs/s"),
        Figure("  sketched and looked up, one core", lookups["one"], "docs/s", 1000),
        Figure("  sketched and looked up, two processes at once, their CPU time", lookups["shared"], "docs/s", 1000),
        Figure(
            "  sketched and looked up, two processes, by the clock",
            lookups["both"],
            "docs/s",
            1000 if rounds.scale == 1 else None,
        ),
        Figure("  one text sketched and looked up, p50", lookups["p50"], "ms"),
        Figure("  one text sketched and looked up, p99", lookups["p99"], "ms", 50, at_most=True),
        Figure("  matches that comparing with all finds: found", [recall], ""),
        Figure("  matches found: comparing with all finds them", [precision], ""),
        Figure("  planted copies of 25 % to 100 %: source found", [found], ""),
        Figure("  texts that took nothing: a match found", [unfound], ""),
        Figure("  index in memory", [index.size / 2**20], "MB"),
        Figure("  index built", [spent], "s CPU"),
    ]


def _round(index: SketchIndex, question: Asked) -> dict[str, float]:
    texts = question.texts
    began = time.process_time()
    sketches = [sketch(text) for text in texts]
    sketched = time.process_time() - began
    began = time.process_time()
    for start in range(0, len(sketches), _BATCH):
        index.find(sketches[start : start + _BATCH], AT_LEAST)
    looked = time.process_time() - began
    times = []
    for text in texts:
        began = time.perf_counter()
        index.find([sketch(text)], AT_LEAST)
        times.append((time.perf_counter() - began) * 1000)
    clock, cpu = _two_processes(index, texts)
    return {
        "sketched": len(texts) / sketched,
        "looked": len(texts) / looked,
        "one": len(texts) / (sketched + looked),
        "shared": len(texts) / cpu,
        "both": len(texts) / clock,
        "p50": statistics.median(times),
        "p99": statistics.quantiles(times, n=100)[98],
    }


def _two_processes(index: SketchIndex, texts: Sequence[str]) -> tuple[float, float]:
    """Return the seconds that two processes need with an index shared by a fork: by the clock, and of CPU, the mean of both."""
    halves = [texts[0::2], texts[1::2]]
    spent = _children_cpu()
    began = time.perf_counter()
    children = []
    context: Any = multiprocessing.get_context("fork")
    for half in halves:
        child = context.Process(target=_ask_all, args=(index, half))
        child.start()
        children.append(child)
    for child in children:
        child.join()
    return time.perf_counter() - began, (_children_cpu() - spent) / len(halves)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ask_all(index: SketchIndex, texts: Sequence[str]) -> None:
    for start in range(0, len(texts), _BATCH):
        index.find([sketch(text) for text in texts[start : start + _BATCH]], AT_LEAST)
    os._exit(0)  # nothing of the parent's to be cleaned up


def _against_all(index: SketchIndex, question: Asked, first: Sequence[Values]) -> tuple[float, float]:
    """Return recall and precision of the index by comparing whole sketches one by one; values that everybody has count there."""
    lengths = np.array([len(one) for one in first])
    flat, owners = np.concatenate(list(first)), np.repeat(np.arange(len(first)), lengths)
    both = wanted = shown = 0
    for text in question.texts[:: max(len(question.texts) // 3 // _CHECKED * 3, 3)]:
        values = np.array(sketch(text), np.uint64)
        hits = np.bincount(owners[np.isin(flat, values)], minlength=len(first))
        truth = set(np.flatnonzero(hits >= AT_LEAST * len(values)).tolist())
        (matches,) = index.find([values], AT_LEAST)
        named = {match.document for match in matches if match.document < len(first)}
        both, wanted, shown = both + len(truth & named), wanted + len(truth), shown + len(named)
    return both / max(wanted, 1), both / max(shown, 1)


def _planted(index: SketchIndex, question: Asked) -> tuple[float, float]:
    """Return the share of copies whose source was found, and of the other texts the share for which something was."""
    copies, others = list[bool](), list[bool]()
    for start in range(0, len(question.texts), _BATCH):
        some = index.find([sketch(text) for text in question.texts[start : start + _BATCH]], AT_LEAST)
        for source, matches in zip(question.sources[start:], some, strict=False):
            if source is None:
                others.append(bool(matches))
            else:
                copies.append(source in {one.document for one in matches})
    return sum(copies) / len(copies), sum(others) / len(others)


if __name__ == "__main__":
    command(measure, __doc__ or "")
