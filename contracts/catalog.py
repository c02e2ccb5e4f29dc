"""Every event of the published language, and the only way to read one."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from contracts.activities import (
    DemonstrationAccepted,
    DemonstrationCriteriaSet,
    DemonstrationEnded,
    DemonstrationStarted,
    FestivalEvaluated,
    FestivalHeld,
    PlaqueHung,
    PlaqueRemoved,
    SchoolActivityHeld,
    StudyRequired,
)
from contracts.acts import ActCorrected, ActWithdrawn
from contracts.alerts import AlertAmended, AlertRaised, AlertRecorded, AlertRetracted, DeliveryCompleted, DossierRead
from contracts.apps import (
    AppClosed,
    AppDataDisposed,
    AppLaunched,
    AppNoticed,
    AppProjectApproved,
    AppRegistered,
    AppUsed,
    GroupClosed,
    GroupCreated,
)
from contracts.assessments import AssessmentSchemeSet
from contracts.certificates import CertificateDemanded, CertificateIssued
from contracts.clues import ClueEscalated, ClueHandedOver, ClueReceived, ClueRefused
from contracts.documents import (
    DocumentAssessed,
    DocumentDeclassified,
    DocumentDrafted,
    DocumentFiled,
    DocumentIssued,
    DocumentReceived,
    DocumentReviewed,
    DocumentRevoked,
)
from contracts.duties import ChiefSet, DutyAdmitted, DutyDelegated, LiabilitySigned, ProjectStageDone, VetoSet
from contracts.event import TYPE_PREFIX, Envelope, Event, Json, Recorded, fact_id, unchanged
from contracts.faults import faults
from contracts.inspections import (
    InspectionConcluded,
    InspectionLaunched,
    InspectionReported,
    InspectionsReceived,
    InspectionStageDone,
    InspectionVisited,
)
from contracts.log import LogCheckpointed
from contracts.meetings import (
    MechanismMet,
    MeetingApplied,
    MeetingApproved,
    MeetingConvened,
    MeetingEvaluated,
    MeetingObserved,
)
from contracts.oversight import (
    AccountabilityDecided,
    CasePublished,
    FeedbackCollected,
    RectificationAssigned,
    RectificationClosed,
    ReviewDone,
    TicketClosed,
    TicketOpened,
)
from contracts.plans import PlanAmended, PlanFiled
from contracts.reference import CalendarPublished, DayEnded, ListVersioned, RoleAssigned, UnitRegistered
from contracts.reports import FormRegistered, ReportDemanded, ReportFiled, ReportReminded, ReportSubmitted
from contracts.research import ResearchVisited
from contracts.rules import RuleReleased
from contracts.secondments import (
    AbsenceObserved,
    SecondmentEnded,
    SecondmentExtended,
    SecondmentStarted,
    TrainingHeld,
)
from contracts.tasks import TaskAssigned, TaskClosed

EVENTS: Final[tuple[type[Event], ...]] = (
    DocumentIssued,
    DocumentReceived,
    DocumentRevoked,
    DocumentDrafted,
    DocumentReviewed,
    DocumentAssessed,
    DocumentFiled,
    DocumentDeclassified,
    MeetingConvened,
    MeetingApplied,
    MeetingApproved,
    MeetingEvaluated,
    MeetingObserved,
    MechanismMet,
    InspectionLaunched,
    InspectionVisited,
    InspectionsReceived,
    InspectionStageDone,
    InspectionReported,
    InspectionConcluded,
    AssessmentSchemeSet,
    ResearchVisited,
    SecondmentStarted,
    SecondmentExtended,
    SecondmentEnded,
    AbsenceObserved,
    TrainingHeld,
    CertificateDemanded,
    CertificateIssued,
    ReportDemanded,
    ReportSubmitted,
    ReportReminded,
    FormRegistered,
    ReportFiled,
    TaskAssigned,
    TaskClosed,
    AppRegistered,
    AppProjectApproved,
    AppLaunched,
    AppUsed,
    AppNoticed,
    AppClosed,
    AppDataDisposed,
    GroupCreated,
    GroupClosed,
    LiabilitySigned,
    VetoSet,
    ChiefSet,
    DutyDelegated,
    DutyAdmitted,
    DemonstrationStarted,
    DemonstrationCriteriaSet,
    DemonstrationAccepted,
    DemonstrationEnded,
    PlaqueHung,
    PlaqueRemoved,
    FestivalHeld,
    FestivalEvaluated,
    SchoolActivityHeld,
    StudyRequired,
    ProjectStageDone,
    RectificationAssigned,
    RectificationClosed,
    ReviewDone,
    TicketOpened,
    TicketClosed,
    CasePublished,
    FeedbackCollected,
    AccountabilityDecided,
    PlanFiled,
    PlanAmended,
    ListVersioned,
    UnitRegistered,
    RoleAssigned,
    CalendarPublished,
    DayEnded,
    ActCorrected,
    ActWithdrawn,
    AlertRaised,
    AlertAmended,
    AlertRetracted,
    DeliveryCompleted,
    ClueHandedOver,
    ClueReceived,
    ClueRefused,
    ClueEscalated,
    LogCheckpointed,
    AlertRecorded,
    DossierRead,
    RuleReleased,
)

Catalog = Mapping[str, type[Event]]
BY_NAME: Final[Catalog] = {event.event_name(): event for event in EVENTS}
_KNOWN: Final[Mapping[str, tuple[type[Event], int]]] = {
    f"{TYPE_PREFIX}{event.event_name()}.v{version}": (event, version)
    for event in EVENTS
    for version in range(1, event.version + 1)
}
_AT_ONCE: Final[Mapping[str, Callable[[bytes], Event]]] = {
    name: TypeAdapter(event).validator.validate_json
    for name, (event, version) in _KNOWN.items()
    if all(event.upcasters[step] is unchanged for step in range(version, event.version))
}
"""What reads the data of each type in one step, because no version between changes anything."""
_DATA: Final = TypeAdapter(Json)
_NUL: Final = re.compile(rb"((?<!\\)(?:\\\\)*)\\u0000")
_TYPE: Final = re.compile(rf"^{re.escape(TYPE_PREFIX)}(?P<name>[a-z]+\.[a-z_]+)\.v(?P<version>[0-9]{{1,3}})$")


class ContractBroken(Exception):
    """These bytes are not an event and never will be; ``detail`` says in Chinese what was expected, never a value."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class FromTheFuture(Exception):
    """The event is of a version newer than this process knows; a newer process can read it."""


