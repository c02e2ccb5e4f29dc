"""The three streams, and the only code that creates or changes one."""

import asyncio
from dataclasses import fields
from typing import Final

from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError, ServerError

DEDUP_WINDOW: Final = 120.0
"""Seconds in which the server itself drops a message whose Nats-Msg-Id it has stored."""

_IMMUTABLE: Final = frozenset({"storage", "retention", "first_seq", "allow_msg_counter", "deny_delete", "deny_purge"})
_PAUSES: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


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

    Settings that ``want`` leaves at their default are left as they are. Raises ``RuntimeError`` when a difference
    cannot be changed in place.
    """
    name = want.name or ""
    want = want.evolve(num_replicas=replicas)
    try:
        have = (await js.stream_info(name)).config
    except NotFoundError:
        await _create(js, want)
        return "created"
    asked = _differing(want, StreamConfig(name=name))
    diff = sorted(key for key in asked if getattr(want, key) != getattr(have, key))
    if fixed := _IMMUTABLE.intersection(diff):
        raise RuntimeError(f"{name}: {sorted(fixed)} cannot change in place")
    if not diff:
        return "same"
    await js.update_stream(have.evolve(**{key: getattr(want, key) for key in diff}))
    return f"updated {diff}"


async def _create(js: JetStreamContext, want: StreamConfig) -> None:
    """Create a stream; for a moment the server refuses while it still removes the folder of a deleted one of the same name."""
    for pause in _PAUSES:
        try:
            await js.add_stream(want)
        except ServerError:
            await asyncio.sleep(pause)
        else:
            return
    await js.add_stream(want)


def _differing(one: StreamConfig, other: StreamConfig) -> list[str]:
    return [field.name for field in fields(one) if getattr(one, field.name) != getattr(other, field.name)]
