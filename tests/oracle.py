"""The naive way to all verdicts: the oracle of every test of the monitor."""

from collections.abc import Iterable

from services.monitor.book import Book
from services.monitor.domain import Act, Verdict
from services.monitor.engine import EVERY, Index, judge
from services.monitor.world import World


def judge_all(book: Book, acts: Iterable[Act], world: World) -> list[Verdict]:
    """Return every verdict on a whole history: what any incremental run must come to."""
    index = Index(acts)
    pairs = sorted({pair for act in index.by_id.values() for pair in book.scopes(act)})
    return [
        verdict
        for rule, scope in pairs
        for verdict in judge(book, rule, scope, index.scene(scope, EVERY | book.looks(rule)), world)
    ]
