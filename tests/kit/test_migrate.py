"""Migrations are applied once, in order, by whoever comes first, and never quietly changed."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from kit.migrate import Drift, migrate

FILES = {
    "0001_units.sql": "create table unit (id text primary key); insert into unit values ('a');",
    "0002_index.sql": "-- no-transaction\ncreate index concurrently if not exists unit_id on unit (id)",
    "0003_more.sql": "insert into unit values ('b'); create table other ();",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


async def units(dsn: str) -> list[str]:
    db = await asyncpg.connect(dsn)
    try:
        return [row["id"] for row in await db.fetch("select id from service.unit order by id")]
    finally:
        await db.close()


async def test_each_file_is_applied_once_in_order(dsn: str, folder: Path) -> None:
    assert await migrate(dsn, "service", folder) == list(FILES)
    assert await migrate(dsn, "service", folder) == []
    write(folder, {"0004_last.sql": "delete from unit where id = 'b'", "schema.sql": "no step at all"})
    assert await migrate(dsn, "service", folder) == ["0004_last.sql"]
    assert await units(dsn) == ["a"]


async def test_four_runners_at_once_apply_each_file_once(dsn: str, folder: Path) -> None:
    done = await asyncio.gather(*(migrate(dsn, "service", folder) for _ in range(4)))
    assert sorted(len(names) for names in done) == [0, 0, 0, 3]
    assert await units(dsn) == ["a", "b"]


async def test_schemas_do_not_meet(dsn: str, folder: Path) -> None:
    assert await migrate(dsn, "service", folder) == list(FILES)
    assert await migrate(dsn, "another", folder) == list(FILES)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"0001_units.sql": "create table unit (id text)"}, "changed after it was applied: 0001_units.sql"),
        ({"0002_index.sql": None}, "applied before, now missing: 0002_index.sql"),
        ({"0000_before.sql": "select 1"}, "older than what was applied: 0000_before.sql"),
    ],
)
async def test_drift_is_refused_and_changes_nothing(
    dsn: str, folder: Path, change: Mapping[str, str | None], told: str
) -> None:
    await migrate(dsn, "service", folder)
    write(folder, {name: text for name, text in change.items() if text} | {"0009_new.sql": "delete from unit"})
    for name in [name for name, text in change.items() if text is None]:
        (folder / name).unlink()
    with pytest.raises(Drift, match=told):
        await migrate(dsn, "service", folder)
    assert await units(dsn) == ["a", "b"]


async def test_a_file_that_fails_leaves_nothing_and_can_be_mended(dsn: str, folder: Path) -> None:
    write(folder, {"0004_bad.sql": "insert into unit values ('c'); insert into nowhere values (1)"})
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(dsn, "service", folder)
    assert await units(dsn) == ["a", "b"]
    write(folder, {"0004_bad.sql": "insert into unit values ('c')"})
    assert await migrate(dsn, "service", folder) == ["0004_bad.sql"]


async def test_a_table_that_somebody_holds_is_not_waited_for_long(dsn: str, folder: Path) -> None:
    await migrate(dsn, "service", folder)
    write(folder, {"0004_lock.sql": "set local lock_timeout = '50ms'; alter table unit add column name text"})
    holder = await asyncpg.connect(dsn)
    async with holder.transaction():
        await holder.execute("lock table service.unit in share mode")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(dsn, "service", folder)
    await holder.close()
    assert await migrate(dsn, "service", folder) == ["0004_lock.sql"]


async def test_another_runner_is_not_waited_for_for_ever(dsn: str, folder: Path) -> None:
    write(folder, {"0004_slow.sql": "select pg_sleep(1)"})
    slow = asyncio.create_task(migrate(dsn, "service", folder))
    await asyncio.wait([slow], timeout=0.3)
    with pytest.raises(TimeoutError):
        await migrate(dsn, "service", folder, patience=0.1)
    assert await slow == [*FILES, "0004_slow.sql"]


@pytest.mark.parametrize("name", ["1_short.sql", "0001-dash.sql", "0005_Upper.sql", "notes.sql"])
async def test_a_file_with_another_kind_of_name_is_refused(dsn: str, folder: Path, name: str) -> None:
    write(folder, {name: "select 1"})
    with pytest.raises(ValueError, match="NNNN_what"):
        await migrate(dsn, "service", folder)


async def test_two_files_with_one_number_are_refused(dsn: str, folder: Path) -> None:
    write(folder, {"0003_again.sql": "select 1"})
    with pytest.raises(ValueError, match="same number"):
        await migrate(dsn, "service", folder)


async def test_a_schema_name_cannot_carry_sql(dsn: str, folder: Path) -> None:
    with pytest.raises(ValueError, match="plain schema name"):
        await migrate(dsn, 'x"; drop schema public; --', folder)
