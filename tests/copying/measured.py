"""How well the measures tell copied from own wording, on real pairs and on planted shares: ``python -m tests.copying.measured``."""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from random import Random
from statistics import mean
from typing import Final, NamedTuple

from contracts.passages import Comparison, compare
from contracts.text import containment, sketch
from deploy.demo.reading import body_of
from services.monitor.book import load, shipped
from services.monitor.evaluators.similar import SimilarParams

HERE: Final = Path(__file__).parent
HALVES: Final = ("chosen", "held_out")
PLANTED: Final = (0.0, 0.1, 0.2, 0.3, 0.5)
_STEP: Final = 13
"""Every so many of the unrelated pairs are aligned."""


class Pair(NamedTuple):
    half: str
    label: str
    child: int
    parent: int


class Row(NamedTuple):
    """How the pairs of one label and half came out under a measure."""

    half: str
    label: str
    pairs: int
    lowest: float
    highest: float
    copied: int
    open: int


@cache
def bodies() -> dict[int, str]:
    with (HERE / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = {int(row["n"]): (HERE / "texts" / f"{row['n']}.txt").read_text("utf-8") for row in rows}
    return {int(row["n"]): body_of(texts[int(row["n"])], (row["issuer"],)) for row in rows}


@cache
def pairs() -> tuple[Pair, ...]:
    """Return the labelled pairs and, as unrelated, every other pair of office documents."""
    said = tomllib.loads((HERE / "pairs.toml").read_text("utf-8"))
    labelled = [
        Pair(half, label, child, parent)
        for half in HALVES
        for label, some in said[half].items()
        for child, parent, _why in some
    ]
    known = {frozenset(pair[2:]) for pair in labelled}
    statutes = {n for pair in labelled if pair.label == "statute" for n in pair[2:]} | {82, 83, 84, 85}
    office = sorted(bodies().keys() - statutes - {41, 48})
    free = [pair for pair in permutations(office, 2) if frozenset(pair) not in known]
    return (*labelled, *(Pair("all", "unrelated", *pair) for pair in free))


@cache
def sketched(n: int) -> tuple[int, ...]:
    return sketch(bodies()[n])


@cache
def aligned(child: int, parent: int) -> Comparison:
    return compare(bodies()[child], bodies()[parent])


@cache
def rule_measure(rule: str = "DOC-16") -> SimilarParams:
    bound = load(*shipped()).bound(rule, "6101XX")
    assert bound is not None
    assert isinstance(bound.params, SimilarParams)
    return bound.params


def by_sketch(pair: Pair) -> tuple[str, float]:
    """Return what DOC-16 says of a pair by its sketches, and the share."""
    return judged_by_sketch(sketched(pair.child), sketched(pair.parent))


def judged_by_sketch(child: Sequence[int], parent: Iterable[int]) -> tuple[str, float]:
    measure = rule_measure().measures[0]
    share = containment(child, parent) or 0.0
    if len(child) < measure.fewest_values:
        return "short", share
    return "copied" if share >= measure.threshold else "open" if share >= measure.open_from else "own", share


def by_passages(pair: Pair) -> tuple[str, float]:
    """Return what aligned passages say of a pair, and the share."""
    found = aligned(pair.child, pair.parent)
    return found.result, found.share


def rows(measure: Callable[[Pair], tuple[str, float]], step: int = 1) -> Iterator[Row]:
    groups: dict[tuple[str, str], list[tuple[str, float]]] = {}
    unrelated = [pair for pair in pairs() if pair.label == "unrelated"]
    for pair in (*(pair for pair in pairs() if pair.label != "unrelated"), *unrelated[::step]):
        groups.setdefault((pair.half, pair.label), []).append(measure(pair))
    for (half, label), found in groups.items():
        compared = [one for one in found if one[0] != "short"]
        shares = [share for _, share in compared] or [0.0]
        outcomes = [outcome for outcome, _ in compared]
        yield Row(
            half, label, len(compared), min(shares), max(shares), outcomes.count("copied"), outcomes.count("open")
        )


def table(measure: Callable[[Pair], tuple[str, float]], step: int = 1) -> list[str]:
    """Return the rows as the page has them; what is too short is not among them."""
    return [
        f"| {row.label} | {row.half.replace('_', ' ')} | {row.pairs} | {row.lowest:.2f}–{row.highest:.2f}"
        f" | {row.copied} | {row.open} | {row.pairs - row.copied - row.open} |"
        for row in rows(measure, step)
        if row.pairs
    ]


def planted(share: float, seed: int) -> tuple[str, str]:
    """Return a text of which that share of the sentences is another's, with a character changed in every forty, and the other."""
    random = Random(f"{share} {seed}")
    own, other = random.sample([4, 8, 15, 18, 25, 30, 52], 2)
    mine, theirs = (re.findall("[^。\n]{8,}。", bodies()[n]) for n in (own, other))
    random.shuffle(mine)
    wanted = 2000
    start = random.randrange(len(theirs))
    taken = _until((theirs[(start + at) % len(theirs)] for at in range(len(theirs))), share * wanted)
    kept = _until(iter(mine), (1 - share) * wanted)
    text = [*kept, *(_edited(sentence, random) for sentence in taken)]
    return "".join(text), bodies()[other]


def _until(sentences: Iterator[str], wanted: float) -> list[str]:
    taken: list[str] = []
    while sum(map(len, taken)) < wanted and (one := next(sentences, None)):
        taken.append(one)
    return taken


def _edited(sentence: str, random: Random) -> str:
    return "".join("某" if random.random() < 1 / 40 else character for character in sentence)


def planted_table(seeds: int = 40) -> list[str]:
    """Return what is measured of planted shares: the mean of either measure, and how many are found or left to a person."""
    lines = []
    for share in PLANTED:
        texts = [planted(share, seed) for seed in range(seeds)]
        sketches = [judged_by_sketch(sketch(text), sketch(other)) for text, other in texts]
        alignments = [compare(text, other) for text, other in texts]
        results = [one.result for one in alignments]
        lines.append(
            f"| {share:.0%} | {mean(part for _, part in sketches):.2f}"
            f" | {_counts([outcome for outcome, _ in sketches])}"
            f" | {mean(one.share for one in alignments):.2f} | {_counts(results)} |"
        )
    return lines


def _counts(outcomes: Sequence[str]) -> str:
    return " / ".join(str(outcomes.count(outcome)) for outcome in ("copied", "open", "own"))


def recall_and_precision(measure: Callable[[Pair], tuple[str, float]], half: str) -> tuple[float, float]:
    """Return both of "copied" among the pairs of one half; what is left to a person is not found."""
    found = [
        (pair.label, measure(pair)[0]) for pair in pairs() if pair.half == half and pair.label in ("copied", "own")
    ]
    flagged = [label for label, outcome in found if outcome == "copied"]
    wanted = [outcome for label, outcome in found if label == "copied"]
    return wanted.count("copied") / len(wanted), flagged.count("copied") / max(1, len(flagged))


def main() -> None:
    """Print every table of the page."""
    for name, measure, step in (("sketches", by_sketch, 1), ("passages", by_passages, _STEP)):
        print(f"{name}\n" + "\n".join(table(measure, step)))
        for half in HALVES:
            recall, precision = recall_and_precision(measure, half)
            print(f"{half}: recall {recall:.2f}, precision {precision:.2f}")
    print("planted\n" + "\n".join(planted_table()))


if __name__ == "__main__":
    main()
