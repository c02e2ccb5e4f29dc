"""The facts that the monitor states itself, as messages for FACTS: changes of alerts, reads of dossiers, releases of the rule book."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from contracts.alerts import AlertRecorded, DossierRead
from contracts.event import Envelope, Event, fact_id
from contracts.jurisdiction import NATION
from contracts.rules import PackSeal, RuleReleased, RuleSeal
from kit.ids import new_id
from kit.publish import Outgoing
from kit.tokens import Principal
from services.monitor.dossier import canonical
from services.monitor.policy import seals
from services.monitor.rulebook import fingerprint
from services.monitor.store import RevisionRow

STREAM: Final = "FACTS"
SOURCE: Final = "/jianfu/monitor"
UNIT: Final = "jianfu"
_SHORT: Final = 16
"""Hex digits of a hash in an id: whoever states the same thing with another content states another fact."""


def recorded(step: RevisionRow, message: Outgoing) -> Outgoing:
    """Return the entry of an alert's change: it binds the message that tells of it and repeats nothing of its content."""
    digest = hashlib.sha256(message.body).hexdigest()
    event = AlertRecorded(
        alert_id=step.alert_id,
        revision=step.revision,
        change=step.change,
        rule=step.shown["rule"],
        rule_version=step.shown["rule_version"],
        position=step.position,
        message_hash=digest,
    )
    name = f"{step.alert_id}-{step.revision}.{digest[:_SHORT]}"
    return _outgoing(event, name, at=step.stored_at, place=step.shown["jurisdiction"])


def dossier_read(who: Principal, alert_id: str, revision: int, manner: str, now: datetime) -> Outgoing:
    """Return the entry of one read; it belongs to the place of the reader, so that nobody below learns who looks."""
    event = DossierRead.model_validate(
        {
            "alert_id": alert_id,
            "revision": revision,
            "reader": who.subject,
            "role": who.role.value,
            "manner": manner,
        }
    )
    return _outgoing(event, f"read-{new_id()}", at=now, place=who.jurisdiction)


def book_of(rule_texts: Mapping[str, str], pack_texts: Mapping[str, str]) -> RuleReleased:
    """Return the fact of a book made of these files (name -> text); drafts are no part of it."""
    rules = [
        RuleSeal(rule=rule, version=seal.version, fingerprint=seal.fingerprint)
        for rule, seal in sorted(seals(rule_texts).items())
    ]
    packs = [
        PackSeal(pack=name.removesuffix(".toml"), fingerprint=fingerprint(text))
        for name, text in sorted(pack_texts.items())
    ]
    said = {
        "rules": [one.model_dump(mode="json") for one in rules],
        "packs": [one.model_dump(mode="json") for one in packs],
    }
    return RuleReleased(book=hashlib.sha256(canonical(said)).hexdigest(), rules=tuple(rules), packs=tuple(packs))


def statement_of(book: RuleReleased) -> str:
    """Return the hash of what is stated of a book: its own, or with its signatures that of all."""
    said = book.model_dump(mode="json")
    return hashlib.sha256(canonical(said)).hexdigest() if book.signatures else book.book


def released(book: RuleReleased, number: int, now: datetime) -> Outgoing:
    """Return the entry of the release of a book; ``number`` counts the releases."""
    return _outgoing(book, f"book-{number}.{statement_of(book)[:_SHORT]}", at=now, place=NATION)


def _outgoing(event: Event, name: str, *, at: datetime, place: str) -> Outgoing:
    envelope = Envelope(
        specversion="1.0",
        id=name,
        source=SOURCE,
        type=event.type_name(),
        time=at,
        recordedtime=at,
        jurisdiction=place,
        unitid=UNIT,
        data=event.model_dump(mode="json"),
    )
    body = envelope.model_dump_json(exclude_none=True).encode()
    return Outgoing(f"facts.{place}.{event.event_name()}", body, fact_id(SOURCE, name))
