"""The kill test: events through the public API while services and servers are killed with -9 at random.

``python -m tests.system.kill --events 20000 --kills 60`` runs the long form and prints what it found.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.system.running import SERVERS, TARGETS
from tests.system.sending import Client, counties
from tests.system.stage import Proved, stage

PAUSE: Final = (0.3, 3.0)
"""Seconds between two kills."""
NEEDED_WITHIN: Final = 60.0
"""Seconds to wait for an event that is taken before a server is killed; an intake that was killed may take that long."""


async def kill_at_random(client: Client, random: Random, kills: int) -> Counter[str]:
    """Kill so many living parts, each kind before any for the second time; return how often each.

    A server dies when something was taken just now, as long as there is anything to send: a server that nobody needs can
    lose nothing.
    """
    system = client.system
    killed: Counter[str] = Counter()
    first = random.sample(TARGETS, len(TARGETS))
    while killed.total() < kills:
        await asyncio.sleep(random.uniform(*PAUSE))  # the kills are to be spread: this is no wait for anything
        living = sorted(system.children())
        target = next((name for name in first if name in living), None) or random.choice(living or [*TARGETS])
        if target in SERVERS:
            await _until_needed(client)
        assert system.process.poll() is None, "the whole system has ended"
        if system.kill(target):
            killed[target] += 1
            first = [name for name in first if name != target]
    return killed


async def _until_needed(client: Client) -> None:
    """Wait for the next event that is taken, but not for one that never comes."""
    before = client.taken
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(NEEDED_WITHIN):
            while client.taken == before and not client.finished:  # noqa: ASYNC110  bounded, and for a moment
                await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Report:
    """What a run found; it is only there when everything held. Times are seconds."""

    seed: int
    client: Client
    kills: Counter[str]
    proved: Proved
    sending: float
    recovery: float
    seconds: float

    def __str__(self) -> str:
        """Say it to a person."""
        client, proved = self.client, self.proved
        return (
            f"杀进程试验 kill test: seed {self.seed}\n"
            f"  事件 events: {len(client.facts)} 件，回答 answers: {_listed(client.results)}\n"
            f"  kill -9: {self.kills.total()} 次（{_listed(self.kills)}）\n"
            f"  日志中的事实 facts in the journal: {proved.facts}，预警 standing alerts: {proved.alerts}，"
            f"推送 webhook posts: {proved.posts}\n"
            f"  重试原因 retried after: {_listed(client.troubles)}\n"
            f"  最长拒收 longest refusal: {client.longest_refusal:.1f} s，最慢回答 slowest answer: {client.longest_wait:.1f} s，"
            f"发送 sending: {self.sending:.0f} s，恢复 recovery: {self.recovery:.0f} s，全程 whole run: {self.seconds:.0f} s\n"
            "  已确认的事件一件不少、一件不重；台账、预警、推送与独立推算一致。\n"
            "  Nothing acknowledged was lost or doubled; ledgers, alerts and deliveries equal the oracles'.\n"
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"


async def run(folder: Path, *, events: int, kills: int, seed: int, patience: float) -> Report:
    """Run the whole test in an empty folder; raise ``AssertionError`` for whatever does not hold.

    ``patience``: seconds that the system may take to come to rest after the last kill.
    """
    begun = time.monotonic()
    random = Random(seed)
    async with stage(folder) as everybody:
        client = everybody.client(counties(seed, events), random, spread=kills * sum(PAUSE) / 2)
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            killer = group.create_task(kill_at_random(client, random, kills))
            group.create_task(client.run())
        sent = time.monotonic()
        await everybody.rest(within=patience)
        rested = time.monotonic()
        proved = await everybody.prove()
    return Report(seed, client, killer.result(), proved, sent - started, rested - sent, time.monotonic() - begun)


def main() -> int:
    """Run the test as the command line says and print the report."""
    parser = argparse.ArgumentParser(description="kill -9 everything, again and again, and lose nothing")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1800)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jianfu-kill-") as folder:
        report = asyncio.run(
            run(Path(folder), events=asked.events, kills=asked.kills, seed=asked.seed, patience=asked.patience)
        )
    sys.stdout.write(str(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
