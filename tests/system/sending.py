"""A sender of facts that never gives up: it sends the same ones again until it knows what became of them."""

import asyncio
import contextlib
import json
import math
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from contracts.event import fact_id
from tests.monitor.histories import history
from tests.system.running import Running

BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
SENDERS: Final = 4
SIZES: Final = (1, 1, 5, 20, 60)
REFERENCE: Final = re.compile(rb'"type": "cn\.jianfu\.(unit|list|clock)\.')
COUNTY: Final = 600
"""Acts of one county; each has units, sources, people and loans of its own."""


def counties(seed: int, events: int) -> list[bytes]:
    """Return so many random facts of as many counties as that takes, in no order: corrections may come first.

    Counties of different seeds have nothing in common, up to a thousand of each seed. Lists, units and days come in
    the first tenth, because each makes the monitor judge again everything that depends on it.
    """
    random = Random(seed)
    facts: list[tuple[float, bytes]] = []
    for number in range(1000 * seed, 1000 * seed + math.ceil(events / COUNTY)):
        own = {b"/test/oa": b"/test/oa/%d", b'"u-': b'"u%d-', b'"person-': b'"person-%d-', b'"loan-': b'"loan-%d-'}
        for fact in history(number, min(events, COUNTY)):
            for word, replacement in own.items():
                fact = fact.replace(word, replacement % number)  # noqa: PLW2901
            facts.append((random.random() * (0.1 if REFERENCE.search(fact) else 1.0), fact))
    return [fact for _, fact in sorted(facts)[:events]]


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
    """Seconds in which nothing was taken although something was offered, refused or without an answer."""
    longest_wait: float = 0.0
    """Seconds until a request had its answer, with all its repetitions."""
    taken: int = 0
    """How many requests were answered with what became of their events."""
    finished: bool = False
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    """Once it is set, what is left is sent without pauses."""
    _offered: dict[object, float] = field(default_factory=dict)
    _last: float = 0.0

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
        self.finished = True

    async def _send(self, http: httpx.AsyncClient, batches: deque[list[bytes]]) -> None:
        while batches:
            batch = batches.popleft()
            answers = await self._insist(http, b"[" + b",".join(batch) + b"]")
            for fact, answer in zip(batch, answers, strict=True):
                self._note(json.loads(fact), answer)
            # pacing is part of the load: kills must meet requests, not a client that has finished
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.spread * SENDERS * len(batch) / len(self.facts)):
                    await self.hurry.wait()

    async def _insist(self, http: httpx.AsyncClient, body: bytes) -> list[dict[str, Any]]:
        offer = object()
        self._offered[offer] = first = time.monotonic()
        while True:
            try:
                answer = await http.post("/v1/events", content=body)
            except httpx.TransportError as error:
                self.troubles[type(error).__name__] += 1
            else:
                if answer.status_code == httpx.codes.OK:
                    self._served(offer)
                    self.longest_wait = max(self.longest_wait, time.monotonic() - first)
                    results: list[dict[str, Any]] = answer.json()["results"]
                    return results
                # anything but "come again" would be our own fault
                assert answer.status_code in {429, 503}, f"{answer.text}\n{self.system.tail('intake')}"
                self.troubles[str(answer.status_code)] += 1
            assert self.system.process.poll() is None, "the whole system has ended"
            await asyncio.sleep(0.1)

    def _served(self, offer: object) -> None:
        """Note that something was taken: until now nothing was, since the last time or since the oldest offer."""
        now = time.monotonic()
        self.longest_refusal = max(self.longest_refusal, now - max(self._last, min(self._offered.values())))
        self._last = now
        self.taken += 1
        del self._offered[offer]

    def _note(self, fact: dict[str, Any], answer: dict[str, Any]) -> None:
        self.results[answer["result"]] += 1
        name = fact_id(fact["source"], fact["id"])
        assert answer["result"] in {"accepted", "duplicate", "rejected"}, answer
        (self.rejected if answer["result"] == "rejected" else self.acknowledged).add(name)
