"""One change of an alert in its three forms: as the stream has it, as routing sees it, and as browsers read it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from contracts.alerts import AlertAmended, AlertRaised, AlertRetracted
from contracts.catalog import ContractBroken, decode
from services.notify.channels.base import Alert
from services.notify.domain.mail import Notice, gist
from services.notify.domain.routes import Change, Traits

CHANGES: dict[type[Alert], Change] = {AlertRaised: "raised", AlertAmended: "amended", AlertRetracted: "retracted"}


@dataclass(frozen=True, slots=True)
class AlertChange:
    """A message of the ALERTS stream that could be read."""

    seq: int
    fact_id: str
    at: datetime
    """When the stream stored it."""
    recorded: datetime
    alert: Alert
    body: bytes

    @property
    def change(self) -> Change:
        """What happened to the alert."""
        return CHANGES[type(self.alert)]


def read_change(seq: int, at: datetime, body: bytes) -> AlertChange:
    """Read a message of the ALERTS stream; raise ``ContractBroken`` or ``FromTheFuture``."""
    fact = decode(body)
    if not isinstance(fact.event, AlertRaised | AlertAmended | AlertRetracted):
        raise ContractBroken("type", "应为预警事件")
    return AlertChange(seq, fact.fact_id, at, fact.recorded, fact.event, body)


def notice_of(change: AlertChange) -> Notice:
    """Return what routing needs of a change."""
    alert = change.alert
    return Notice(
        seq=change.seq,
        fact_id=change.fact_id,
        at=change.at,
        alert_id=alert.alert_id,
        revision=alert.revision,
        about=alert.about,
        traits=Traits(alert.severity, alert.rule, alert.place, change.change),
        gist=gist(alert.severity, alert.outcome, alert.summary),
    )


def for_browsers(change: AlertChange) -> dict[str, object]:
    """Return the alert as the monitor's HTTP API shows it, and what changed."""
    alert = change.alert
    return {
        "alert_id": alert.alert_id,
        "revision": alert.revision,
        "change": change.change,
        "state": "retracted" if change.change == "retracted" else "standing",
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "title": alert.rule_title,
        "severity": alert.severity,
        "verdict": alert.outcome,
        "summary": alert.summary,
        "unit_id": alert.about,
        "jurisdiction": alert.place,
        "happened_on": alert.happened_on,
        "subject": alert.subject,
        "clause": alert.clause.model_dump(),
        "acts": alert.acts,
        "updated_at": change.recorded,
    }


def as_json(value: object) -> bytes:
    """Return one line of JSON."""
    return msgspec.json.encode(value)
