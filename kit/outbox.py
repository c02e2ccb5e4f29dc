"""Publish what a transaction committed: at least once, in order, one publisher per service.

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
"""

from collections.abc import Sequence

from nats.aio.client import Client

from kit.db import Connection, Pool
from kit.publish import Outgoing


async def enqueue(db: Connection, stream: str, messages: Sequence[Outgoing]) -> None:
    """Put messages into the outbox within the caller's transaction; do it last, it orders transactions by their commit.

    Raises ``TooLarge`` for a body that no server would take.
    """
    raise NotImplementedError


class Outbox:
    """The publisher of one service's outbox."""

    def __init__(self, pool: Pool, nc: Client, *, schema: str) -> None:
        """Take the pool whose search path is ``schema``; nothing starts yet."""

    def wake(self) -> None:
        """Tell the publisher that a transaction with messages has committed."""
        raise NotImplementedError

    def trouble(self) -> str | None:
        """Return why messages do not leave, or None (a check for ``Readiness``)."""
        raise NotImplementedError

    async def run(self) -> None:
        """Publish until cancelled."""
        raise NotImplementedError
