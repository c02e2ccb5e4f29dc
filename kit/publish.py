"""Publish messages in durable batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nats.aio.client import Client


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for a stream; ``msg_id`` makes storing it again within the dedup window harmless."""

    subject: str
    body: bytes
    msg_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


async def publish_batch(nc: Client, messages: Sequence[Outgoing], *, deadline: float = 60.0) -> list[int]:
    """Store the messages in order in the one stream of their subjects; return the stream sequence of each.

    Up to 1,000 messages are one atomic batch: all are stored or none; more are split. When one of the ids is already
    stored the messages go one by one, and a duplicate answers with its first sequence. Trouble is retried with the same
    ids for up to ``deadline`` seconds (less than the dedup window), then raised as ``Unpublished``. Raises ``TooLarge``
    before anything is sent when a message exceeds what the server takes.
    """
    raise NotImplementedError
