"""The three streams, and the only code that creates or changes one."""

from typing import Final

from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig

DEDUP_WINDOW: Final = 120.0
"""Seconds in which the server itself drops a message whose Nats-Msg-Id it has stored."""


def _log(name: str, subjects: list[str]) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=subjects,
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        duplicate_window=DEDUP_WINDOW,
        deny_delete=True,
        deny_purge=True,
        allow_atomic=True,
        allow_direct=True,
    )


FACTS: Final = _log("FACTS", ["facts.>"])
ALERTS: Final = _log("ALERTS", ["alerts.>"])
CLUES: Final = _log("CLUES", ["clues.>"])


async def ensure_stream(js: JetStreamContext, want: StreamConfig, *, replicas: int = 1) -> str:
    """Create the stream or bring it to ``want``; return "created", "same" or "updated [...]".

    Raises ``RuntimeError`` when a difference cannot be changed in place.
    """
    raise NotImplementedError
