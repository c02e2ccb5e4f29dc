"""What the ledgers make of one fact: the row that it is by itself, and what it concerns beside. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from contracts.acts import ActCorrected, ActWithdrawn
from contracts.catalog import ContractBroken, FromTheFuture, read_data
from contracts.event import Event, fact_id
from kit.facts import Header, read_event, read_header
from services.ledger.columns import Row
from services.ledger.domain import Fact, Ledger


class Trouble(NamedTuple):
    """Why a fact cannot be projected now."""

    code: str
    """``contract_broken``, ``from_the_future`` or ``unstorable``."""
    field: str
    detail: str


class Alone(msgspec.Struct, frozen=True, gc=False):
    """The row that a fact makes by itself in one ledger."""

    ledger: str
    entity: str
    row: Row | None


class Opened(msgspec.Struct, frozen=True, gc=False):
    """The envelope of one message, or why it cannot be read."""

    header: Header | None
    fact_id: str | None
    trouble: Trouble | None


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What one fact says, and what it concerns."""

    fact: Fact
    keys: tuple[str, ...]
    """Its own id, and those of the fact and the entities that it concerns beside."""
    replacement: Event | None
    """The data that a correction gives its target."""
    rows: tuple[Alone, ...]


ByEvent = Mapping[type[Event], Sequence[Ledger]]


def by_event(ledgers: Sequence[Ledger]) -> ByEvent:
    """Return which ledgers follow each event."""
    return {event: [one for one in ledgers if event in one.events] for ledger in ledgers for event in ledger.events}


def open_envelope(body: bytes) -> Opened:
    """Read the envelope of one message; never raises for what it holds."""
    try:
        header = read_header(body)
    except ContractBroken as error:
        return Opened(None, None, Trouble("contract_broken", error.field, error.detail))
    return Opened(header, fact_id(header.source, header.id), None)


def read_fact(opened: Opened, ledgers: ByEvent) -> Reading | Trouble:
    """Read the data of an opened message; never raises for what it holds."""
    header, name = opened.header, opened.fact_id
    if header is None or name is None:
        return opened.trouble or Trouble("contract_broken", "body", "")
    try:
        event = read_event(header)
        fact = Fact(name, header.source, header.time, header.recordedtime, header.jurisdiction, header.unitid, event)
        if type(event) is ActCorrected or type(event) is ActWithdrawn:  # isinstance asks both classes at length
            return _amendment(fact, event, ledgers)
        rows = _alone(fact, ledgers)
    except ContractBroken as error:
        return Trouble("contract_broken", error.field, error.detail)
    except FromTheFuture as error:
        return Trouble("from_the_future", "type", str(error))
    except OverflowError as error:
        return Trouble("unstorable", "data", str(error))
    others = [one.entity for one in rows if one.entity != name]
    return Reading(fact, (name, *others) if others else (name,), None, rows)


def _amendment(fact: Fact, event: ActCorrected | ActWithdrawn, ledgers: ByEvent) -> Reading:
    replacement = read_data(event.target_type, event.replacement) if isinstance(event, ActCorrected) else None
    if replacement is not None:
        _alone(fact.saying(replacement), ledgers)  # a proof that its rows can be stored
    return Reading(fact, (fact.fact_id, event.target.fact(fact.source)), replacement, ())


def _alone(fact: Fact, ledgers: ByEvent) -> tuple[Alone, ...]:
    """Return the rows of a fact by itself: what is written when nothing else concerns it; a proof that it can be."""
    return tuple(
        [
            Alone(ledger.name, entity, ledger.row((fact,)))
            for ledger in ledgers.get(type(fact.event), ())
            if (entity := ledger.entity(fact)) is not None
        ]
    )
