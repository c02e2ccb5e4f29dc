"""Direct SQL as every role, on every table, for its own and for foreign jurisdictions: generated from the catalogue."""

from collections.abc import AsyncIterator, Mapping

import asyncpg
import pytest
import pytest_asyncio

from deploy.database import OWNERS
from kit.scoped import EVERYWHERE, connect_readers, scope_of
from kit.tokens import Principal, Role
from tests.access.row_security import PUBLIC, faults, guarded, plant, relations

pytestmark = pytest.mark.connected

Urls = Mapping[str, str]
REFUSED = asyncpg.InsufficientPrivilegeError
OWN, FOREIGN = "990101", "990202"
BOTH = {OWN, FOREIGN}
NEVER_BY_UNIT = {
    "notify.alert_change",
    "notify.decision",
    "notify.delivery",
    "notify.parked",
    "intake.quarantine",
    "intake.tally",
    "intake.numbered",
}
"""An office, which alone is limited to units, has no route to these; their policies leave units out."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(urls: Urls) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Give the superuser of a database with one row of each county in every table that readers see in part."""
    connection = await asyncpg.connect(urls["postgres"])
    tables = [table.name for table in await guarded(connection)]
    await connection.execute("set session_replication_role = replica")  # the journal is never emptied otherwise
    await connection.execute(f"truncate {', '.join(tables)} cascade")
    await connection.execute("reset session_replication_role")
    for table in tables:
        for place in BOTH:
            await plant(connection, table, place)
    yield connection
    await connection.close()


def principal(place: str, role: str = "operator", **more: frozenset[str]) -> Principal:
    return Principal("somebody", Role(role), place, **more)


async def seen(
    db: "asyncpg.Connection[asyncpg.Record]", schema: str, table: str, scope: Mapping[str, str] | None
) -> set[str]:
    """Return the counties whose rows a reader of a schema sees; None for a scope sets nothing."""
    async with db.transaction():
        await db.execute(f"set local role {schema}_reader")
        for name, value in (scope or {}).items():
            await db.execute("select set_config($1, $2, true)", f"jianfu.{name}", value)
        rows = await db.fetch(f"select row_to_json(one)::text as text from {table} one")
    return {place for place in BOTH for row in rows if place in row["text"]}


SCOPES: dict[str, tuple[Principal, set[str]]] = {
    "own": (principal(OWN), {OWN}),
    "foreign": (principal(FOREIGN), {FOREIGN}),
    "desk of its own": (principal(OWN, "discipline"), {OWN}),
    "province": (principal("99"), BOTH),
    "nation": (principal("00"), BOTH),
    "township below": (principal(f"{OWN}001"), set()),
    "county whose code is longer": (principal("9901"), {OWN}),
    "elsewhere": (principal("98"), set()),
}


def scope(who: Principal) -> dict[str, str]:
    return {**scope_of(who), "sources": "%"}


