"""Publish what a transaction committed: at least once, in the order of the commits, by one process at a time.

Each service that uses it has this table in its own schema:

    create table outbox (
        id       bigint generated always as identity primary key,
        stream   text not null,
        subject  text not null,
        msg_id   text not null,
        body     bytea not null,
        headers  jsonb not null default '{}',
        at       timestamptz not null default now()
    );

A process that dies between publishing and deleting publishes again with the same ids; within the dedup window of the
stream (120 s) the server drops them. Later than that a message may stand in the stream twice: its readers must be
idempotent by its id, as they must be anyway.
"""

import asyncio
import itertools
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

import asyncpg
import structlog
from nats.aio.client import Client

from kit.db import Connection, Pool
from kit.errors import TooLarge
from kit.failures import describe, is_outage
from kit.publish import Outgoing, publish_batch

MAX_BODY: Final = 1_000_000
"""Bytes; a server with default settings takes 1 MiB with the headers."""
_PORTION: Final = 1000
_POLL: Final = 1.0
"""Seconds between two looks without being woken: for rows that another process wrote, and for taking over from one."""
_PAUSES: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

_IN_TURN: Final = "select pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox enqueue', 0))"
_COLUMNS: Final = ("stream", "subject", "msg_id", "body", "headers")
_TRY_LEAD: Final = "select pg_try_advisory_lock(hashtextextended($1 || '.outbox publish', 0))"
_NEXT: Final = """
    select id, stream, subject, msg_id, body, headers from outbox
    where $2::text is null or stream = $2 order by id limit $1"""
_DONE: Final = "delete from outbox where id = any($1::bigint[])"

_log = structlog.stdlib.get_logger("kit.outbox")


async def enqueue(db: Connection, stream: str, messages: Sequence[Outgoing]) -> None:
    """Put messages into the outbox within the caller's transaction; do it last.

    From here to the commit the transactions of a service wait for one another, so that the order of the rows is the
    order of the commits. Raises ``TooLarge`` for a body of more than 1,000,000 bytes.
    """
    for message in messages:
        if len(message.body) > MAX_BODY:
            raise TooLarge(f"消息有 {len(message.body)} 字节，超过上限 {MAX_BODY} 字节")
    if not messages:
        return
    await db.execute(_IN_TURN)
    rows = [(stream, m.subject, m.msg_id, m.body, dict(m.headers)) for m in messages]
    await db.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)


class Outbox:
    """The publisher of one service's outbox; ``run`` it in the background."""

    def __init__(self, pool: Pool, nc: Client, *, schema: str, stream: str | None = None) -> None:
        """Take a pool whose search path is ``schema``; one of its connections is held while running.

        A service whose streams are in different NATS accounts has one publisher, with its own connection, for each
        ``stream``.
        """
        self._schema = schema
        self._stream = stream
        self._lock = f"{schema} {stream or ''}"
        self._pool = pool
        self._nc = nc
        self._wake = asyncio.Event()
        self._error: str | None = None
        self._failures = 0

    def wake(self) -> None:
        """Tell the publisher that a transaction with messages has committed; else it finds them within a second."""
        self._wake.set()

    def trouble(self) -> str | None:
        """Return why messages do not leave, or None (a check for ``Readiness``)."""
        return self._error

    async def run(self) -> None:
        """Publish until cancelled; trouble of any kind is logged, told by ``trouble`` and tried again."""
        while True:
            try:
                async with self._pool.acquire() as db:  # giving it back ends the lead
                    await self._lead(db)
            except Exception as error:  # noqa: BLE001  nothing may be skipped, so nothing but trying again is left
                self._note(error)
            await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES) - 1)])
            self._failures += 1

    async def _lead(self, db: Connection) -> None:
        while not await db.fetchval(_TRY_LEAD, self._lock):  # another process of this service publishes
            self._well()
            self._wake.clear()
            await self._rest()
        while True:
            self._wake.clear()
            rows = await db.fetch(_NEXT, _PORTION, self._stream)
            for stream, run in itertools.groupby(rows, key=itemgetter("stream")):
                await self._publish(db, stream, list(run))
            self._well()
            if len(rows) < _PORTION:
                await self._rest()

    async def _publish(self, db: Connection, stream: str, rows: Sequence[asyncpg.Record]) -> None:
        messages = [Outgoing(row["subject"], row["body"], row["msg_id"], row["headers"]) for row in rows]
        await publish_batch(self._nc, messages)
        await db.execute(_DONE, [row["id"] for row in rows])
        _log.debug("outbox.published", outbox=self._schema, stream=stream, messages=len(rows))

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    def _well(self) -> None:
        if self._error is not None:
            _log.info("outbox.mended", outbox=self._schema)
        self._error, self._failures = None, 0

    def _note(self, error: Exception) -> None:
        reason = describe(error)
        if reason != self._error:
            (_log.warning if is_outage(error) else _log.exception)("outbox.trouble", outbox=self._schema, error=reason)
        self._error = reason
