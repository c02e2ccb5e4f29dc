"""The one way in: every event takes it, from HTTP, from NATS, from a file, from quarantine and from our clock."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from kit import clock
from kit.db import Pool
from kit.ids import new_id
from kit.metrics import Metrics
from kit.telemetry import traceparent
from kit.tokens import Principal
from services.intake import queries, results, store
from services.intake.authority import may_speak, objection, objection_to_amending
from services.intake.domain import Aside, Candidate, Outcome, Reason, Refused, Stated
from services.intake.gathering import Gatherer
from services.intake.numbering import Numbers
from services.intake.pace import Pace
from services.intake.reading import read, refused_whole
from services.intake.results import ItemResult
from services.intake.tally import Tallies

StatedOf: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Stated | None]]]
"""Looks up where and by whom those of some facts that were ever taken were stated."""
_AT_ONCE: Final = 100
"""Items that are read before other requests get their turn."""


class Taker:
    """Takes items in: gate, contract, authority, facts, quarantine."""

    def __init__(
        self, pool: Pool, facts: Gatherer[Candidate, Outcome], stated: StatedOf, pace: Pace, metrics: Metrics
    ) -> None:
        """Take where facts go and are looked up, where the rest is set aside, and how much a sender may bring."""
        self._pool, self._facts, self._stated, self._pace = pool, facts, stated, pace
        self._items = metrics.counter(
            "intake_items", "Items taken, by result", {"result": ("accepted", "duplicate", "conflict", "rejected")}
        )
        self._seconds = metrics.histogram("intake_seconds", "From an item's reading to its durable answer")
        metrics.gauge("intake_waiting", "Items that wait for their group").ask(lambda: facts.waiting)
        metrics.gauge("intake_waiting_bytes", "Bytes of items that are not stored yet").ask(lambda: facts.waiting_bytes)

    @property
    def waiting(self) -> int:
        """Return how many items wait for their group."""
        return self._facts.waiting

    async def take(self, raws: Sequence[bytes], who: Principal, *, quarantine: bool = True) -> list[ItemResult]:
        """Take each item and tell what became of it, once that is durable.

        Without ``quarantine`` what is refused is neither kept nor counted: a replay keeps it where it is. Raises
        ``Overloaded``, or what the servers raise; then nothing is known and all may be sent again.
        """
        begin = clock.now()
        self._pace.take({("token", who.subject): len(raws)}, begin)
        read_items = await self._read(raws, who, begin)
        candidates = [item for item in read_items if isinstance(item, Candidate)]
        self._pace.take(Counter(("source", fact.source) for fact in candidates), begin)
        outcomes = iter(await self._facts.submit(candidates))
        answers: list[ItemResult] = []
        aside = _Aside(who, begin)
        for index, item in enumerate(read_items):
            if isinstance(item, Refused):
                answers.append(results.of_refusal(index, item))
                aside.refused(item)
                continue
            outcome = next(outcomes)
            answers.append(results.of_outcome(index, item, outcome))
            if outcome.result == "conflict":
                aside.conflict(item)
        if quarantine:
            await self._set_aside(aside)
        self._measure(answers, begin)
        return answers

    async def note(self, numbers: Numbers, answers: Sequence[ItemResult]) -> None:
        """Note which of a sender's numbers came and what became of them, before it is told."""
        results_ = ["secret" if one.reason and one.reason.code == "secret" else one.result for one in answers]
        async with self._pool.acquire() as db:
            await store.note_numbers(db, numbers, results_, now=clock.now())

    async def refuse(self, body: bytes, reason: Reason, who: Principal) -> None:
        """Keep a request that could not be taken apart into items, if nothing in it looks classified."""
        now = clock.now()
        self._pace.take({("token", who.subject): 1}, now)
        aside = _Aside(who, now)
        aside.refused(refused_whole(body, reason))
        await self._set_aside(aside)

    async def _set_aside(self, aside: "_Aside") -> None:
        if aside.tallies.by_source:
            async with self._pool.acquire() as db:
                await store.set_aside(db, aside.entries, aside.tallies, now=aside.now)

    async def count_secret(self, source: str, jurisdiction: str, count: int) -> None:
        """Count items that the gate stopped before they were items: rows of a file."""
        tallies = Tallies()
        tallies.of(source, jurisdiction).count("secret", count)
        async with self._pool.acquire() as db:
            await store.set_aside(db, [], tallies, now=clock.now())

    async def foresee(self, raws: Sequence[bytes], who: Principal) -> list[ItemResult]:
        """Tell what would become of each item, and store nothing; what is only asked costs as much to read."""
        now = clock.now()
        self._pace.take({("token", who.subject): len(raws)}, now)
        items = await self._read(raws, who, now)
        async with self._pool.acquire() as db:
            ids = [item.fact_id for item in items if isinstance(item, Candidate)]
            known = {fact_id: (one.hash, one.position) for fact_id, one in (await queries.standing(db, ids)).items()}
        answers: list[ItemResult] = []
        for index, item in enumerate(items):
            if isinstance(item, Refused):
                answers.append(results.of_refusal(index, item))
                continue
            if item.fact_id not in known:
                known[item.fact_id] = (item.hash, None)
                outcome = Outcome("accepted", None)
            else:
                first, position = known[item.fact_id]
                outcome = Outcome("duplicate" if item.hash == first else "conflict", position)
            answers.append(results.of_outcome(index, item, outcome))
        return answers

    async def _read(self, raws: Sequence[bytes], who: Principal, now: datetime) -> list[Candidate | Refused]:
        trace = traceparent()
        items: list[Candidate | Refused] = []
        for number, raw in enumerate(raws, 1):
            items.append(_allowed(read(raw, now=now, traceparent=trace), who))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        amending = {item.target: item for item in items if isinstance(item, Candidate) and item.target}
        return await self._amendable(items, list(amending), who) if amending else items

    async def _amendable(
        self, items: Sequence[Candidate | Refused], targets: Sequence[str], who: Principal
    ) -> list[Candidate | Refused]:
        """Refuse corrections and withdrawals of what ``who`` may not amend, as far as it is known."""
        beside = {item.fact_id: Stated(item.jurisdiction, item.unit) for item in items if isinstance(item, Candidate)}
        known = {**beside, **await self._stated(targets)}  # what was taken before counts, not what says to be the same
        return [_amendable(item, who, known) for item in items]

    def _measure(self, answers: Sequence[ItemResult], begin: datetime) -> None:
        for result, count in Counter(answer.result for answer in answers).items():
            self._items.add(count, result=result)
        self._seconds.observe((clock.now() - begin).total_seconds())


