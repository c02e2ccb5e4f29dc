"""The monitor's alerts as rows to compare with what the log recorded of them: each message is made anew from its row."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from kit.db import Pool
from services.monitor import queries_audit
from services.monitor.findings import message_of
from services.monitor.queries_audit import Standing
from services.monitor.store import RevisionRow

_STATES: Final = {"raised": "standing", "amended": "standing", "retracted": "retracted"}
_UNREADABLE: Final = "shown 列无法读取"


class Kept(NamedTuple):
    """One step of an alert as the table holds it."""

    alert_id: str
    revision: int
    position: int
    message_hash: bytes
    """SHA-256 of the message that tells of it; of nothing where the row cannot be read."""
    fault: str | None
    """What does not fit in the row by itself, or in the alert that it is the newest step of."""


async def revisions(pool: Pool) -> AsyncIterator[Kept]:
    """Yield every step of every alert, and each alert whose newest step is missing."""
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
        async for row, alert in queries_audit.revisions(db):
            yield _kept(row, alert)
        for name, revision in await queries_audit.headless(db):
            yield Kept(name, revision, 0, b"", "alert 表有这一版，版本表没有")


def _kept(row: RevisionRow, alert: Standing | None) -> Kept:
    try:
        body = message_of(row).body
    except (KeyError, TypeError, ValidationError):
        return Kept(row.alert_id, row.revision, row.position, b"", _UNREADABLE)
    fault = _row_fault(row) or (None if alert is None else _alert_fault(row, alert))
    return Kept(row.alert_id, row.revision, row.position, hashlib.sha256(body).digest(), fault)


def _row_fault(row: RevisionRow) -> str | None:
    """Return which column does not fit what the message binds."""
    shown = row.shown
    said = (shown.get("alert_id"), shown.get("revision"), shown.get("state"), shown.get("updated_at"))
    if said != (row.alert_id, row.revision, _STATES[row.change], row.stored_at.isoformat()):
        return "shown 列与其他列不符"
    if (row.dossier is None) is not (row.change == "retracted"):
        return "dossier 列有无不符"
    if row.dossier is not None and hashlib.sha256(row.dossier).hexdigest() != shown["dossier_hash"]:
        return "dossier 列被改动：与 dossier_hash 不符"
    return None


def _alert_fault(row: RevisionRow, alert: Standing) -> str | None:
    """Return which column of an alert does not fit its newest step: lists and pages show the alert."""
    shown: Mapping[str, Any] = row.shown
    wanted = Standing(
        state=shown["state"],
        rule=shown["rule"],
        rule_version=shown["rule_version"],
        subject=shown["subject"],
        severity=shown["severity"],
        place=shown["jurisdiction"],
        unit=shown["unit_id"],
        happened_on=shown["happened_on"],
        acts=shown["acts"],
        shown=shown,
        updated_at=shown["updated_at"],
    )
    column = next((name for name in Standing._fields if getattr(wanted, name) != getattr(alert, name)), None)
    return None if column is None else f"alert 表的 {column} 列与这一版不符"
