"""A candidate that judges beside the live book: every act that the live book judges it judges too, and nobody is told of it.

It follows the monitor's own tables, not the stream: the facts behind its own checkpoint name the acts to look at, and what acts
offer and need does not depend on the book. An act is looked at in every version that it ever had, because the tables may be
ahead of the checkpoint: whatever a finding was made of is then judged again when its fact is reached. So once the checkpoint is
that of the live monitor, the findings are those of a backtest over the same log; rules that are the same in both books are not
judged. A portion is one transaction of a connection of its own, that writes the candidate's tables and no other.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog

from contracts.event import Event, Recorded
from contracts.jurisdiction import is_within
from contracts.workdays import Workdays
from kit import clock
from kit.db import Connection, Pool
from kit.facts import decode
from kit.failures import describe, is_outage
from services.monitor import queries_policy, store, store_shadow
from services.monitor.backtest import Asked, Compared, Files, called, found_by, place_for, seated
from services.monitor.book import load
from services.monitor.domain import Act, fold, target_of
from services.monitor.engine import judge
from services.monitor.judging import ACT_SCOPE
from services.monitor.reading import Batch, scenes
from services.monitor.rulebook import RuleBroken
from services.monitor.state import State, load_world, renew_world
from services.monitor.store_shadow import Finding, Reached
from services.monitor.waking import Pairs, pairs_of, recollect, woken_by_world
from services.monitor.world import REFERENCE, UNJUDGED

PORTION: Final = 200
"""Facts of one transaction."""
_PAIRS: Final = 500
"""(rule, scope) pairs whose acts are in memory at a time."""
_BREATH: Final = 20
"""Pairs that are judged before the live monitor may have its turn."""
_POLL: Final = 1.0
"""Seconds between two looks for a candidate, or for facts."""
_POLITE: Final = 4
"""While facts wait for the live monitor, it rests so many times as long as it worked; else as long."""
_LONGEST: Final = 5.0
"""Seconds of such a rest, at most."""
_REPORTS: Final = 10.0
"""Seconds between two reports, at least."""
_NOBODY: Final = Batch((), (), {}, {})

_log = structlog.stdlib.get_logger("monitor.shadow")


def beside(live: Files, over: Files, pack: str, against: str, place: str | None) -> Compared:
    """Return the two books: that in which a pack holds instead of another, with files over those that ship, and the live one.

    Raise ``RuleBroken`` where files do not fit, or the other pack does not hold there: then live alerts say nothing of it.
    """
    candidate = Files({**live.rules, **over.rules}, {**live.packs, **over.packs})
    where = place_for(candidate.packs, pack, against, place)
    second = load(*live)
    if against not in second.packs_of(where):
        raise RuleBroken(against, f"没有在 {where} 施行，不能与现行预警对照")
    return Compared(Asked(pack, against, where), seated(candidate, pack, against, where), second)


def candidate_of(over: Files, pack: str, against: str) -> dict[str, Any]:
    """Return a candidate as it is kept."""
    return {"pack": pack, "against": against, "rules": dict(over.rules), "packs": dict(over.packs)}


def differing(compared: Compared) -> frozenset[str]:
    """Return the rules that are not the same in both books somewhere in the place."""
    packs = [*compared.first.packs.values(), *compared.second.packs.values()]
    below = {one.place for one in packs if one.place and is_within(one.place, compared.asked.place)}
    return frozenset(rule for place in {compared.asked.place, *below} for rule in compared.differing(place))


def versions(facts: Iterable[Recorded[Event]]) -> list[Act]:
    """Return acts in every version that they had while these facts arrived one after the other."""
    by_act: dict[str, list[Recorded[Event]]] = {}
    for fact in facts:
        by_act.setdefault(target_of(fact) or fact.fact_id, []).append(fact)
    found = {
        act.made_of: act for some in by_act.values() for count in range(1, len(some) + 1) for act in fold(some[:count])
    }
    return list(found.values())


@dataclass(slots=True)
class _Running:
    """A candidate that is judging, with what is in memory of the tables as of ``seen``."""

    number: int
    compared: Compared
    rules: frozenset[str]
    state: State
    seen: int

    @property
    def place(self) -> str:
        """Where it is tried."""
        return self.compared.asked.place


class Shadow:
    """Judges by the candidate that is kept, while there is one; what goes wrong with it is told by its row and nowhere else."""

    def __init__(
        self, pool: Pool, live: Files, book: str, calendar: Workdays, lagging: Callable[[], bool] = lambda: False
    ) -> None:
        """Take a pool of its own, and what is live: the files, the statement of the book, whether facts wait for it."""
        self._pool, self._live, self._book, self._calendar, self._lagging = pool, live, book, calendar, lagging
        self._running: _Running | None = None
        self._given_up: int | None = None
        self._next_report = 0.0

    async def run(self) -> None:
        """Judge until cancelled; outages are waited for, and a candidate that cannot be judged by is given up."""
        while True:
            began, busy = self._time(), False
            try:
                busy = await self.step()
            except Exception as error:  # noqa: BLE001  nothing of a candidate may reach the live monitor
                await self._fail(error)
            await asyncio.sleep(self.rest(self._time() - began) if busy else _POLL)

    def rest(self, spent: float) -> float:
        """Return the seconds to rest after a portion that took so many: the live monitor has at least as much, and more if it lags."""
        return min(spent * (_POLITE if self._lagging() else 1), _LONGEST)

    async def step(self) -> bool:
        """Take in one portion, or tell the difference; return whether there may be more to do at once."""
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read"):
            kept = await queries_policy.shadow(db)
            if kept is None or kept.number == self._given_up:
                self._running = None
                return False
            reached = await store_shadow.reached(db)
            if (kept.book, kept.replayed_at) != (self._book, reached.replayed_at):
                self._running = None
                await store_shadow.restart(db, kept.number, self._book, reached.replayed_at)
                return True
            running = self._running
            if running is None or running.number != kept.number:
                running = self._running = self._begin(kept, reached)
            if kept.position < reached.position:
                kept = await self._portion(db, running, kept, reached)
            if kept.position < reached.position:
                return True
            await self._report(db, running, kept)
            return False

    def _begin(self, kept: queries_policy.Shadow, reached: Reached) -> _Running:
        said = kept.candidate
        over = Files(said["rules"], said["packs"])
        compared = beside(self._live, over, said["pack"], said["against"], kept.place)
        rules = differing(compared)
        self._next_report = 0.0
        return _Running(
            kept.number, compared, rules, State(compared.first.only(rules), self._calendar), reached.position
        )

    async def _portion(
        self, db: Connection, running: _Running, kept: queries_policy.Shadow, reached: Reached
    ) -> queries_policy.Shadow:
        """Judge what the next facts touch; return how far the candidate then is."""
        await _renew(db, running, reached.position)
        facts = await store_shadow.following(db, kept.position, PORTION)
        until = facts[-1].position if len(facts) == PORTION else reached.position
        pairs = await _pairs(db, running, list(dict.fromkeys(fact.act for fact in facts)))
        ordered = sorted(pairs)
        for begin in range(0, len(ordered), _PAIRS):
            await _judge(db, running, ordered[begin : begin + _PAIRS])
        running.state.trim()
        acts = sum(fact.fresh and is_within(fact.place, running.place) for fact in facts)
        await store_shadow.advance(db, kept.number, until, acts)
        return kept._replace(position=until, acts=kept.acts + acts)

    async def _report(self, db: Connection, running: _Running, kept: queries_policy.Shadow) -> None:
        """Keep the difference to the live alerts, which are of the same facts: one state of the database is seen."""
        fresh = kept.report is not None and kept.report["position"] == kept.position
        began = self._time()
        if fresh or began < self._next_report:
            return
        found = Compared(running.compared.asked, running.compared.first, running.compared.second)
        found.acts, found.position = kept.acts, kept.position
        found.units = called(await load_world(db, running.state))
        for rule in sorted(differing(found)):
            stands = await store_shadow.live(db, running.place, rule)
            theirs = {subject: one for subject, one in stands.items() if rule in found.differing(one.place)}
            found.weigh(rule, await store_shadow.ours(db, kept.number, rule), theirs)
            await asyncio.sleep(0)
        await store_shadow.put_report(db, kept.number, found.report(), clock.now())
        self._next_report = began + max(_REPORTS, 10 * (self._time() - began))

    async def _fail(self, error: Exception) -> None:
        number, self._running = self._running.number if self._running else None, None
        if is_outage(error):
            _log.warning("shadow.waits", error=describe(error))
            return
        _log.error("shadow.given_up", error=describe(error), exc_info=error)
        why = f"规则文件有误：{error}" if isinstance(error, RuleBroken) else f"判定出错（{describe(error)}），已停止"
        try:
            async with self._pool.acquire() as db, db.transaction():
                kept = await queries_policy.shadow(db)
                if kept is not None and number in (None, kept.number):
                    self._given_up = kept.number
                    await store_shadow.put_trouble(db, kept.number, why)
        except Exception as further:  # noqa: BLE001  it fails again, and is tried again
            _log.warning("shadow.waits", error=describe(further))

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


async def _renew(db: Connection, running: _Running, position: int) -> None:
    """Drop from memory what the live monitor has changed since."""
    state = running.state
    if position > running.seen:
        changed = await store_shadow.changed(db, running.seen, position)
        for name in changed:
            state.acts.drop(name)
        if any(changed.values()):
            state.world = None
        running.seen = position
    await load_world(db, state)


async def _pairs(db: Connection, running: _Running, names: Sequence[str]) -> Pairs:
    """Return what the facts about these acts may change: whatever any version of them bears on."""
    state = running.state
    acts = versions([decode(body) for body in await store.bodies(db, names)])
    known = {str(number): act for number, act in enumerate(acts) if isinstance(act.event, REFERENCE)}
    woken = await woken_by_world(db, state, _NOBODY, renew_world(state, {}, known))
    mine = {str(number): act for number, act in enumerate(acts) if not isinstance(act.event, UNJUDGED)}
    pairs = await pairs_of(db, state, _NOBODY, {**woken, **mine})
    pairs |= await _stirred(db, state, mine)
    if state.world is not None and state.world.today is not None:
        pairs |= await store_shadow.due(db, running.number, state.world.today)
    return {(rule, scope) for rule, scope in pairs if rule in running.rules}


async def _stirred(db: Connection, state: State, acts: Mapping[str, Act]) -> Pairs:
    """Return the verdicts on other acts that summaries know to be near; they are made for this and kept no longer."""
    some = {name: act for name, act in acts.items() if state.book.asked(act.place, act.name).recalling}
    if not some:
        return set()
    await recollect(db, state, Batch((), (), {}, some), {})
    pairs = {
        (rule, ACT_SCOPE + name)
        for act in some.values()
        for rule, bound, _ in state.book.asked(act.place, act.name).recalling
        for name in bound.evaluator.stirs(bound, act, state.memories.recall(rule))
    }
    state.memories.clear()
    return pairs


async def _judge(db: Connection, running: _Running, pairs: Sequence[tuple[str, str]]) -> None:
    """Judge pairs by the candidate, and keep what it finds."""
    state, compared = running.state, running.compared
    index, world = await scenes(db, state, pairs), await load_world(db, state)
    found: dict[tuple[str, str, str], Finding] = {}
    timers: dict[tuple[str, str], date] = {}
    for number, (rule, scope) in enumerate(pairs):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        verdicts = judge(state.book, rule, scope, index.scene(scope, state.book.looks(rule)), world, terse=True)
        recheck = min((one.recheck_on for one in verdicts if one.recheck_on), default=None)
        if recheck is not None:
            timers[rule, scope] = recheck
        for one in verdicts:
            if one.severity and is_within(one.place, running.place) and rule in compared.differing(one.place):
                found[rule, scope, one.subject] = Finding(rule, scope, one.subject, found_by(state.book, one))
    await store_shadow.settle(db, running.number, pairs, list(found.values()), timers)