def _allowed(item: Candidate | Refused, who: Principal) -> Candidate | Refused:
    """Refuse what the sender may not state; of what names a foreign source nothing is kept, valid or not."""
    if isinstance(item, Candidate):
        reason = objection(who, item)
        return item if reason is None else Refused(reason, keep=None, source=item.source, id=item.id)
    if item.source is not None and not may_speak(who, item.source):
        if item.reason.code == "secret":
            return replace(item, source=None)
        return Refused(
            Reason("forbidden", "此凭证无权以该来源报送", "source"), keep=None, source=item.source, id=item.id
        )
    if item.jurisdiction is not None and not who.may_see(item.jurisdiction):
        return replace(item, jurisdiction=None)
    return item


def _amendable(item: Candidate | Refused, who: Principal, known: Mapping[str, Stated | None]) -> Candidate | Refused:
    if isinstance(item, Refused) or item.target is None:
        return item
    reason = objection_to_amending(who, item, known.get(item.target))
    if reason is None:
        return item
    keep = None if reason.code == "forbidden" else item.body
    return Refused(reason, keep=keep, source=item.source, id=item.id, jurisdiction=item.jurisdiction)


class _Aside:
    """Collects what a request leaves in quarantine and in the counts."""

    def __init__(self, who: Principal, now: datetime) -> None:
        self._who, self.now = who, now
        self.entries: list[Aside] = []
        self.tallies = Tallies()
        self._seen: set[tuple[str, bytes]] = set()

    def refused(self, item: Refused) -> None:
        if item.reason.code == "forbidden":
            return  # it says nothing about the source that it names
        self.tallies.of(item.source, item.jurisdiction).count("secret" if item.reason.code == "secret" else "rejected")
        if item.keep is not None:
            self._keep(item, item.keep)

    def conflict(self, fact: Candidate) -> None:
        self.tallies.of(fact.source, fact.jurisdiction).count("conflict")
        # not the body, which bears the moment when it came: the same conflict sent again is the same entry
        same = fact.fact_id.encode() + fact.hash
        self._keep(Refused(results.CONFLICT, fact.body, fact.source, fact.id, fact.jurisdiction), same)

    def _keep(self, item: Refused, same: bytes) -> None:
        source, digest = item.source or "", hashlib.sha256(same).digest()
        if item.keep is None or (source, digest) in self._seen:  # one statement cannot count the same row twice
            return
        self._seen.add((source, digest))
        reason = item.reason
        self.entries.append(
            Aside(
                entry_id=new_id(),
                source=source,
                event_id=item.id,
                jurisdiction=item.jurisdiction,
                sender=self._who.subject,
                code=reason.code,
                field=reason.field,
                detail=reason.detail,
                body=item.keep,
                body_hash=digest,
            )
        )
