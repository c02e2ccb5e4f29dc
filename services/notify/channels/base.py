"""What a channel is, and the three things that can become of a message: delivered, to be tried again, refused."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args

from pydantic import BaseModel, ConfigDict

from contracts.alerts import AlertAmended, AlertRaised, AlertRetracted

Alert = AlertRaised | AlertAmended | AlertRetracted
Network = IPv4Network | IPv6Network

Reason = Literal[
    "accepted",  # the receiver's system took it
    "shown",  # the console shows it by itself
    "timeout",
    "unreachable",
    "receiver_error",  # its system failed (5xx)
    "busy",  # it asked us to come later
    "redirected",  # it sent us elsewhere; we never follow
    "not_authorised",
    "not_found",
    "address_forbidden",  # its name leads to an address that is not on the allowlist
    "not_acceptable",  # it will never take this message
    "no_such_mailbox",
    "gone",  # it wants no more messages
    "receiver_removed",  # nobody of this name is configured any more
    "our_error",  # the channel failed in a way that we did not foresee
]
"""Why a delivery ended as it did; a closed list, because it is a metric label."""
REASONS: Final[tuple[str, ...]] = get_args(Reason)
Kind = Literal["alert", "digest", "clue"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    result: Literal["delivered", "retry", "refused"]
    reason: Reason
    after: timedelta | None = None
    """How long the receiver asked us to wait."""


@dataclass(frozen=True, slots=True)
class Item:
    """One change of an alert with the bytes of its CloudEvent as published."""

    alert: Alert
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What one attempt delivers; its id is the same at every attempt. Of a clue nothing leaves, so it has no items."""

    id: str
    kind: Kind
    items: tuple[Item, ...]
    sent_at: datetime


class Channel(Protocol):
    """One receiver's way of being reached."""

    async def send(self, message: Message) -> Outcome:
        """Try once, within a time limit of its own; raise only for what nobody foresaw."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Options(BaseModel):
    """What a receiver in ``channels.toml`` says about its channel; a channel adds its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a channel may need of the deployment."""

    allowed_networks: Sequence[Network]
    """Loopback, private and other special addresses that a channel may connect to."""
    timeout: timedelta
    """For one attempt as a whole."""
    console_url: str | None
    """Where a person can look further."""


OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class ChannelKind(Generic[OptionsT]):
    """A way to reach somebody; each file of this folder has one, named ``KIND``."""

    options: type[OptionsT]
    open: Callable[[OptionsT, Surroundings], Channel]
    daily_budget: int | None
    """Messages a day unless the receiver says otherwise (our parameter); None: it interrupts nobody."""
    at_once: int
    """Messages that one receiver gets at the same time."""
    tells_of_clues: bool
    """Whether it can tell that a clue waits without saying anything about it."""


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """One receiver's channel, ready to send."""

    channel: Channel
    at_once: int


@cache
def kinds() -> Mapping[str, ChannelKind[Any]]:
    """Return every channel of this folder by its file's name."""
    package = importlib.import_module(__package__)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.name != "base")
    return MappingProxyType({name: importlib.import_module(f"{__package__}.{name}").KIND for name in names})
