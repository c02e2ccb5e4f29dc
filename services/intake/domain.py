"""What intake decides, without doing anything: the fate of a fact that came before, and which days have ended."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from contracts.event import Json
from contracts.jurisdiction import NATION

Result = Literal["accepted", "duplicate", "conflict", "rejected"]

UNCERTAIN: Final = timedelta(minutes=5)
"""How long a publication that was never confirmed may still reach the stream.

A publisher gives up within a minute and the stream drops a repeated id for two more; the rest is margin.
"""

CLOCK_SOURCE: Final = "/jianfu/clock"
CLOCK_UNIT: Final = "jianfu"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item was not accepted; ``detail`` is Chinese and never carries the item's content."""

    code: str
    detail: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Warn:
    """What a sender should look at although the item was taken."""

    field: str
    detail: str


class Candidate(msgspec.Struct, frozen=True):
    """A valid fact, ready to be stored: ``body`` is the CloudEvent as readers will get it."""

    fact_id: str
    source: str
    id: str
    subject: str
    body: bytes
    hash: bytes
    jurisdiction: str
    unit: str
    time: datetime
    recorded: datetime
    target: str | None = None
    """Of a correction or withdrawal: the fact id of what it is about."""
    target_source: str | None = None
    traceparent: str | None = None
    warnings: tuple[Warn, ...] = ()


class Stated(NamedTuple):
    """Where and by whom a stored fact was stated."""

    jurisdiction: str
    unit: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is no valid fact, as far as it could be read.

    ``keep`` is what quarantine may hold; None when nothing of the item may be kept.
    """

    reason: Reason
    keep: bytes | None
    source: str | None = None
    id: str | None = None
    jurisdiction: str | None = None


class Outcome(NamedTuple):
    """What became of a candidate; ``position`` is None for a conflict with what the stream may not hold yet."""

    result: Literal["accepted", "duplicate", "conflict"]
    position: int | None


class Aside(NamedTuple):
    """A refused item as quarantine keeps it, in the order of its columns."""

    entry_id: str
    source: str
    event_id: str | None
    jurisdiction: str | None
    sender: str
    code: str
    field: str | None
    detail: str
    body: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a fact id: the hash that it was reserved with, and its position once the stream confirmed it."""

    hash: bytes
    position: int | None
    after: int
    """The stream's last sequence when it was reserved: it is stored behind this one, if at all."""
    since: datetime


def fate_of_unconfirmed(standing: Standing, new: bytes, now: datetime) -> Literal["publish", "conflict"]:
    """Decide about content ``new`` under an id whose reserved content is not in the stream.

    The same content may always be published again, the stream drops a repeated id. Other content must wait until the
    first cannot arrive any more.
    """
    return "publish" if standing.hash == new or now - standing.since > UNCERTAIN else "conflict"


def ended_days(last: date | None, today: date) -> list[date]:
    """Return the days after ``last`` that have ended when ``today`` has begun; only yesterday when there is no last."""
    first = today - timedelta(days=1) if last is None else last + timedelta(days=1)
    return [first + timedelta(days=n) for n in range((today - first).days)]


def day_ended(day: date) -> Json:
    """Return the CloudEvent that tells that ``day`` ended; the same for every process that tells it."""
    return {
        "specversion": "1.0",
        "id": f"day-{day.isoformat()}",
        "source": CLOCK_SOURCE,
        "type": "cn.jianfu.clock.day_ended.v1",
        "time": f"{(day + timedelta(days=1)).isoformat()}T00:00:00+08:00",
        "jurisdiction": NATION,
        "unitid": CLOCK_UNIT,
        "data": {"day": day.isoformat()},
    }
