"""What the monitor answers about one alert: all that it rests on."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, JsonValue

from contracts.alerts import Outcome
from services.console.answers.monitor import Alert, Pack, Parameter, Tried
from services.console.answers.shape import Answer, Clause, Current, Scalar, heading_of


class DossierAct(Answer):
    """An act that bears an alert, as it stood."""

    act_id: str
    type: str
    title: str = ""
    time: datetime
    unit_id: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What the act calls itself."""
        return heading_of(self.data) or self.title


class DossierRule(Answer):
    """The rule as it stood when it spoke."""

    id: str
    version: int = 1
    title: str = ""
    force: str = ""
    effective_from: date | None = None
    reading: str | None = None
    sources: tuple[Clause, ...] = ()
    parameters: dict[str, Parameter] = Field(default_factory=dict)


class DossierVerdict(Answer):
    """What the rule found."""

    outcome: Outcome = "violated"
    numbers: dict[str, Scalar] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()


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
    pack: Pack | None = None
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
