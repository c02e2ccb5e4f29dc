"""Messages that a reader of a stream cannot make sense of: set aside one by one with the reason, and taken in again later.

Each service that uses it has this table in its own schema; it is written in the transaction that moves the checkpoint:

    create table parked (
        stream      text not null,
        position    bigint not null,
        subject     text not null,
        reason      text not null,
        body        bytea not null,
        stored_at   timestamptz not null,
        replayed_at timestamptz,
        primary key (stream, position)
    );

A subject's second token is the jurisdiction that it belongs to.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kit.cursor import Delivery
from kit.db import Connection
from kit.paging import Current, Keyset

_PAGE: Final = Keyset(tuple[str, int])

_PARK: Final = """
    insert into parked (stream, position, subject, reason, body, stored_at)
    select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
    on conflict do nothing"""
_WAITING: Final = """
    select position, subject, body, stored_at from parked
    where stream = $1 and replayed_at is null and position > $2 order by position limit $3"""
_REPLAYED: Final = "update parked set replayed_at = $3 where stream = $1 and position = any($2::bigint[])"
_LIST: Final = """
    select stream, position, subject, reason, stored_at, replayed_at from parked
    where ($1 = '00' or starts_with(split_part(subject, '.', 2), $1))
      and ($2 or replayed_at is null)
      and ($3::text is null or (stream, position) > ($3, $4))
    order by stream, position limit $5"""

_log = structlog.stdlib.get_logger("kit.parked")

PORTION: Final = 500
"""Messages that are taken in again in one transaction."""


class Unread(NamedTuple):
    """A message that could not be read; ``reason`` names the field and what was expected, never a value."""

    delivery: Delivery
    reason: str


class ParkedMessage(BaseModel):
    """A message that is set aside, without its content."""

    model_config = ConfigDict(frozen=True)
    stream: str
    position: int
    subject: str
    reason: str
    stored_at: datetime
    """When the stream stored it."""
    replayed_at: datetime | None


class ParkedAsked(BaseModel):
    """Query parameters of a list of parked messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    replayed: bool = False
    after: Annotated[str, StringConstraints(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Replayed(BaseModel):
    """What came of taking parked messages in again."""

    model_config = ConfigDict(frozen=True)
    replayed: int
    """How many could be read now."""
    current: Current


async def park(db: Connection, stream: str, unread: Sequence[Unread]) -> None:
    """Set messages aside; one that is there already stays as it is."""
    if unread:
        first = unread[0]
        _log.warning("parked", stream=stream, messages=len(unread), first=first.delivery.seq, reason=first.reason)
        rows = [(d.seq, d.subject, reason, d.body, d.time) for d, reason in unread]
        await db.execute(_PARK, stream, *(list(column) for column in zip(*rows, strict=True)))


async def waiting(db: Connection, stream: str, *, after: int) -> list[Delivery]:
    """Return the next portion of what was set aside and not taken in since, in the order of the stream."""
    rows = await db.fetch(_WAITING, stream, after, PORTION)
    return [Delivery(row["position"], row["subject"], row["body"], {}, row["stored_at"]) for row in rows]


async def mark_replayed(db: Connection, stream: str, positions: Iterable[int], now: datetime) -> None:
    """Note that these messages have been taken in."""
    await db.execute(_REPLAYED, stream, list(positions), now)


async def listed(db: Connection, place: str, asked: ParkedAsked) -> tuple[list[ParkedMessage], str | None]:
    """Return one page of what a jurisdiction may see, and where the next one begins."""
    begin = _PAGE.decode(asked.after) if asked.after else (None, None)
    rows = await db.fetch(_LIST, place, asked.replayed, *begin, asked.limit + 1)
    items = [ParkedMessage(**row) for row in rows[: asked.limit]]
    more = len(rows) > asked.limit
    return items, _PAGE.encode((items[-1].stream, items[-1].position)) if more else None
