"""How units and calendars stand after their corrections and withdrawals, whatever order the facts came in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.acts import ActCorrected, reaches
from contracts.catalog import ContractBroken, FromTheFuture, read_data
from contracts.event import Event, Recorded
from contracts.reference import CalendarPublished, UnitRegistered
from contracts.workdays import YearCalendar
from services.notify.domain.deadlines import Published
from services.notify.domain.desks import UnitVersion

KEPT: Final = (UnitRegistered, CalendarPublished)
KEPT_TYPES: Final = frozenset(kind.type_name().rpartition(".")[0] for kind in KEPT)
"""Their CloudEvents types without the version."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A correction or withdrawal of a fact; without a correction it is a withdrawal."""

    fact_id: str
    target: str
    recorded: datetime
    place: str
    """The jurisdiction that it was stated in."""
    correction: ActCorrected | None


def concerns(correction: ActCorrected) -> bool:
    """Tell whether a correction is about something that is kept here."""
    return correction.target_type.rpartition(".")[0] in KEPT_TYPES


def standing(original: Recorded[Event], amendments: Iterable[Amendment]) -> UnitVersion | Published | None:
    """Return a unit or calendar as it stands; None when it was withdrawn.

    Withdrawn beats all, else the correction recorded last stands. A correction that cannot be read, or is of another
    type, is a forgery (intake refuses such) and counts for nothing, as does what was stated in a jurisdiction that does
    not cover the fact's.
    """
    event, recorded = original.event, original.recorded
    for amendment in sorted(amendments, key=lambda one: (one.recorded, one.fact_id)):
        if not reaches(amendment.place, original.jurisdiction):
            continue
        if amendment.correction is None:
            return None
        replaced = _read(amendment.correction)
        if type(replaced) is type(original.event):
            event, recorded = replaced, amendment.recorded
    if isinstance(event, UnitRegistered):
        return _unit(event, recorded, original.fact_id)
    if isinstance(event, CalendarPublished):
        return _calendar(event, recorded, original.fact_id)
    return None


def _read(correction: ActCorrected) -> Event | None:
    try:
        return read_data(correction.target_type, correction.replacement)
    except (ContractBroken, FromTheFuture):
        return None


def _unit(unit: UnitRegistered, recorded: datetime, fact_id: str) -> UnitVersion:
    return UnitVersion(
        unit=unit.unit,
        name=unit.name,
        kind=unit.kind,
        place=unit.place,
        superior=unit.superior,
        valid_from=unit.valid_from,
        valid_to=unit.valid_to,
        recorded=recorded,
        fact_id=fact_id,
    )


def _calendar(calendar: CalendarPublished, recorded: datetime, fact_id: str) -> Published:
    days_off, work_days = frozenset(calendar.days_off), frozenset(calendar.work_days)
    year = YearCalendar(calendar.year, calendar.basis, days_off, work_days)
    return Published(calendar.place, recorded, fact_id, year)
