"""The facts that notify states itself, as messages for their streams: completed deliveries and steps of clues."""

from datetime import datetime
from typing import Final

from contracts.event import Envelope, Event, fact_id
from kit.publish import Outgoing

SOURCE: Final = "jianfu/notify"


def outgoing(event: Event, *, id_: str, at: datetime, place: str, unit: str, traceparent: str | None) -> Outgoing:
    """Return a fact as a message: the same ``id_`` is the same fact. Its subject says where and what only."""
    envelope = Envelope(
        specversion="1.0",
        id=id_,
        source=SOURCE,
        type=event.type_name(),
        time=at,
        recordedtime=at,
        jurisdiction=place,
        unitid=unit,
        traceparent=traceparent,
        data=event.model_dump(mode="json"),
    )
    return Outgoing(_subject(event, place), envelope.model_dump_json(exclude_none=True).encode(), fact_id(SOURCE, id_))


def _subject(event: Event, place: str) -> str:
    if event.stream == "CLUES":
        return f"clues.{place}.{event.verb}"
    return f"facts.{place}.{event.family}.{event.verb}"
