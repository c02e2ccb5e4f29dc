"""The SQL of the audit of alerts: every revision, with the alert where it is its newest; reads only."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, NamedTuple

from kit.db import Connection
from services.monitor.store import RevisionRow

_PORTION: Final = 500
_WIDTH: Final = 7
"""Columns of a revision; those of its alert follow."""
_REVISIONS: Final = """
    select r.alert_id, r.revision, r.change, r.position, r.stored_at, r.shown, r.dossier, a.state, a.rule, a.rule_version,
           a.subject, a.severity, a.place, a.unit, a.happened_on, a.acts, a.shown as alert_shown, a.updated_at
    from alert_revision r left join alert a using (alert_id, revision)
    where (r.alert_id, r.revision) > ($1, $2) order by r.alert_id, r.revision limit $3"""
_HEADLESS: Final = """
    select alert_id, revision from alert a
    where not exists (select from alert_revision r where r.alert_id = a.alert_id and r.revision = a.revision)
    order by alert_id"""


class Standing(NamedTuple):
    """An alert as lists and pages show it; days and moments as text."""

    state: str
    rule: str
    rule_version: int
    subject: str
    severity: str
    place: str
    unit: str
    happened_on: str
    acts: list[str]
    shown: Mapping[str, Any]
    updated_at: str


async def revisions(db: Connection) -> AsyncIterator[tuple[RevisionRow, Standing | None]]:
    """Yield every revision in the order of alerts, with the alert where it is the newest."""
    after = ("", 0)
    while rows := await db.fetch(_REVISIONS, *after, _PORTION):
        for row in rows:
            values = tuple(row)
            yield RevisionRow(*values[:_WIDTH]), None if row["state"] is None else _standing(values[_WIDTH:])
        after = (rows[-1]["alert_id"], rows[-1]["revision"])


async def headless(db: Connection) -> list[tuple[str, int]]:
    """Return the alerts that show a revision which is not there."""
    return [(row["alert_id"], row["revision"]) for row in await db.fetch(_HEADLESS)]


def _standing(values: tuple[Any, ...]) -> Standing:
    *plain, happened_on, acts, shown, updated_at = values
    return Standing._make((*plain, happened_on.isoformat(), acts, shown, updated_at.isoformat()))
