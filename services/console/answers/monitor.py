"""What the monitor answers: alerts, verdicts, rules, forecasts."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, JsonValue

from contracts.alerts import Outcome, Severity
from services.console.answers.shape import Answer, Clause, Current, Scalar


class Pack(Answer):
    """The policy pack that brought the rule into force here."""

    id: str
    title: str
    basis: str = ""
    jurisdiction: str | None = None
    """The place where it holds; ``None``: a source that others inherit."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Of the rule, those that the pack sets otherwise."""
    note: str | None = None


class PackSheet(Answer):
    """A policy pack of the rule book."""

    id: str
    title: str
    jurisdiction: str | None = None
    basis: str = ""
    rules: int = 0
    without: dict[str, str] = Field(default_factory=dict)
    """Rules that do not hold there -> why."""


class Signature(Answer):
    """One of the two who answer for a rule book, by the name of the public key."""

    role: Literal["author", "approver"]
    key: str


class Release(Answer):
    """The rule book that judges, since when, and who answers for it."""

    book: str
    since: datetime
    signatures: tuple[Signature, ...] = ()


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
    mode: Literal["rule", "hint"] = "rule"
    outcome: Outcome = Field(validation_alias="verdict")
    reason: str = ""
    severity: Severity | None = None
    clause: Clause | None = None
    numbers: dict[str, Scalar] = Field(default_factory=dict)
    exceptions: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()
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


class Parameter(Answer):
    """A number or list that a rule decides with, and where it comes from."""

    value: JsonValue = None
    basis: str = "source"
    note: str = ""


class Forecast(Answer):
    """When a cap will be exceeded if things go on as they do."""

    rule: str = ""
    title: str = ""
    unit_id: str
    kind: str
    year: int
    count: int = 0
    cap: int | None = None
    exceeds_on: date | None = None
    exceeded_on: date | None = None
    method: str = ""


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
    mode: Literal["rule", "hint"] = "rule"
    severity: Severity = "warning"
    force: str = ""
    effective_from: date | None = None
    known_from: date | None = None
    reading: str | None = None
    sources: tuple[Clause, ...] = ()
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    exceptions: tuple[str, ...] = ()
    packs: tuple[Pack, ...] = ()
    cases: tuple[Case, ...] = ()


class RuleBook(Answer):
    """The rules and packs that are live, and the release by which they judge."""

    items: tuple[Rule, ...]
    packs: tuple[PackSheet, ...] = ()
    release: Release | None = None
