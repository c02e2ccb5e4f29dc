"""What the four services answer, as far as the pages show it. The edge of the console: unknown fields are ignored."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.alerts import Outcome, Severity
from contracts.event import TYPE_PREFIX

T = TypeVar("T")
Scalar = str | int | float | bool | None


class Answer(BaseModel):
    """A frozen part of a service's answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Current(Answer):
    """Up to which fact an answer is current."""

    position: int
    time: datetime | None = None


class Page(Answer, Generic[T]):
    """One page of a list; ``next`` is the cursor of the following page."""

    items: tuple[T, ...]
    next: str | None = None
    current: Current | None = None


class Clause(Answer):
    """The clause that a rule enforces."""

    document: str
    clause: str = ""
    quote: str = ""


class Alert(Answer):
    """An alert in a list or in the stream."""

    alert_id: str
    revision: int = 1
    state: Literal["standing", "retracted"] = "standing"
    change: Literal["raised", "amended", "retracted"] | None = None
    rule: str
    rule_version: int = 1
    title: str
    severity: Severity
    outcome: Outcome = Field(default="violated", validation_alias="verdict")
    summary: str
    unit_id: str
    jurisdiction: str
    happened_on: date
    subject: str = ""
    clause: Clause
    acts: tuple[str, ...] = ()
    updated_at: datetime | None = None


class RuleCount(Answer):
    """How many alerts of one rule and severity stand."""

    rule: str
    severity: Severity
    n: int


class Tried(Answer):
    """One exception of a rule, tried on an act."""

    name: str
    met: bool | None = None
    evidence: str = ""


class Verdict(Answer):
    """What one rule says of one act or draft, and why."""

    rule: str
    rule_version: int = 1
    title: str
    outcome: Outcome = Field(validation_alias="verdict")
    reason: str = ""
    severity: Severity | None = None
    clause: Clause | None = None
    numbers: dict[str, Scalar] = {}
    exceptions: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()
    advice: str = ""
    alert_id: str | None = None


class Silent(Answer):
    """A rule that says nothing of an act, and why."""

    rule: str
    title: str
    why: str


class Sheet(Answer):
    """What every rule says of one act or draft."""

    verdicts: tuple[Verdict, ...]
    not_applicable: tuple[Silent, ...] = ()
    current: Current | None = None


_AMENDMENTS: Final = f"{TYPE_PREFIX}act."
_HEADINGS: Final = ("heading", "topic", "subject_matter", "item", "loan")
"""The fields that name an act, by event type."""


def heading_of(data: Mapping[str, JsonValue]) -> str:
    """Return what the data of an act call it; empty when they do not."""
    return next((text for name in _HEADINGS if isinstance(text := data.get(name), str) and text), "")


class DossierAct(Answer):
    """An act that bears an alert, as it stood."""

    act_id: str
    type: str
    title: str = ""
    time: datetime
    unit_id: str = ""
    data: dict[str, JsonValue] = {}
    labels: dict[str, str] = {}

    @property
    def heading(self) -> str:
        """What the act calls itself."""
        return heading_of(self.data) or self.title


class Parameter(Answer):
    """A number or list that a rule decides with, and where it comes from."""

    value: JsonValue = None
    basis: str = "source"
    note: str = ""


class DossierRule(Answer):
    """The rule as it stood when it spoke."""

    id: str
    version: int = 1
    title: str = ""
    force: str = ""
    effective_from: date | None = None
    reading: str | None = None
    sources: tuple[Clause, ...] = ()
    parameters: dict[str, Parameter] = {}


class DossierVerdict(Answer):
    """What the rule found."""

    outcome: Outcome = "violated"
    numbers: dict[str, Scalar] = {}
    missing: tuple[str, ...] = ()


class DossierPack(Answer):
    """The policy pack that brought the rule into force here."""

    id: str
    title: str
    basis: str = ""


class DossierCalendar(Answer):
    """The holiday notice that working days were counted with."""

    year: int
    basis: str


