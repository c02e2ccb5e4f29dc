"""What intake answers: sources, and what it refused."""

from datetime import datetime

from services.console.answers.shape import Answer


class Gap(Answer):
    """Numbers that a sender gave to events which never came."""

    first: int
    last: int


class Numbered(Answer):
    """What senders that number their events say exists, and what became of it, each number counted once."""

    kept: int
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    secret: int
    missing: int
    waiting: int
    gaps: tuple[Gap, ...] = ()


class Source(Answer):
    """A source of facts: how much came, and how long it has been silent."""

    source: str
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    conflict: int = 0
    secret: int = 0
    last_time: datetime | None = None
    last_recorded: datetime | None = None
    silent_hours: float | None = None
    numbered: Numbered | None = None


class Reason(Answer):
    """Why intake refused something."""

    code: str
    field: str | None = None
    detail: str


class Quarantined(Answer):
    """Something that intake refused."""

    id: str
    received_at: datetime
    source: str | None = None
    event_id: str | None = None
    reason: Reason
    times: int = 1
    state: str = "waiting"
    fact_id: str | None = None
