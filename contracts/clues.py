"""Facts of 线索移交; they live in the CLUES stream of a NATS account of their own."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.alerts import AlertId
from contracts.event import Day, Event, Key, Moment, Name, Note, Ordinal, Stream
from contracts.jurisdiction import Jurisdiction


class _Clue(Event):
    """A step of one clue."""

    stream: ClassVar[Stream] = "CLUES"

    clue: AlertId


class ClueHandedOver(_Clue):
    """An operator handed an alert with its dossier to a discipline desk."""

    family: ClassVar[str] = "clue"
    verb: ClassVar[str] = "handed_over"
    title: ClassVar[str] = "线索移交"

    origin: Literal["alert"] = "alert"
    alert_id: AlertId
    alert_revision: Ordinal
    dossier_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    rule: Key
    about: Key
    place: Jurisdiction
    desk: Key = Field(description="The discipline unit that must sign for it; never ``about`` nor a unit below it")
    handed_over_by: Key
    note: Note | None = None
    due_on: Day | None = Field(
        description="The last day for 签收; none while the work calendar of a needed year is not published"
    )


class ClueReceived(_Clue):
    """The discipline desk signed for a clue (签收)."""

    family: ClassVar[str] = "clue"
    verb: ClassVar[str] = "received"
    title: ClassVar[str] = "线索签收"

    desk: Key
    received_by: Key
    received_at: Moment


class ClueRefused(_Clue):
    """The discipline desk refused a clue with its reason."""

    family: ClassVar[str] = "clue"
    verb: ClassVar[str] = "refused"
    title: ClassVar[str] = "线索退回"

    desk: Key
    refused_by: Key
    refused_at: Moment
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)]


class ClueEscalated(_Clue):
    """Nobody signed in time, so the clue went to the desk above as well."""

    family: ClassVar[str] = "clue"
    verb: ClassVar[str] = "escalated"
    title: ClassVar[str] = "线索升级"

    from_desk: Key
    to_desk: Key
    overdue_since: Day
    level: Name | None = None