def without_nul(body: bytes) -> bytes:
    """Return JSON in which the one character that no database text can hold reads as U+FFFD."""
    return _NUL.sub(rb"\1\\ufffd", body) if b"\\u0000" in body else body


def decode(body: bytes, catalog: Catalog = BY_NAME) -> Recorded[Event]:
    """Read a CloudEvent into the newest version of its type.

    Raise ``ContractBroken`` (with the field and the expectation, never a value) or ``FromTheFuture``.
    """
    try:
        envelope = Envelope.model_validate_json(body)
        if (plain := without_nul(body)) is not body:  # of the data only: the identity is what the sender wrote
            envelope = envelope.model_copy(update={"data": Envelope.model_validate_json(plain).data})
    except ValidationError as error:
        raise _broken(error) from None
    return open_envelope(envelope, catalog)


def open_envelope(envelope: Envelope, catalog: Catalog = BY_NAME) -> Recorded[Event]:
    """Read the data of a validated envelope; same errors as ``decode``."""
    return Recorded(
        fact_id=fact_id(envelope.source, envelope.id),
        source=envelope.source,
        id=envelope.id,
        time=envelope.time,
        recorded=envelope.recordedtime,
        jurisdiction=envelope.jurisdiction,
        unit=envelope.unitid,
        event=read_data(envelope.type, envelope.data, catalog),
    )


def read_data(type_name: str, data: Json, catalog: Catalog = BY_NAME) -> Event:
    """Read event data of a CloudEvents type through its upcasters; same errors as ``decode``."""
    event, version = find_type(type_name, catalog)
    for step in range(version, event.version):
        data = event.upcasters[step](data)
    try:
        return event.model_validate(data)
    except ValidationError as error:
        raise _broken(error, "data") from None


def read_json(type_name: str, data: bytes) -> Event:
    """Read event data as ``read_data`` does, from its JSON: without a step between where none changes anything."""
    if (read := _AT_ONCE.get(type_name)) is not None:
        try:
            return read(data)
        except ValidationError:
            pass  # the thorough way says why, or reads it after all
    try:
        plain = _DATA.validate_json(data)
    except ValidationError as error:
        raise _broken(error, "data") from None
    return read_data(type_name, plain)


def find_type(type_name: str, catalog: Catalog = BY_NAME) -> tuple[type[Event], int]:
    """Return the event class and version that a CloudEvents type names."""
    if catalog is BY_NAME and (known := _KNOWN.get(type_name)):
        return known
    found = _TYPE.match(type_name)
    event = catalog.get(found["name"]) if found else None
    if found is None or event is None:
        raise ContractBroken("type", "不是已发布的事件类型")
    version = int(found["version"])
    if version > event.version:
        raise FromTheFuture(type_name)
    if version < 1:
        raise ContractBroken("type", "事件版本从 1 开始")
    return event, version


def _broken(error: ValidationError, prefix: str = "") -> ContractBroken:
    """Turn the first validation error into the field and the expectation, without the value."""
    first = faults(error.errors(include_input=False, include_url=False))[0]
    return ContractBroken(".".join(part for part in (prefix, first.field) if part) or "body", first.detail)
