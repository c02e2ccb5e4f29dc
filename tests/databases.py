"""Databases with the migrations of all services, lent to tests one by one and emptied in between.

Making one and dropping it costs six times what emptying one does. One that comes back changed in anything but its rows is
dropped.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from kit.migrate import migrate

ROOT: Final = Path(__file__).resolve().parents[1]
SERVICES: Final = ("intake", "ledger", "monitor", "notify")
TEMPLATE: Final = "jianfu_template"

_SHAPE: Final = """
    select md5(string_agg(line, ' ' order by line)) from (
        select concat_ws(
            ' ', oid, relname, relnamespace, relowner, relkind, relnatts, relchecks, relhasrules, relhastriggers,
            relrowsecurity, relforcerowsecurity, reloptions, relacl
        ) from pg_class where oid >= 16384 and relkind <> 't'
        union all select concat_ws(' ', attrelid, attnum, xmin) from pg_attribute where attrelid >= 16384
        union all select concat_ws(' ', 'default', oid, xmin) from pg_attrdef where oid >= 16384
        union all select concat_ws(' ', 'constraint', oid, xmin) from pg_constraint where oid >= 16384
        union all select concat_ws(' ', 'index', indexrelid, xmin) from pg_index where indexrelid >= 16384 and indislive
        union all select concat_ws(' ', 'trigger', oid, xmin) from pg_trigger
        union all select concat_ws(' ', 'policy', oid, xmin) from pg_policy
        union all select concat_ws(' ', 'function', oid, xmin) from pg_proc where oid >= 16384
        union all select concat_ws(' ', 'namespace', oid, xmin) from pg_namespace where nspname !~ '^pg_(toast_)?temp_'
        union all select concat_ws(' ', 'acl', oid, xmin) from pg_default_acl
        union all select concat_ws(' ', 'extension', oid, xmin) from pg_extension
        union all select concat_ws(' ', 'setting', setrole, setconfig)
        from pg_db_role_setting join pg_database on pg_database.oid = setdatabase where datname = current_database()
        union all {applied}
    ) as lines (line)"""
"""Everything that makes a database what the migrations made it; 16384 is the first number that is not PostgreSQL's own."""
_APPLIED: Final = " union all ".join(f"select one::text from {name}._migration as one" for name in SERVICES)
_TABLES: Final = """
    select format('%I.%I', nspname, relname) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind = 'r' and pg_class.oid >= 16384 and relname <> '_migration'"""
_HANG_UP: Final = """
    select pg_terminate_backend(pid, 20000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
_RESTART: Final = """
    select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences
    where last_value is not null"""


class Databases:
    """The databases of a test session on one server."""

    def __init__(self, admin: asyncpg.Connection, url: str) -> None:
        """Take a connection that may create databases, and the server's address."""
        self._admin = admin
        self._url = url
        self._made = 0
        self._free: list[str] = []
        self._shape = ""

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    async def make_template(self) -> None:
        """Migrate the database that all others are copies of."""
        await self._drop(TEMPLATE)
        await self._admin.execute(f"create database {TEMPLATE}")
        for service in SERVICES:
            await migrate(self.url(TEMPLATE), service, ROOT / "services" / service / "sql")

    async def lend(self) -> str:
        """Return the name of a database without rows."""
        if self._free:
            return self._free.pop()
        self._made += 1
        name = f"jianfu_test_{self._made}"
        await self._drop(name)
        await self._admin.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
        return name

    async def take_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it where its test changed more than rows."""
        db = await asyncpg.connect(self.url(name), server_settings={"session_replication_role": "replica"})
        try:
            await db.execute(_HANG_UP)
            whole = await self._is_whole(db)
            if whole:
                await _empty(db)
        finally:
            await db.close()
        if whole:
            self._free.append(name)
        else:
            await self._drop(name)

    async def _drop(self, name: str) -> None:
        await self._admin.execute(f"drop database if exists {name} with (force)")

    async def _is_whole(self, db: asyncpg.Connection) -> bool:
        if not self._shape:
            self._shape = await self._shape_of(TEMPLATE)
        try:
            return bool(await db.fetchval(_SHAPE.format(applied=_APPLIED)) == self._shape)
        except asyncpg.UndefinedTableError:  # a service's schema is gone
            return False

    async def _shape_of(self, name: str) -> str:
        db = await asyncpg.connect(self.url(name))
        try:
            return str(await db.fetchval(_SHAPE.format(applied=_APPLIED)))
        finally:
            await db.close()


async def _empty(db: asyncpg.Connection) -> None:
    """Take every row away and let every sequence begin anew; no trigger and no reference is in the way of a replica."""
    tables = [row[0] for row in await db.fetch(_TABLES)]
    filled = await db.fetch(" union all ".join(f"(select '{name}' from {name} limit 1)" for name in tables))
    if filled:
        await db.execute(f"truncate {', '.join(row[0] for row in filled)} cascade")
    await db.execute(_RESTART)
