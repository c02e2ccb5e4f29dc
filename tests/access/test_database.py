"""What each service's PostgreSQL role may do: its own schema, and of the journal only reading and adding."""

from collections.abc import AsyncIterator, Mapping

import asyncpg
import pytest
import pytest_asyncio

from deploy.database import OWNERS, SEALED
from services.ledger.projections import load_ledgers
from services.ledger.store_builds import beside, stage, switch

pytestmark = pytest.mark.connected

Urls = Mapping[str, str]
REFUSED = asyncpg.InsufficientPrivilegeError
POWERS = (
    *("create role planted", "create database planted", "create schema planted", "alter role {role} superuser"),
    *("alter role {role} bypassrls", "set role postgres", "set session authorization postgres"),
    *("copy (select 1) to program 'true'", "select pg_read_file('/etc/hostname')", "select pg_reload_conf()"),
    *("select rolpassword from pg_authid", "create table public.planted ()", "alter system set fsync = off"),
    *("grant ledger_keeper to {role}", "set role ledger_keeper"),
)
CHANGES = (
    *("update {t} set algorithm = algorithm", "delete from {t}", "truncate {t}", "drop table {t}"),
    *("alter table {t} disable trigger all", "alter table {t} owner to ledger", "drop trigger append_only on {t}"),
    *("alter table {t} add planted int", "create rule r as on insert to {t} do instead nothing"),
    *("select from {t} for update", "alter table {t} rename to planted"),
)


@pytest_asyncio.fixture(loop_scope="session")
async def db(urls: Urls, request: pytest.FixtureRequest) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(urls[getattr(request, "param", "ledger")])
    yield connection
    await connection.close()


BY_ROLE = pytest.mark.parametrize(("db", "role"), [(role, role) for role in OWNERS], indirect=["db"], ids=OWNERS)


@BY_ROLE
async def test_a_role_sees_and_changes_nothing_of_another_schema(
    db: "asyncpg.Connection[asyncpg.Record]", role: str, urls: Urls
) -> None:
    admin = await asyncpg.connect(urls["postgres"])
    tables = await admin.fetch("select schemaname, tablename from pg_tables where schemaname = any($1)", OWNERS)
    await admin.close()
    others = [f'{schema}."{table}"' for schema, table in tables if schema != role]
    assert len(others) > 20
    for table in others:
        for statement in (
            f"select from {table}",
            f"insert into {table} default values",
            f"delete from {table}",
            f"truncate {table}",
            f"drop table {table}",
        ):
            with pytest.raises(REFUSED):
                await db.execute(statement)


@BY_ROLE
@pytest.mark.parametrize("power", POWERS)
async def test_a_role_rules_over_nothing(db: "asyncpg.Connection[asyncpg.Record]", role: str, power: str) -> None:
    with pytest.raises(REFUSED):
        await db.execute(power.format(role=role))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", SEALED["ledger"])
async def test_what_is_sealed_is_only_read_and_added_to(
    db: "asyncpg.Connection[asyncpg.Record]", table: str, change: str
) -> None:
    await db.execute(f"grant all on ledger.{table} to ledger")  # a warning: nothing is granted
    with pytest.raises(REFUSED):
        await db.execute(change.format(t=f"ledger.{table}"))


@pytest.mark.parametrize(
    "change",
    [
        "drop schema ledger cascade",
        "alter schema ledger rename to planted",
        "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "drop function ledger.refuse_change() cascade",
        "set session_replication_role = replica",
    ],
)
async def test_nobody_comes_round_the_seal(db: "asyncpg.Connection[asyncpg.Record]", change: str) -> None:
    with pytest.raises(REFUSED):
        await db.execute(change)


async def test_the_ledger_still_adds_to_its_journal_and_builds_its_tables(
    db: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    entry = (1, b"{}", "sha256", b"\0" * 32, b"\0" * 32)
    columns = ["position", "body", "algorithm", "prev_hash", "hash"]
    await db.copy_records_to_table("journal", schema_name="ledger", records=[entry], columns=columns)
    assert await db.fetchval("select count(*) from ledger.journal where position = 1") == 1
    await db.execute("set search_path to ledger")
    target = beside(next(one for one in load_ledgers() if one.name == "documents"))
    async with db.transaction():
        await stage(db, target)
        await switch(db, target)
