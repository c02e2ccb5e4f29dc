"""Facts that the monitor publishes and that notify records about them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.event import Day, Event, Key, Model, Moment, Name, Ordinal, Position, Sha, Stream
from contracts.jurisdiction import Jurisdiction

Severity = Literal["info", "warning", "serious"]
"""提示, 预警, 严重."""
Outcome = Literal["violated", "complied", "excused", "undetermined"]
Summary = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
AlertId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{26}$")]
FactId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{26}$")]


class Clause(Model):
    """The written clause that a rule enforces."""

    document: Name
    clause: Name
    quote: Annotated[str, StringConstraints(min_length=2, max_length=600)]


class _Alert(Event):
    """An alert as it stands after this change."""

    stream: ClassVar[Stream] = "ALERTS"

    alert_id: AlertId
    revision: Ordinal
    rule: Key
    rule_version: Ordinal
    rule_title: Name
    severity: Severity
    outcome: Outcome
    summary: Summary
    subject: Annotated[str, StringConstraints(max_length=300)]
    about: Key = Field(description="The unit whose act it is")
    place: Jurisdiction
    happened_on: Day
    clause: Clause
    acts: tuple[FactId, ...]
    dossier_hash: Sha


class AlertRaised(_Alert):
    """A rule found something that it had not found before."""

    family: ClassVar[str] = "alert"
    verb: ClassVar[str] = "raised"
    title: ClassVar[str] = "预警"


class AlertAmended(_Alert):
    """A standing alert changed in its numbers, acts or severity."""

    family: ClassVar[str] = "alert"
    verb: ClassVar[str] = "amended"
    title: ClassVar[str] = "预警变更"


class AlertRetracted(_Alert):
    """The facts no longer bear an alert; it shows the alert as it last stood."""

    family: ClassVar[str] = "alert"
    verb: ClassVar[str] = "retracted"
    title: ClassVar[str] = "预警撤销"


class AlertRecorded(Event):
    """A change of an alert as the log keeps it: the hash of the message that told of it, and nothing of its content."""

    family: ClassVar[str] = "alert"
    verb: ClassVar[str] = "recorded"
    title: ClassVar[str] = "预警入日志"
    of_system: ClassVar[bool] = True

    alert_id: AlertId
    revision: Ordinal
    change: Literal["raised", "amended", "retracted"]
    rule: Key
    rule_version: Ordinal
    position: Position = Field(description="The last entry of the log that the judgement knew.")
    message_hash: Sha = Field(description="SHA-256 of the message's bytes in the stream ALERTS, in lower-case hex.")


class DossierRead(Event):
    """Somebody was shown the dossier of an alert; stated before it was."""

    family: ClassVar[str] = "dossier"
    verb: ClassVar[str] = "read"
    title: ClassVar[str] = "查阅预警档案"
    of_system: ClassVar[bool] = True

    alert_id: AlertId
    revision: Ordinal
    reader: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        description="The subject of the token; the envelope's jurisdiction is that of the token."
    )
    role: Key
    manner: Literal["page", "bytes", "replay"] = Field(
        description="With the alert, as its bytes alone, or computed again."
    )


class DeliveryCompleted(Event):
    """A message about an alert or a clue reached a receiver's channel, or was given up."""

    family: ClassVar[str] = "delivery"
    verb: ClassVar[str] = "completed"
    title: ClassVar[str] = "送达"
    of_system: ClassVar[bool] = True

    delivery: Key
    about_kind: Literal["alert", "clue"]
    about_id: AlertId
    revision: Ordinal
    channel: Key
    receiver: Key
    result: Literal["delivered", "refused", "expired"]
    attempts: Ordinal
    completed_at: Moment
