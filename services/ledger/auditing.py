"""Read both copies of the log in bulk and have them audited."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from nats.js import JetStreamContext

from kit.db import Connection, Pool
from services.ledger import queries_audit
from services.ledger.audit import Auditor, Copied, Fault
from services.ledger.chain import GENESIS
from services.ledger.proof import PublicKeys, Signed
from services.ledger.store import Entry
from services.ledger.stream_copy import StreamCopy, open_copy

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
    """Entries behind the last of them."""
    unread: int
    """Messages of the stream that the journal does not hold yet."""
    fault: Fault | None
    seconds: float


async def verify(
    pool: Pool, js: JetStreamContext | None, keys: PublicKeys, *, witnessed: Sequence[Signed] = ()
) -> Verified:
    """Audit the journal as it is now, and with ``js`` the stream; nothing is changed and nobody has to wait."""
    begun = time.monotonic()
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
        table = await queries_audit.signed_checkpoints(db)
        auditor = Auditor(table, keys, witnessed=witnessed, doubled=await queries_audit.doubled(db))
        reader = await queries_audit.reader(db) or (0, GENESIS)
        stream = None if js is None else await open_copy(js)
        try:
            fault = await _follow(db, auditor, stream) or auditor.finish(reader)
        finally:
            if stream is not None:
                await stream.close()
    covered = max((one.position for one in table if one.position <= auditor.position), default=0)
    return Verified(
        auditor.position,
        None if stream is None else min(stream.read, auditor.position),
        auditor.checkpoints,
        auditor.position - covered,
        0 if stream is None else max(0, stream.last - auditor.position),
        fault,
        time.monotonic() - begun,
    )


async def _follow(db: Connection, auditor: Auditor, stream: StreamCopy | None) -> Fault | None:
    async for entries in read_entries(db):
        first = auditor.position + 1
        bodies = None if stream is None else await stream.take(first, auditor.position + len(entries))
        fault = auditor.check(entries, bodies, await _copied(db, entries))
        if fault is not None:
            return fault
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