class DossierFact(Answer):
    """A fact that went in, with the digest of its bytes."""

    fact_id: str
    sha256: str


class DossierInputs(Answer):
    """All that the verdict was computed from."""

    today: date | None = None
    facts: tuple[DossierFact, ...] = ()


class Dossier(Answer):
    """All that an alert rests on."""

    summary: str
    verdict: DossierVerdict
    exceptions: tuple[Tried, ...] = ()
    would_excuse: tuple[str, ...] = ()
    rule: DossierRule
    pack: DossierPack | None = None
    calendar: tuple[DossierCalendar, ...] = ()
    acts: tuple[DossierAct, ...] = ()
    inputs: DossierInputs = DossierInputs()
    replay: str = ""


class Revision(Answer):
    """One step of an alert."""

    revision: int
    change: Literal["raised", "amended", "retracted"]
    at: datetime
    position: int | None = None
    summary: str | None = None


class AlertFile(Alert):
    """An alert with its dossier and every revision."""

    dossier_hash: str = ""
    dossier: Dossier | None = None
    revisions: tuple[Revision, ...] = ()
    current: Current | None = None


class LedgerName(Answer):
    """A ledger that exists."""

    name: str
    title: str


class Column(Answer):
    """A column of a ledger."""

    name: str
    title: str
    kind: str = "text"


class Row(BaseModel):
    """One row of a ledger; the columns are in ``model_extra``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    act_id: str
    jurisdiction: str
    unit_id: str
    happened_on: date

    def value(self, column: str) -> object:
        """Return what the row holds in a column."""
        return (self.model_extra or {}).get(column)


class LedgerPage(Page[Row]):
    """One page of a ledger."""

    ledger: str
    title: str
    columns: tuple[Column, ...]


class FactLine(Answer):
    """One fact of an act's history with its place and hash in the journal."""

    fact_id: str
    type: str
    time: datetime
    recordedtime: datetime
    position: int
    hash: str
    event: dict[str, JsonValue] = {}

    @property
    def is_amendment(self) -> bool:
        """Whether it corrects or withdraws another fact."""
        return self.type.startswith(_AMENDMENTS)


class Act(Answer):
    """One act: how it stands and every fact that made it so."""

    act_id: str
    type: str
    ledger: str | None = None
    withdrawn: bool = False
    row: dict[str, JsonValue] | None = None
    columns: tuple[Column, ...] = ()
    history: tuple[FactLine, ...]
    current: Current | None = None

    @property
    def heading(self) -> str:
        """What the act calls itself, in its first version."""
        for fact in self.history:
            data = fact.event.get("data")
            if isinstance(data, dict) and (text := heading_of(data)):
                return text
        return self.act_id


class Count(Answer):
    """How many acts of a family there were in a month, and in the same month of the year before."""

    family: str
    month: str
    n: int
    n_last_year: int = 0


class Plan(Answer):
    """A unit's plan of a year with how much of it is used."""

    owner: str
    kind: str
    year: int
    cap: int | None = None
    used: int = 0
    unplanned: int = 0


class Forecast(Answer):
    """When a cap will be exceeded if things go on as they do."""

    unit_id: str
    kind: str
    year: int
    count: int = 0
    cap: int | None = None
    exceeds_on: date | None = None


class Unit(Answer):
    """A registered unit."""

    unit_id: str
    name: str
    jurisdiction: str = ""


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


class Case(Answer):
    """A worked example of a rule."""

    name: str
    expect: str


class Rule(Answer):
    """A rule of the rule book."""

    rule: str
    version: int = 1
    title: str
    status: str = "live"
    severity: Severity = "warning"
    force: str = ""
    effective_from: date | None = None
    known_from: date | None = None
    reading: str | None = None
    sources: tuple[Clause, ...] = ()
    parameters: dict[str, Parameter] = {}
    exceptions: tuple[str, ...] = ()
    packs: tuple[DossierPack, ...] = ()
    cases: tuple[Case, ...] = ()
