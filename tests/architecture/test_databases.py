"""A database that one test has used is for the next one as if nobody had used it."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import Databases

pytestmark = pytest.mark.connected

ROW = "insert into ledger.outbox (stream, subject, msg_id, body) values ('S', 's', 'm', '') returning id"
CHANGES = (
    "create table ledger.more ()",
    "create schema more",
    "alter table ledger.outbox add column more int",
    "alter table ledger.outbox alter column headers drop default",
    "alter table ledger.documents disable row level security",
    "alter table ledger.journal disable trigger all",
    "create index on ledger.outbox (subject)",
    "delete from ledger._migration",
    "drop schema notify cascade",
    "create or replace function public.more() returns int language sql as 'select 1'",
    "do $$ begin execute format('alter database %I set search_path = ledger', current_database()); end $$",
)
"""What a test may do to its database beside writing rows."""


@contextlib.asynccontextmanager
async def connected(databases: Databases, name: str) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(databases.url(name))
    try:
        yield db
    finally:
        await db.close()


async def test_it_comes_back_without_rows_and_its_numbers_begin_anew(databases: Databases) -> None:
    name = await databases.lend()
    async with connected(databases, name) as left_open:
        assert await left_open.fetchval(ROW) == 1
        await databases.take_back(name)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await left_open.execute("select 1")
    assert await databases.lend() == name
    async with connected(databases, name) as db:
        assert await db.fetchval("select count(*) from ledger.outbox") == 0
        assert await db.fetchval(ROW) == 1
    await databases.take_back(name)


@pytest.mark.parametrize("change", CHANGES)
async def test_one_that_was_changed_does_not_come_back(databases: Databases, change: str) -> None:
    name = await databases.lend()
    async with connected(databases, name) as db:
        await db.execute(change)
    await databases.take_back(name)
    other = await databases.lend()
    assert other != name
    await databases.take_back(other)