async def test_every_table_is_guarded_public_or_closed(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    assert await faults(admin) == []
    assert len(await guarded(admin)) > 20


async def test_a_reader_is_nobody_else(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    for schema in OWNERS:
        reader = f"{schema}_reader"
        row = await admin.fetchrow("select * from pg_roles where rolname = $1", reader)
        assert row is not None
        assert not any(row[power] for power in ("rolsuper", "rolbypassrls", "rolcanlogin", "rolcreaterole"))
        assert not await admin.fetchval("select count(*) from pg_auth_members where member = $1::regrole", reader)
        assert not await admin.fetchval("select count(*) from pg_class where relowner = $1::regrole", reader)


@pytest.mark.parametrize("name", SCOPES)
async def test_a_reader_sees_the_rows_of_its_scope(admin: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    who, expected = SCOPES[name]
    got = {one.name: await seen(admin, one.schema, one.name, scope(who)) for one in await guarded(admin)}
    if who.role is Role.DISCIPLINE:  # a county with one desk sees its clues; the county's own row of units makes it one
        got.pop("notify.clue"), got.pop("notify.clue_step")
    assert got == dict.fromkeys(got, expected)


async def test_without_a_scope_no_row_is_seen(admin: "asyncpg.Connection[asyncpg.Record]", urls: Urls) -> None:
    for one in await guarded(admin):
        assert await seen(admin, one.schema, one.name, None) == set(), one.name
        async with admin.transaction():  # and once a transaction with a scope is over
            await admin.execute("select set_config('jianfu.from', '!', true), set_config('jianfu.to', '~', true)")
        assert await seen(admin, one.schema, one.name, None) == set(), one.name
        for missing in ("from", "to"):
            part = {key: value for key, value in scope(principal(OWN)).items() if key not in {missing, "subject"}}
            if one.name not in {"notify.clue", "notify.clue_step"}:
                assert await seen(admin, one.schema, one.name, part) == set(), (one.name, missing)
    for service in OWNERS:
        readers = await connect_readers(urls[service], size=1, schema=service)
        tables = [one for one in await guarded(admin) if one.schema == service]
        async with readers.acquire(principal("00"), {"sources": "%"}) as db:
            for one in tables:
                assert await db.fetchval(f"select count(*) from {one.name}") == len(BOTH), one.name
        async with readers._pool.acquire() as db:  # the same connection, for whoever came round the pool's one way
            for one in tables:
                assert await db.fetchval(f"select count(*) from {one.name}") == 0, one.name
        await readers.close()


async def test_an_office_sees_the_rows_of_its_units(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    for one in await guarded(admin):
        if one.name in NEVER_BY_UNIT or one.name.startswith("notify.clue"):
            continue
        for unit, expected in ((f"{OWN}.u", {OWN}), (f"{FOREIGN}.u", set[str]()), ("990101.v", set[str]())):
            office = principal(OWN, "office", units=frozenset({unit}))
            wanted = set() if one.name.endswith((".parked", ".backtest", ".shadow")) else expected  # what names no unit
            assert await seen(admin, one.schema, one.name, scope(office)) == wanted, (one.name, unit)


async def test_a_desk_sees_its_clues_and_a_unit_none_about_itself(
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    cases: list[tuple[Principal, set[str]]] = [
        (principal(OWN, "discipline", units=frozenset({f"{OWN}.u"})), {OWN}),
        (principal(OWN, "discipline", units=frozenset({f"{FOREIGN}.u"})), {FOREIGN}),  # by its desk, wherever
        (principal(OWN, "discipline", units=frozenset({"other"})), set()),
        (principal(OWN, "discipline", units=frozenset({f"{OWN}.u", OWN})), set()),  # it is about the unit called OWN
        (principal(OWN, units=frozenset({OWN})), set()),
        (principal(OWN, "discipline"), set()),  # no desk is registered that it could act for
        (principal("99", "discipline"), BOTH),
    ]
    for table in ("notify.clue", "notify.clue_step"):
        for who, expected in cases:
            assert await seen(admin, "notify", table, scope(who)) == expected, (table, who)


async def test_quarantine_shows_whoever_sent_it_its_own(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    async def of(subject: str, sources: str) -> set[str]:
        settings = {**scope(principal("98", "adapter")), **EVERYWHERE, "subject": subject, "sources": sources}
        return await seen(admin, "intake", "intake.quarantine", settings)

    assert await of("x", "") == set()
    assert await of(OWN, "") == {OWN}  # the planted sender
    assert await of("x", f"{FOREIGN}\n/other/%") == {FOREIGN}
    assert await of("x", "%") == BOTH


@pytest.mark.parametrize("role", [*OWNERS, *(f"{service}_reader" for service in OWNERS)])
async def test_every_role_on_every_table(admin: "asyncpg.Connection[asyncpg.Record]", urls: Urls, role: str) -> None:
    """A service sees all of its own rows; a reader changes nothing; nobody touches another schema."""
    service = role.removesuffix("_reader")
    reads_only = role != service
    db = await asyncpg.connect(urls[service], server_settings={"role": role} if reads_only else None)
    partly = {one.name for one in await guarded(admin)}
    for one in await relations(admin):
        changes = [f"delete from {one.name}", f"truncate {one.name}", f"insert into {one.name} default values"]
        if one.kind == "v":
            changes = []  # changes would go through to a table that is tried anyway
        if one.schema != service:
            changes.append(f"select from {one.name}")
        elif not reads_only:
            changes = []
            if one.name in partly:
                assert await db.fetchval(f"select count(*) from {one.name}") == len(BOTH), one.name
        elif one.name not in partly | set(PUBLIC):
            changes.append(f"select from {one.name}")
        for statement in changes:
            with pytest.raises(REFUSED):
                await db.execute(statement)
    await db.close()


PLANTED = {
    "a table that nobody decided about": ("create table ledger.planted (jurisdiction text)", "neither a policy"),
    "a table that is readable without a policy": (
        "create table ledger.planted (jurisdiction text); grant select on ledger.planted to ledger_reader",
        "without a policy",
    ),
    "a policy that is not in force": (
        (
            "create table ledger.planted (jurisdiction text); grant select on ledger.planted to ledger_reader;"
            "create policy scope on ledger.planted for select to ledger_reader using (false)"
        ),
        "without a policy",
    ),
    "a policy for others": (
        (
            "create table ledger.planted (jurisdiction text); grant select on ledger.planted to ledger_reader;"
            "alter table ledger.planted enable row level security;"
            "create policy scope on ledger.planted for select to monitor_reader using (true)"
        ),
        "without a policy",
    ),
    "a column of a table": (
        "create table ledger.planted (jurisdiction text); grant select (jurisdiction) on ledger.planted to ledger_reader",
        "without a policy",
    ),
    "a partition of a guarded table": (
        (
            "create table ledger.whole (jurisdiction text, unit text) partition by list (jurisdiction);"
            "create table ledger.planted partition of ledger.whole default;"
            "select ledger.guard('ledger.whole', 'jurisdiction', 'unit');"
            "grant select on ledger.planted to ledger_reader"
        ),
        "past the policies",
    ),
    "a view with its owner's rights": (
        "create view ledger.planted as select * from ledger.journal; grant select on ledger.planted to ledger_reader",
        "what its owner sees",
    ),
    "a table that is emptied into a file of views": (
        "create materialized view ledger.planted as select 1 as n; grant select on ledger.planted to ledger_reader",
        "past the policies",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_hole_is_found(admin: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    statement, why = PLANTED[name]
    transaction = admin.transaction()
    await transaction.start()
    try:
        await admin.execute(statement)
        assert any(fault.startswith("ledger.planted: ") and why in fault for fault in await faults(admin))
    finally:
        await transaction.rollback()
