"""What every answer has, and pages of answers. The edge of the console: unknown fields are ignored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

T = TypeVar("T")
Scalar = str | int | float | bool | None


class Answer(BaseModel):
    """A frozen part of a service's answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Current(Answer):
    """Up to which fact an answer is current."""

    position: int
    time: datetime | None = None


class Page(Answer, Generic[T]):
    """One page of a list; ``next`` is the cursor of the following page."""

    items: tuple[T, ...]
    next: str | None = None
    current: Current | None = None


class Clause(Answer):
    """The clause that a rule enforces."""

    document: str
    clause: str = ""
    quote: str = ""


_HEADINGS: Final = ("heading", "topic", "subject_matter", "item", "loan")
"""The fields that name an act, by event type."""


def heading_of(data: Mapping[str, JsonValue]) -> str:
    """Return what the data of an act call it; empty when they do not."""
    return next((text for name in _HEADINGS if isinstance(text := data.get(name), str) and text), "")
