"""What the work costs in statements, round trips, exchanges and bytes: ``python -m bench.counts``.

These do not depend on the machine, so they are held against ``counts.json``: more than stands there fails, and less asks to be
written down with ``--write``.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from bench import intake, ledger, monitor
from bench.figures import Figure, table
from bench.harness import servers

KEPT = Path(__file__).with_name("counts.json")
PLACES = 1
"""Decimal places; a byte more in a thousand acts is noise of ids and times."""


async def count() -> list[Figure]:
    """Count everything."""
    with servers() as both:
        return [figure for workload in (intake, ledger, monitor) for figure in await workload.counts(both)]


def judge(found: dict[str, float], kept: dict[str, float]) -> list[str]:
    """Return one line for each count that is not as it stands there."""
    names = sorted(found.keys() | kept.keys())
    lines = []
    for name in names:
        now, before = found.get(name), kept.get(name)
        if now is None or before is None:
            lines.append(f"{name}: {'no longer counted' if now is None else 'not written down'}")
        elif now != before:
            lines.append(f"{name}: {now:g}, {'more' if now > before else 'less'} than {before:g}")
    return lines


def main() -> int:
    """Count, show, and compare or write; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="take what is counted now for right")
    asked = parser.parse_args()
    figures = asyncio.run(count())
    print(table(figures))
    found = {one.name.strip(): round(one.median, PLACES) for one in figures}
    if asked.write:
        KEPT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return 0
    if lines := judge(found, json.loads(KEPT.read_text("utf-8"))):
        print("\nNot as in bench/counts.json (python -m bench.counts --write takes it over):")
        print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
