"""A pool whose statements look things up by index does so however its tables grew."""

import pytest

from kit.db import Connection, connect_pool

pytestmark = pytest.mark.connected
GROWN = 20_000
LOOK = "select name from grown where name = any($1::text[])"
READ_IN_PASSING = "select seq_tup_read from pg_stat_user_tables where relname = 'grown'"


async def passing(db: Connection) -> int:
    await db.execute("select pg_stat_force_next_flush()")
    return int(await db.fetchval(READ_IN_PASSING))


@pytest.mark.parametrize("scans", [False, True])
async def test_a_plan_made_while_a_table_was_small_is_no_burden_later(dsn: str, *, scans: bool) -> None:
    async with await connect_pool(dsn, size=1, schema="public", scans=scans) as pool, pool.acquire() as db:
        await db.execute("create table grown (name text primary key)")
        await db.execute("insert into grown select 'm' || n from generate_series(1, 5) n")
        await db.execute("analyze grown")
        for _ in range(10):  # from the sixth time on a plan is kept
            await db.fetch(LOOK, ["n1"])
        await db.copy_records_to_table("grown", records=[(f"n{number}",) for number in range(GROWN)])
        before = await passing(db)
        await db.fetch(LOOK, ["n1"])
        assert (await passing(db) - before > GROWN) is scans
