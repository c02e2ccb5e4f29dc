"""The kill test: events through the public API while services and servers are killed with -9 at random.

``python -m tests.system.kill --events 20000 --kills 60`` runs the long form and prints what it found.
"""

import argparse
import asyncio
import contextlib
import json
import math
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from contracts.event import fact_id
from tests.eventually import eventually
from tests.monitor.histories import history
from tests.system import truth
from tests.system.running import TARGETS, Running, up
from tests.system.telling import Follower, webhooks

BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
SENDERS: Final = 4
SIZES: Final = (1, 1, 5, 20, 60)
PAUSE: Final = (0.3, 3.0)
"""Seconds between two kills."""
COUNTY: Final = 600
"""Acts of one county; each has units, sources, people and loans of its own."""


def counties(seed: int, events: int) -> list[bytes]:
    """Return so many random facts of as many counties as that takes, shuffled: corrections may come first."""
    facts: list[bytes] = []
    for number in range(math.ceil(events / COUNTY)):
        own = {b"/test/oa": b"/test/oa/%d", b'"u-': b'"u%d-', b'"person-': b'"person-%d-', b'"loan-': b'"loan-%d-'}
        for fact in history(seed + number, COUNTY):
            for word, replacement in own.items():
                fact = fact.replace(word, replacement % number)  # noqa: PLW2901
            facts.append(fact)
    Random(seed).shuffle(facts)
    return facts[:events]


