"""Every benchmark after the other, and one table at the end: ``python -m bench [NAME ...]``."""

import sys
import time

import uvloop

from bench import chain, cold_start, copying, evasion, intake, latency, ledger, monitor, others, replay
from bench.figures import Figure, table
from bench.harness import Rounds, options

WORKLOADS = {
    "cold_start": cold_start.measure,
    "intake": intake.measure,
    "ledger": ledger.measure,
    "others": others.measure,
    "replay": replay.measure,
    "monitor": monitor.measure,
    "copying": copying.measure,
    "evasion": evasion.measure,
    "latency": latency.measure,
    "chain": chain.measure,
}


def main() -> int:
    """Run those asked for, or all; 1 when a target is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKLOADS)}")
    asked = parser.parse_args()
    if unknown := set(asked.names) - WORKLOADS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in asked.names or WORKLOADS:
        began = time.perf_counter()
        found = uvloop.run(WORKLOADS[name](Rounds(asked.rounds, asked.scale)))
        print(f"--- {name}, {time.perf_counter() - began:.0f} s\n{table(found)}\n", flush=True)
        figures += found
    missed = [one.name.strip() for one in figures if one.verdict == "MISSED"]
    print(f"=== all, medians of {asked.rounds} rounds\n{table(figures)}")
    print(f"\n{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
