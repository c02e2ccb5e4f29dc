"""Turn findings into alerts: the difference to what stands, the dossiers, and the messages that tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contracts.alerts import AlertAmended, AlertRaised, AlertRetracted
from contracts.event import Event
from kit.db import Connection
from kit.outbox import enqueue
from kit.publish import Outgoing
from services.monitor import dossier, facts, store
from services.monitor.book import Book
from services.monitor.domain import Change, Verdict, alert_id, diff
from services.monitor.engine import Index
from services.monitor.store import AlertRow, RevisionRow
from services.monitor.world import World

_EVENT: Final[Mapping[str, type[Event]]] = {"raised": AlertRaised, "amended": AlertAmended, "retracted": AlertRetracted}


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules found in the judged pairs, and what they looked at."""

    by_pair: Mapping[tuple[str, str], Sequence[Verdict]]
    index: Index
    world: World


async def settle_alerts(db: Connection, book: Book, findings: Findings, position: int, moment: datetime) -> int:
    """Write the difference between the findings and the standing alerts, with its messages; return how many changes there were."""
    found = {
        alert_id(verdict.rule, verdict.version, verdict.subject): (verdict, _digest(book, verdict))
        for verdicts in findings.by_pair.values()
        for verdict in verdicts
    }
    stands = await store.standing(db, sorted(findings.by_pair))
    known = await store.revisions(db, sorted(found))
    changes = diff(found, stands, known)
    if not changes:
        return 0
    dossiers = await _dossiers(db, book, findings, [change.verdict for change in changes if change.verdict])
    last_shown = await store.shown(db, [change.alert_id for change in changes if change.verdict is None])
    alerts, steps = [], []
    for change in changes:
        file = dossiers.get(change.alert_id)
        if change.verdict is None:
            shown = {
                **last_shown[change.alert_id],
                "revision": change.revision,
                "state": "retracted",
                "updated_at": moment.isoformat(),
            }
        else:
            shown = show(book, change, moment, dossier.digest(file or b""))
            alerts.append(_row(change, change.verdict, shown, found[change.alert_id][1], moment))
        steps.append(RevisionRow(change.alert_id, change.revision, change.kind, position, moment, shown, file))
    await store.put_alerts(db, alerts)
    await store.retract(db, [step for step in steps if step.change == "retracted"])
    await store.put_revisions(db, steps)
    messages = [message_of(step) for step in steps]
    await enqueue(db, "ALERTS", messages)  # before their entries: what is recorded has been told
    await enqueue(db, facts.STREAM, [facts.recorded(step, told) for step, told in zip(steps, messages, strict=True)])
    return len(changes)


async def _dossiers(db: Connection, book: Book, findings: Findings, verdicts: Sequence[Verdict]) -> dict[str, bytes]:
    prepared = []
    for verdict in verdicts:
        scene = findings.index.scene(verdict.scope, book.looks(verdict.rule))
        prepared.append((verdict, scene, dossier.inputs_of(scene, findings.world, lists_of(book, verdict))))
    prints = await store.fingerprints(db, sorted({fact for _, _, inputs in prepared for fact in inputs.facts}))
    return {
        alert_id(verdict.rule, verdict.version, verdict.subject): dossier.write(
            book, verdict, scene, findings.world, inputs, prints
        )
        for verdict, scene, inputs in prepared
    }


def lists_of(book: Book, verdict: Verdict) -> tuple[str, ...]:
    """Return the kinds of list that a rule looks up."""
    bound = book.bound(verdict.rule, verdict.place)
    return bound.evaluator.lists(bound.params) if bound else ()


def show(book: Book, change: Change, moment: datetime, dossier_hash: str) -> dict[str, Any]:
    """Return an alert as the API and its event show it."""
    verdict = change.verdict
    if verdict is None:
        msg = "a retraction shows the alert as it last stood"
        raise ValueError(msg)
    return {
        "alert_id": change.alert_id,
        "revision": change.revision,
        "state": "standing",
        "updated_at": moment.isoformat(),
        "dossier_hash": dossier_hash,
        **_lasting(book, verdict),
    }


def _lasting(book: Book, verdict: Verdict) -> dict[str, Any]:
    """Return the part of an alert that depends on the facts alone: its change is an amendment."""
    rule = book.rules[verdict.rule]
    bound = book.bound(verdict.rule, verdict.place)
    sources = bound.sources if bound else rule.sources
    return {
        "rule": verdict.rule,
        "rule_version": verdict.version,
        "title": rule.title,
        "severity": verdict.severity,
        "verdict": verdict.outcome,
        "summary": verdict.reason,
        "unit_id": verdict.about,
        "jurisdiction": verdict.place,
        "happened_on": verdict.happened_on.isoformat(),
        "subject": verdict.subject,
        "clause": sources[0].clause_of().model_dump(mode="json"),
        "acts": list(verdict.acts),
    }


def _digest(book: Book, verdict: Verdict) -> str:
    numbers = dict(verdict.numbers)
    exceptions = [[one.name, one.met, one.evidence] for one in verdict.exceptions]
    return dossier.digest(dossier.canonical({**_lasting(book, verdict), "numbers": numbers, "exceptions": exceptions}))


def _row(change: Change, verdict: Verdict, shown: Mapping[str, Any], digest: str, moment: datetime) -> AlertRow:
    return AlertRow(
        alert_id=change.alert_id,
        rule=verdict.rule,
        version=verdict.version,
        scope=verdict.scope,
        subject=verdict.subject,
        revision=change.revision,
        severity=str(verdict.severity),
        place=verdict.place,
        unit=verdict.about,
        happened_on=verdict.happened_on,
        acts=verdict.acts,
        digest=digest,
        shown=shown,
        updated_at=moment,
    )


def message_of(step: RevisionRow) -> Outgoing:
    """Return the event that tells of a step; its id is a function of alert and revision, so a repeat is known as one."""
    shown = step.shown
    kind = _EVENT[step.change]
    event = kind.model_validate(
        {
            "alert_id": step.alert_id,
            "revision": step.revision,
            "rule": shown["rule"],
            "rule_version": shown["rule_version"],
            "rule_title": shown["title"],
            "severity": shown["severity"],
            "outcome": shown["verdict"],
            "summary": shown["summary"][:1000],
            "subject": shown["subject"],
            "about": shown["unit_id"],
            "place": shown["jurisdiction"],
            "happened_on": shown["happened_on"],
            "clause": shown["clause"],
            "acts": shown["acts"],
            "dossier_hash": shown["dossier_hash"],
        }
    )
    name = f"{step.alert_id}-{step.revision}"
    envelope = {
        "specversion": "1.0",
        "id": name,
        "source": facts.SOURCE,
        "type": kind.type_name(),
        "time": step.stored_at.isoformat(),
        "recordedtime": step.stored_at.isoformat(),
        "jurisdiction": shown["jurisdiction"],
        "unitid": facts.UNIT,
        "datacontenttype": "application/json",
        "data": event.model_dump(mode="json"),
    }
    subject = f"alerts.{shown['jurisdiction']}.{shown['severity']}.{shown['rule']}"
    return Outgoing(subject=subject, body=dossier.canonical(envelope), msg_id=name, headers={})
