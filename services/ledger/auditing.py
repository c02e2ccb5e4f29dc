"""Read both copies of the log in bulk and have them audited."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from kit.db import Connection, Pool
from services.ledger import queries_audit
from services.ledger.audit import Auditor, Copied, Fault
from services.ledger.audit_alerts import AlertAuditor, Revision
from services.ledger.chain import GENESIS
from services.ledger.proof import PublicKeys, Signed
from services.ledger.store import Entry
from services.ledger.stream_copy import StreamCopy, messages, open_copy

_ALERTS: Final = "ALERTS"
_BATCH: Final = 4000
_BEFORE: Final = -(2**63)
"""A position before any other, also before those that should not be."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of an audit."""

    entries: int
    """Entries of the journal that were checked."""
    messages: int | None
    """Messages of the stream that were compared; ``None``: it was not looked at."""
    checkpoints: int
    """Signed checkpoints that the chain met."""
    uncovered: int
    """Entries behind the last of them, but for those that state checkpoints."""
    signed_at: datetime | None
    """When the newest of the checkpoints that facts state was signed."""
    unread: int
    """Messages of the stream that the journal does not hold yet."""
    fault: Fault | None
    seconds: float


@dataclass(frozen=True, slots=True)
class VerifiedAlerts:
    """What came of comparing the alerts with a sound journal."""

    recorded: int
    """Changes of alerts that the journal records."""
    messages: int
    revisions: int | None
    """Rows of the monitor's revisions that were compared; ``None``: they were not looked at."""
    older: int
    """Messages from before alerts were recorded."""
    newer: int
    """Messages that the journal does not hold yet."""
    fault: Fault | None


async def verify(
    pool: Pool,
    js: JetStreamContext | None,
    keys: PublicKeys,
    *,
    witnessed: Sequence[Signed] = (),
    learn: Callable[[Entry], None] | None = None,
) -> Verified:
    """Audit the journal as it is now, and with ``js`` the stream; nothing is changed and nobody has to wait.

    ``learn`` is told every entry that was found sound.
    """
    begun = time.monotonic()
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
        table = await queries_audit.signed_checkpoints(db)
        auditor = Auditor(table, keys, witnessed=witnessed, doubled=await queries_audit.doubled(db))
        reader = await queries_audit.reader(db) or (0, GENESIS)
        stream = None if js is None else await open_copy(js)
        try:
            fault = await _follow(db, auditor, stream, learn) or auditor.finish(reader)
        finally:
            if stream is not None:
                await stream.close()
    return Verified(
        auditor.position,
        None if stream is None else min(stream.read, auditor.position),
        auditor.checkpoints,
        auditor.unsigned,
        auditor.signed_at,
        0 if stream is None else max(0, stream.last - auditor.position),
        fault,
        time.monotonic() - begun,
    )


async def verify_alerts(
    js: JetStreamContext, auditor: AlertAuditor, revisions: AsyncIterator[Revision] | None
) -> VerifiedAlerts:
    """Compare ALERTS, and the monitor's revisions where given, with what a sound journal taught the auditor."""
    count, fault = await _compare_messages(js, auditor)
    rows = 0
    if fault is None and revisions is not None:
        rows, fault = await _compare_revisions(revisions, auditor)
    return VerifiedAlerts(
        auditor.recorded, count, None if revisions is None else rows, auditor.older, auditor.newer, fault
    )


async def _compare_messages(js: JetStreamContext, auditor: AlertAuditor) -> tuple[int, Fault | None]:
    count = last = 0
    try:
        last = int((await js.stream_info(_ALERTS)).state.last_seq)
        async for deliveries in messages(js, _ALERTS):
            for one in deliveries:
                count += 1
                fault = auditor.message(one.seq, one.body, sha256(one.body).digest())
                if fault is not None:
                    return count, fault
    except NotFoundError:
        pass  # then everything that was recorded is missing
    return count, auditor.end_of_messages(last)


async def _compare_revisions(rows: AsyncIterator[Revision], auditor: AlertAuditor) -> tuple[int, Fault | None]:
    count = 0
    async for row in rows:
        count += 1
        fault = auditor.revision(row)
        if fault is not None:
            return count, fault
    return count, auditor.end_of_revisions()


async def _follow(
    db: Connection, auditor: Auditor, stream: StreamCopy | None, learn: Callable[[Entry], None] | None
) -> Fault | None:
    entries = await queries_audit.entries(db, _BEFORE, _BATCH)
    while entries:
        copied = await _copied(db, entries)
        following = asyncio.create_task(queries_audit.entries(db, entries[-1].position, _BATCH))
        try:  # the server looks up the next ones meanwhile
            first = auditor.position + 1
            bodies = None if stream is None else await stream.take(first, auditor.position + len(entries))
            fault = auditor.check(entries, bodies, copied)
        finally:
            await asyncio.wait([following])  # the connection must be free again, whatever happened
        if fault is not None:
            return fault
        if learn is not None:
            for entry in entries:
                learn(entry)
        entries = following.result()
    return None


async def _copied(db: Connection, entries: Sequence[Entry]) -> dict[int, Copied]:
    wanted = sorted({one.repeats for one in entries if one.repeats is not None})
    return await queries_audit.copied(db, wanted) if wanted else {}


async def read_entries(db: Connection, after: int = _BEFORE, *, batch: int = _BATCH) -> AsyncIterator[list[Entry]]:
    """Yield the journal in portions."""
    while entries := await queries_audit.entries(db, after, batch):
        after = entries[-1].position
        yield entries  # the caller's own: it may take them apart
        await asyncio.sleep(0)
