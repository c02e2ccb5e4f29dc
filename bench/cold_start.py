"""How long ``jianfu up`` takes on an empty data folder until every service is ready: ``python -m bench.cold_start``."""

import time

from bench.figures import Figure
from bench.harness import Rounds, command
from bench.whole import system


async def measure(rounds: Rounds) -> list[Figure]:
    """Start from nothing in every round."""
    times = []
    for _ in rounds:
        began = time.perf_counter()
        async with system():
            times.append(time.perf_counter() - began)
    return [Figure("cold jianfu up, until ready", times, "s", 8, at_most=True)]


if __name__ == "__main__":
    command(measure, __doc__ or "")
