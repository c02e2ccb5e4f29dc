"""Where facts lie in the stream, for publications that were never confirmed, and what lies there, for amendments."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy

from kit.streams import FACTS
from services.intake.domain import Stated

STREAM: Final = str(FACTS.name)
_EVERYTHING: Final = "facts.>"
_PATIENCE: Final = 5.0
_AT_ONCE: Final = 32
"""Messages that are asked for at the same time: each may be a megabyte."""


class _Envelope(msgspec.Struct):
    jurisdiction: str
    unitid: str


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


async def last_position(js: JetStreamContext) -> int:
    """Return the last sequence of FACTS."""
    return (await js.stream_info(STREAM)).state.last_seq


async def find(js: JetStreamContext, fact_ids: Collection[str], *, after: int) -> dict[str, int]:
    """Return the sequence of each of ``fact_ids`` that FACTS holds behind ``after``.

    Only headers travel. Raises ``TimeoutError`` or ``nats.errors.Error`` when the stream does not answer.
    """
    wanted = set(fact_ids)
    found: dict[str, int] = {}
    last = await last_position(js)
    if not wanted or last <= after:
        return found
    start = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1, headers_only=True)
    subscription = await js.subscribe(_EVERYTHING, stream=STREAM, ordered_consumer=True, config=start)
    try:
        sequence = after
        while wanted and sequence < last:
            message = await subscription.next_msg(timeout=_PATIENCE)
            sequence = message.metadata.sequence.stream
            fact_id = (message.headers or {}).get("Nats-Msg-Id", "")
            if fact_id in wanted:
                wanted.remove(fact_id)
                found[fact_id] = sequence
    finally:
        await subscription.unsubscribe()
    return found


async def stated(js: JetStreamContext, positions: Mapping[str, int]) -> dict[str, Stated]:
    """Return where and by whom the facts at these positions of FACTS were stated.

    Raises ``TimeoutError`` or ``nats.errors.Error`` when the stream does not answer.
    """
    found: dict[str, Stated] = {}
    waiting = list(positions.items())
    while waiting:
        some, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        messages = await asyncio.gather(*(js.get_msg(STREAM, seq, direct=True) for _, seq in some))
        for (fact_id, _), message in zip(some, messages, strict=True):
            envelope = _ENVELOPE.decode(message.data or b"")
            found[fact_id] = Stated(envelope.jurisdiction, envelope.unitid)
    return found
