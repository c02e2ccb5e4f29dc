"""What notify answers: clues."""

from datetime import date, datetime
from typing import Literal

from contracts.alerts import Severity
from services.console.answers.shape import Answer


class Clue(Answer):
    """An alert that was handed over to a discipline desk."""

    clue_id: str
    state: Literal["open", "received", "refused"] = "open"
    alert_id: str
    alert_revision: int = 1
    rule: str
    title: str = ""
    severity: Severity = "warning"
    summary: str = ""
    about: str
    place: str
    desk: str
    desk_name: str = ""
    handed_over_by: str = ""
    handed_over_at: datetime | None = None
    note: str | None = None
    due_on: date | None = None
    days_left: int | None = None
    overdue: bool = False
    escalated_to: str | None = None
    received_by: str | None = None
    received_at: datetime | None = None
    refused_at: datetime | None = None
    reason: str | None = None
    may: tuple[str, ...] = ()
