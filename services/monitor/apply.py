"""Apply one batch of facts: which scopes it touches, what the rules now say of them, and the difference to the standing alerts.

One batch is one transaction of a constant number of statements, whatever its size. The result depends on the set of facts applied
so far, not on how they were cut into batches (product decision 6). What certainly has nothing to tell is not judged: an act's
own scope by its rule's silencer, a unit's year by the state of its summary; the rest goes the one long way of ``engine.judge``.
"""

from datetime import date, datetime
from typing import Final

from kit.db import Connection
from kit.parked import mark_replayed, park, waiting
from services.monitor import store
from services.monitor.domain import Verdict
from services.monitor.engine import judge
from services.monitor.findings import Findings, settle_alerts
from services.monitor.reading import Batch, Incoming, read, scenes, unpack
from services.monitor.state import State, load_world, renew_world
from services.monitor.waking import Pairs, pairs_of, recollect, store_keys, woken_by_world

STREAM: Final = "FACTS"


async def apply(db: Connection, state: State, incoming: Incoming) -> int:
    """Apply messages of FACTS in one transaction of the caller; return how many alert changes went into the outbox."""
    await store.lock_checkpoint(db, STREAM)
    await load_world(db, state)
    batch = await read(db, incoming)
    last = incoming.deliveries[-1]
    await park(db, STREAM, batch.unread)
    changed = await _take(db, state, batch, last.seq, last.time)
    await store.advance(db, STREAM, last.seq, last.time)
    return changed


async def replay(db: Connection, state: State, now: datetime, *, after: int) -> tuple[int, int]:
    """Apply what is parked behind the position ``after`` and can be read by now, one portion in the caller's transaction.

    Return the position of the last message looked at (0: there is none) and how many facts could be read. What it changes is
    dated with the checkpoint: the facts are as late as that.
    """
    checkpoint = await store.lock_checkpoint(db, STREAM)
    deliveries = await waiting(db, STREAM, after=after)
    if checkpoint is None or not deliveries:
        return 0, 0
    await load_world(db, state)
    batch = await read(db, await unpack(state.book, deliveries))
    unread = {one.delivery.seq for one in batch.unread}
    readable = [one.seq for one in deliveries if one.seq not in unread]
    await mark_replayed(db, STREAM, readable, now)
    if batch.rows:
        await _take(db, state, batch, *checkpoint)
    return deliveries[-1].seq, len(readable)


async def _take(db: Connection, state: State, batch: Batch, position: int, moment: datetime) -> int:
    """Store the facts, judge what they touch and settle the alerts; ``position`` and ``moment`` date what changes."""
    state.take({row.target or row.fact_id for row in batch.rows}, batch.after)
    woken = await woken_by_world(db, state, batch, renew_world(state, batch.before, batch.after))
    await recollect(db, state, batch, woken)
    await store.put_facts(db, batch.rows)
    await store_keys(db, batch)
    pairs = await pairs_of(db, state, batch, woken)
    changed = await _judge(db, state, pairs, position, moment)
    state.trim()
    return changed


async def _judge(db: Connection, state: State, pairs: Pairs, position: int, moment: datetime) -> int:
    """Judge the pairs and write what changed; return the number of changes."""
    if not pairs or state.world is None:
        return 0
    index = await scenes(db, state, pairs)
    judged = sorted(pairs)
    findings: dict[tuple[str, str], list[Verdict]] = {}
    timers: dict[tuple[str, str], date] = {}
    for rule, scope in judged:
        scene = index.scene(scope, state.book.looks(rule))
        enough = len(scene) >= state.book.fewest(rule)
        verdicts = judge(state.book, rule, scope, scene, state.world, terse=True) if enough else []
        findings[rule, scope] = [verdict for verdict in verdicts if verdict.severity is not None]
        recheck = min((verdict.recheck_on for verdict in verdicts if verdict.recheck_on), default=None)
        if recheck is not None:
            timers[rule, scope] = recheck
    await store.set_timers(db, judged, timers)
    return await settle_alerts(db, state.book, Findings(findings, index, state.world), position, moment)
