"""Compare the engine with the oracle on many random histories: ``make oracle``; exits with 1 when any differs.

Each difference is shrunk and shown as the messages that are left, in their order: put such a history into ``kept/`` once the
engine is mended.
"""

import argparse
import sys
import time
from collections import Counter

from tests.differential.compare import compare, shrink
from tests.differential.histories import History, book, made, write

_SHOWN = 10
"""Differing histories that are shrunk and shown."""


def main() -> int:
    """Run the histories of consecutive seeds and print what came of them."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--histories", type=int, default=10_000)
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    given = asked.parse_args()
    rules, hit, differing = book(), Counter[str](), list[int]()
    messages = alerts = judged = 0
    begun = time.process_time()
    for seed in range(given.first, given.first + given.histories):
        history = made(seed)
        came = compare(rules, history)
        messages += len(history.facts)
        judged += len(came.verdicts)
        alerts += len(came.oracle)
        hit.update({rule for rule, _, _ in came.oracle.values()})
        if came.differences:
            differing.append(seed)
    live = {rule.id for rule in rules.rules.values() if rule.mode != "hint"}
    print(f"histories {given.histories}  messages {messages}  verdicts {judged}  alerts {alerts}")
    print(f"rules that alerted {len(hit)} of {len(live)}; never: {' '.join(sorted(live - hit.keys())) or 'none'}")
    print(f"CPU {time.process_time() - begun:.0f} s  differing histories {len(differing)}")
    for seed in differing[:_SHOWN]:
        _show(seed)
    return 1 if differing else 0


def _show(seed: int) -> None:
    wrong = {rule for rule, _, _ in compare(book(), made(seed)).differences}

    def fails(history: History) -> bool:
        return not wrong.isdisjoint(rule for rule, _, _ in compare(book(), history).differences)

    least = shrink(made(seed), fails)
    print(f"\nseed {seed}: {compare(book(), least).differences}\n{write(least)}")


if __name__ == "__main__":
    sys.exit(main())
