"""What is sent: one request with what is known of its answer beforehand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

Fate = Literal["accepted", "refused", "either"]
LEAK: Final = "zzleakzz"
"""Stands in every secret input and nowhere else: afterwards it may be nowhere in the system."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request and what must become of it; of ``either`` the answer decides."""

    kind: str
    service: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str | bytes] = field(default_factory=dict)
    fate: Fate = "refused"
    method: str = "POST"
    role: str | None = "adapter"
    """Whose token is sent; None: none, or one of its own in the headers."""
    page: bool = False
    """Whether the answer is a page for a person and no problem document."""


Maker = Callable[[Random], Ask]
"""Makes one input at random."""
