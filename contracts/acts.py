"""Facts about facts: corrections and withdrawals."""

from typing import ClassVar

from contracts.event import ActRef, Event, Json, Note
from contracts.jurisdiction import is_within


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


def reaches(amending: str, amended: str) -> bool:
    """Tell whether a correction or withdrawal stated in one jurisdiction counts for an act of another.

    Only for one within its own: nobody takes back another county's acts, whatever order the facts came in.
    """
    return is_within(amended, amending)