@dataclass
class Client:
    """Sends facts until each is answered, the same ones again when it cannot know; remembers every answer."""

    system: Running
    facts: Sequence[bytes]
    random: Random
    spread: float
    """Seconds over which the facts are sent when nothing is in the way."""
    acknowledged: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    results: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    longest_refusal: float = 0.0
    _refused_since: float | None = None

    async def run(self) -> None:
        """Send everything with several senders at a time."""
        batches: deque[list[bytes]] = deque()
        waiting = [*self.facts, *self.random.sample(self.facts, len(self.facts) // 50)]  # some come twice
        while waiting:
            size = self.random.choice(SIZES)
            batches.append(waiting[:size])
            del waiting[:size]
        headers = {**self.system.bearer("adapter"), **BATCH}
        async with (
            httpx.AsyncClient(base_url=self.system.url("intake"), headers=headers, timeout=10) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(SENDERS):
                group.create_task(self._send(http, batches))

    async def _send(self, http: httpx.AsyncClient, batches: deque[list[bytes]]) -> None:
        while batches:
            batch = batches.popleft()
            answers = await self._insist(http, b"[" + b",".join(batch) + b"]")
            for fact, answer in zip(batch, answers, strict=True):
                self._note(json.loads(fact), answer)
            # pacing is part of the load: kills must meet requests, not a client that has finished
            await asyncio.sleep(self.spread * SENDERS * len(batch) / len(self.facts))

    async def _insist(self, http: httpx.AsyncClient, body: bytes) -> list[dict[str, Any]]:
        while True:
            begun = time.monotonic()
            try:
                answer = await http.post("/v1/events", content=body)
            except httpx.TransportError as error:
                self._refused(begun, type(error).__name__)
            else:
                if answer.status_code == httpx.codes.OK:
                    self._served()
                    results: list[dict[str, Any]] = answer.json()["results"]
                    return results
                # anything but "come again" would be our own fault
                assert answer.status_code in {429, 503}, f"{answer.status_code} {answer.text}"
                self._refused(begun, str(answer.status_code))
            await asyncio.sleep(0.1)

    def _refused(self, begun: float, why: str) -> None:
        self.troubles[why] += 1
        self._refused_since = begun if self._refused_since is None else self._refused_since

    def _served(self) -> None:
        if self._refused_since is not None:
            self.longest_refusal = max(self.longest_refusal, time.monotonic() - self._refused_since)
        self._refused_since = None

    def _note(self, fact: dict[str, Any], answer: dict[str, Any]) -> None:
        self.results[answer["result"]] += 1
        name = fact_id(fact["source"], fact["id"])
        assert answer["result"] in {"accepted", "duplicate", "rejected"}, answer
        (self.rejected if answer["result"] == "rejected" else self.acknowledged).add(name)


async def kill_at_random(system: Running, random: Random, kills: int) -> Counter[str]:
    """Kill so many living parts, each kind before any for the second time; return how often each."""
    killed: Counter[str] = Counter()
    first = random.sample(TARGETS, len(TARGETS))
    while killed.total() < kills:
        await asyncio.sleep(random.uniform(*PAUSE))  # the kills are to be spread: this is no wait for anything
        living = sorted(system.children())
        target = next((name for name in first if name in living), None) or random.choice(living or [*TARGETS])
        if system.kill(target):
            killed[target] += 1
            first = [name for name in first if name != target]
    return killed


@dataclass(frozen=True)
class Report:
    """What a run found; it is only there when everything held."""

    seed: int
    events: int
    results: Counter[str]
    facts: int
    alerts: int
    deliveries: int
    kills: Counter[str]
    troubles: Counter[str]
    longest_refusal: float
    sending: float
    recovery: float
    seconds: float

    def __str__(self) -> str:
        """Say it to a person."""
        return (
            f"杀进程试验 kill test: seed {self.seed}\n"
            f"  事件 events: {self.events} 件, 回答 answers: {_listed(self.results)}\n"
            f"  kill -9: {self.kills.total()} 次 ({_listed(self.kills)})\n"
            f"  日志中的事实 facts in the journal: {self.facts}, 预警 standing alerts: {self.alerts},"
            f" 推送 webhook posts: {self.deliveries}\n"
            f"  重试原因 retried after: {_listed(self.troubles)}\n"
            f"  最长拒收 longest refusal: {self.longest_refusal:.1f} s, 发送 sending: {self.sending:.0f} s,"
            f" 末次恢复 recovery: {self.recovery:.0f} s, 全程 whole run: {self.seconds:.0f} s\n"
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
    facts = counties(seed, events)
    async with webhooks(folder) as (hooks, environment), up(folder / "home", environment) as system:
        follower = Follower(system)
        following = asyncio.create_task(follower.run())
        client = Client(system, facts, random, spread=kills * sum(PAUSE) / 2)
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            killer = group.create_task(kill_at_random(system, random, kills))
            group.create_task(client.run())
        sent = time.monotonic()
        await eventually(lambda: truth.unsettled(system), "", within=patience)
        rested = time.monotonic()
        stored = await truth.journal_equals_stream(system)
        _acknowledged_is_stored(client, facts, stored)
        bodies = [one.body for one in stored]
        await truth.ledgers_equal_a_fold(system, map(truth.said, bodies))
        standing = await truth.alerts_equal_the_oracle(system, bodies)
        await truth.everybody_was_told(system, standing, hooks, follower)
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
    return Report(
        seed=seed,
        events=events,
        results=client.results,
        facts=len(stored),
        alerts=len(standing),
        deliveries=sum(len(hook.http.got) for hook in hooks.values()),
        kills=killer.result(),
        troubles=client.troubles,
        longest_refusal=client.longest_refusal,
        sending=sent - started,
        recovery=rested - sent,
        seconds=time.monotonic() - begun,
    )


def _acknowledged_is_stored(client: Client, facts: Sequence[bytes], stored: Sequence[truth.Stored]) -> None:
    """Prove that of our senders' facts exactly the acknowledged ones are stored, once, saying what was sent."""
    sent = {fact_id(event["source"], event["id"]): event for event in map(json.loads, facts)}
    ours = [one for one in stored if one.msg_id in sent]
    assert all(truth.said(one.body) == sent[one.msg_id] for one in ours)
    assert {one.msg_id for one in ours} == client.acknowledged  # every event was answered in the end
    assert client.acknowledged | client.rejected == set(sent)
    others = {truth.said(one.body)["source"] for one in stored if one.msg_id not in sent}
    assert others <= {"/jianfu/clock", "jianfu/notify"}


def main() -> int:
    """Run the test as the command line says and print the report."""
    parser = argparse.ArgumentParser(description="kill -9 everything, again and again, and lose nothing")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=600)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jianfu-kill-") as folder:
        report = asyncio.run(
            run(Path(folder), events=asked.events, kills=asked.kills, seed=asked.seed, patience=asked.patience)
        )
    sys.stdout.write(str(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
