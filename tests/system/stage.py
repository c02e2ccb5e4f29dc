"""A running system with everybody around it: senders, webhook receivers, a reader of the event stream, and the final proof."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from contracts.event import fact_id
from tests.ending import ended
from tests.eventually import eventually
from tests.system import truth
from tests.system.running import Running, up
from tests.system.sending import Client
from tests.system.telling import Follower, Webhook, webhooks

OWN_SOURCES: Final = ("/jianfu/", "jianfu/")
"""How the sources of the facts begin that the system states itself."""


@dataclass(frozen=True)
class Proved:
    """What was compared: how many facts the journal holds, how many alerts stand, how many webhook posts were made."""

    facts: int
    alerts: int
    posts: int


@dataclass
class Stage:
    """A running system, those around it, and everything that was ever sent to it."""

    system: Running
    hooks: Mapping[str, Webhook]
    follower: Follower
    sent: dict[str, truth.Event] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)

    def client(self, facts: Sequence[bytes], random: Random, *, spread: float) -> Client:
        """Give a sender of these facts whose answers count for the proof."""
        self.sent |= {fact_id(event["source"], event["id"]): event for event in map(json.loads, facts)}
        return Client(self.system, facts, random, spread, self.acknowledged, self.rejected)

    async def rest(self, *, within: float) -> None:
        """Wait until the system has nothing left to do and every service is ready."""
        try:
            await eventually(lambda: truth.unsettled(self.system), "", within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.system.complaints()}") from error

    async def prove(self) -> Proved:
        """Prove of the system at rest that nothing acknowledged is missing or doubled, and that all follows from it."""
        stored = await truth.journal_equals_stream(self.system)
        self._acknowledged_is_stored(stored)
        bodies = [one.body for one in stored]
        await truth.ledgers_equal_a_fold(self.system, map(truth.said, bodies))
        standing = await truth.alerts_equal_the_oracle(self.system, bodies)
        await truth.everybody_was_told(self.system, standing, self.hooks, self.follower)
        return Proved(len(stored), len(standing), sum(len(hook.http.got) for hook in self.hooks.values()))

    def _acknowledged_is_stored(self, stored: Sequence[truth.Stored]) -> None:
        """Prove that of what was sent exactly the acknowledged facts are stored, saying what was sent."""
        ours = [one for one in stored if one.msg_id in self.sent]
        assert all(truth.said(one.body) == self.sent[one.msg_id] for one in ours)
        assert {one.msg_id for one in ours} == self.acknowledged  # every event was answered in the end
        assert self.acknowledged | self.rejected == set(self.sent)
        others = {truth.said(one.body)["source"] for one in stored if one.msg_id not in self.sent}
        assert all(source.startswith(OWN_SOURCES) for source in others), others


@contextlib.asynccontextmanager
async def stage(folder: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Stage]:
    """Run the system on ``folder``/home with two webhook receivers and a reader of the event stream."""
    async with webhooks(folder) as (hooks, ours), up(folder / "home", {**ours, **(environment or {})}) as system:
        follower = Follower(system)
        following = asyncio.create_task(follower.run())
        try:
            yield Stage(system, hooks, follower)
        finally:
            await ended(following)
