"""What readers may see in the database, asked of the catalogue: every relation is guarded, public, or closed to them."""

from typing import Any, Final, NamedTuple

import asyncpg

from deploy.database import OWNERS

Connection = asyncpg.Connection

PUBLIC: Final = {
    "ledger.checkpoint": "how far the journal is read",
    "monitor.checkpoint": "how far the facts are read",
    "notify.checkpoint": "how far the streams are read",
    "notify.unit_version": "the directory of units: names and superiors",
    "notify.sole_desk": "a view of the directory",
    "notify.calendar": "public calendars",
    "notify.last_day": "which day it is",
}
"""What every reader sees whole, and why that gives nothing away."""
CLOSED: Final = {
    *(f"{schema}._migration" for schema in OWNERS),
    *("intake.accepted",),
    *("ledger.thread", "ledger.signed_checkpoint", "ledger.outbox"),
    *("monitor.offer", "monitor.need", "monitor.timer", "monitor.release", "monitor.outbox"),
    *("monitor.shadow_finding", "monitor.shadow_timer"),
    *("notify.reference", "notify.amendment", "notify.outbox"),
}
"""What readers may not read at all."""

_RELATIONS: Final = """
    select n.nspname || '.' || c.relname as name, n.nspname as schema, c.relname as relation, c.relkind::text as kind,
           c.relispartition as part, c.relrowsecurity as secured,
           has_any_column_privilege(n.nspname || '_reader', c.oid, 'select') as readable,
           coalesce('security_invoker=true' = any(c.reloptions), false) as invoker,
           exists (select from pg_policy where polrelid = c.oid and polpermissive and polcmd in ('r', '*')
                   and (n.nspname || '_reader')::regrole = any(polroles)) as guarded
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    order by 1
"""


class Relation(NamedTuple):
    """A table or view of a service."""

    name: str
    schema: str
    relation: str
    kind: str
    part: bool
    secured: bool
    readable: bool
    invoker: bool
    guarded: bool


async def relations(admin: Connection) -> list[Relation]:
    """Return every table and view of every service."""
    return [Relation(*row) for row in await admin.fetch(_RELATIONS, list(OWNERS))]


async def faults(admin: Connection) -> list[str]:
    """Return every relation that may show a reader too much, or that nobody decided about."""
    found = {one.name: _fault(one) for one in await relations(admin)}
    missing = {name: "is listed and not there" for name in (*PUBLIC, *CLOSED) if name not in found}
    return [f"{name}: {why}" for name, why in {**found, **missing}.items() if why]


def _fault(one: Relation) -> str | None:
    if not one.readable:
        return None if one.name in CLOSED else "has neither a policy nor an exemption"
    if one.kind == "v":
        return None if one.invoker else "shows readers what its owner sees"
    if one.kind in "mf" or one.part:
        return "is readable past the policies of another table"
    if one.name in PUBLIC or (one.secured and one.guarded):
        return None
    return "is readable without a policy"


async def guarded(admin: Connection) -> list[Relation]:
    """Return the tables whose rows readers see within their scope."""
    return [one for one in await relations(admin) if one.readable and one.guarded]


_COLUMNS: Final = """
    select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a
    where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped and a.attidentity = '' and a.attgenerated = ''
    order by a.attnum
"""
_CHECKED: Final = {
    "state": {"monitor.alert": "standing", "notify.delivery": "waiting", "notify.clue": "open"},
    "change": {"monitor.alert_revision": "raised"},
    "kind": {"notify.delivery": "alert"},
    "about_kind": {"notify.decision": "alert"},
}


async def plant(admin: Connection, table: str, place: str) -> None:
    """Put one row of a county into a table: every text is the county's code, every unit ``<code>.u``, so that rows match."""
    columns = await admin.fetch(_COLUMNS, table)
    values = [_value(table, str(column["name"]), str(column["type"]), place) for column in columns]
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    marks = ", ".join(f"${number}::text::{column['type']}" for number, column in enumerate(columns, 1))
    async with admin.transaction():
        await admin.execute("set local session_replication_role = replica")  # rows here need no others
        await admin.execute(f"insert into {table} ({names}) values ({marks})", *values)


def _value(table: str, column: str, kind: str, place: str) -> Any:
    if column in _CHECKED and table in _CHECKED[column]:
        return _CHECKED[column][table]
    if column in {"unit", "unit_id", "desk"}:
        return f"{place}.u"
    if column == "subject":
        return f"facts.{place}.doc.issued"
    known = {
        "text": place,
        "bigint": place,
        "integer": place,
        "double precision": place,
        "boolean": "false",
        "date": "2025-01-01",
        "timestamp with time zone": "2025-01-01T00:00:00Z",
        "bytea": "\\x00",
        "jsonb": "{}",
        "text[]": f"{{{place}}}",
        "int8multirange": "{[1,2)}",
    }
    return known[kind]
