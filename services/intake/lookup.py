"""Where facts lie in the stream, for publications that were never confirmed."""

from collections.abc import Collection
from typing import Final

from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy

from kit.streams import FACTS

STREAM: Final = str(FACTS.name)
_EVERYTHING: Final = "facts.>"
_PATIENCE: Final = 5.0


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
