"""Facts about facts: corrections and withdrawals."""

from typing import ClassVar

from contracts.event import ActRef, Event, Json, Note


class ActCorrected(Event):
    """A source replaced the whole data of an act that it had recorded wrongly."""

    family: ClassVar[str] = "act"
    verb: ClassVar[str] = "corrected"
    title: ClassVar[str] = "更正"

    target: ActRef
    target_type: str
    """The CloudEvents type whose data ``replacement`` is; intake validates it as such."""
    replacement: Json
    reason: Note


class ActWithdrawn(Event):
    """A source declared that an act never happened (entered by mistake, voided before effect)."""

    family: ClassVar[str] = "act"
    verb: ClassVar[str] = "withdrawn"
    title: ClassVar[str] = "撤回"

    target: ActRef
    reason: Note
