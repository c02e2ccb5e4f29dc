"""Where each event travels: its NATS subject, who publishes it and who reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.event import Event, Stream

REQUEST_SUBJECT: Final = "intake.events"
"""Where adapters that speak NATS send a batch (a JSON array of CloudEvents) and get a result for each event."""
MOST_IN_A_REQUEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Flow:
    """The way of one event."""

    channel: str
    """NATS subject with its parameters in braces."""
    publishers: tuple[str, ...]
    readers: tuple[str, ...]


_SUBJECTS: Final[Mapping[Stream, str]] = {
    "FACTS": "facts.{jurisdiction}.<family>.<verb>",
    "ALERTS": "alerts.{jurisdiction}.{severity}.{rule}",
    "CLUES": "clues.{jurisdiction}.<verb>",
}
_ALSO_NOTIFY: Final = frozenset(
    {"unit.registered", "calendar.published", "act.corrected", "act.withdrawn", "clock.day_ended"}
)
"""Facts by which notify finds a clue's desk and its last day for 签收, and learns that the day has passed."""
_NOT_JUDGED: Final = frozenset({"role.assigned"})
"""Facts of outside that the ledger keeps and no rule reads."""
_STATED_BY: Final[Mapping[str, str]] = {
    "delivery.completed": "notify",
    "log.checkpointed": "ledger",
    "alert.recorded": "monitor",
    "dossier.read": "monitor",
    "rule.released": "monitor",
}
"""Which service states what the system says of its own work."""


def flow_of(event: type[Event]) -> Flow:
    """Return the way of an event."""
    channel = _SUBJECTS[event.stream].replace("<family>", event.family).replace("<verb>", event.verb)
    if event.stream == "ALERTS":
        return Flow(channel, ("monitor",), ("notify",))
    if event.stream == "CLUES":
        return Flow(channel, ("notify",), ("notify",))
    if event.of_system:
        return Flow(channel, (_STATED_BY[event.event_name()],), ("ledger",))
    name = event.event_name()
    readers = ["ledger"]
    if name not in _NOT_JUDGED:
        readers.append("monitor")
    if name in _ALSO_NOTIFY:
        readers.append("notify")
    publisher = "intake(日终)" if event.family == "clock" else "intake(采集端)"
    return Flow(channel, (publisher,), tuple(readers))
