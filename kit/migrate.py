"""Apply a folder of numbered SQL files to one schema, once each, in order."""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from pydantic import SecretStr

from kit.config import reveal
from kit.db import Connection, insist

_NAME: Final = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")
_SCHEMA: Final = re.compile(r"^[a-z_][a-z0-9_]*$")
_ALONE: Final = "-- no-transaction"
_POLL: Final = 0.2
"""Seconds between two tries for the lock. Waiting inside the lock call deadlocks with CREATE INDEX CONCURRENTLY."""

_EXISTS: Final = "select true from pg_namespace where nspname = $1"
_TRY_LOCK: Final = "select pg_try_advisory_lock($1)"
_HISTORY: Final = """
    create table if not exists _migration (
        name text primary key, sha256 text not null, at timestamptz not null default now()
    )"""
_APPLIED: Final = "select name, sha256 from _migration"
_RECORD: Final = "insert into _migration (name, sha256) values ($1, $2)"


class Drift(Exception):
    """What was applied to the database is not what the folder holds."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    sql: str
    sha256: str

    @property
    def alone(self) -> bool:
        return self.sql.lstrip().startswith(_ALONE)


async def migrate(dsn: SecretStr | str, schema: str, folder: Path, *, patience: float = 60.0) -> list[str]:
    """Bring ``schema`` up to the newest file of ``folder`` and return the names that were applied now.

    Files are ``NNNN_what.sql``, each one transaction that waits at most 5 s for a table lock; ``-- no-transaction`` as
    the first line is for one single statement that must stand alone and can be repeated (``create index concurrently
    if not exists``). Safe to run from several processes at once; waits up to ``patience`` seconds for a server that is
    away, and as long for the others, then raises ``TimeoutError``. Raises ``Drift`` when an applied file changed or
    vanished, or a new one is older.
    """
    if not _SCHEMA.match(schema):
        raise ValueError(f"{schema!r} is not a plain schema name")
    files = _files(folder)
    name = {"application_name": f"{schema}-migrate"}
    db = await insist(lambda: asyncpg.connect(reveal(dsn), timeout=10, server_settings=name), patience=patience)
    try:
        await _lock(db, schema, patience)
        if not await db.fetchval(
            _EXISTS, schema
        ):  # "if not exists" asks for the right to make one, also when it exists
            await db.execute(f'create schema "{schema}"')
        await db.execute(f'set search_path = "{schema}"')
        await db.execute(_HISTORY)
        waiting = _waiting(files, {row["name"]: row["sha256"] for row in await db.fetch(_APPLIED)})
        for file in waiting:
            await _apply(db, file)
        return [file.name for file in waiting]
    finally:
        await db.close()  # also gives the lock back


def _files(folder: Path) -> list[_File]:
    files = []
    for path in sorted(folder.glob("*.sql")):
        if path.name == "schema.sql":  # the whole schema for reading, no step
            continue
        if not _NAME.match(path.name):
            raise ValueError(f"{path.name}: a migration is named NNNN_what.sql")
        sql = path.read_text("utf-8")
        files.append(_File(path.name, sql, hashlib.sha256(sql.encode()).hexdigest()))
    numbers = [file.name[:4] for file in files]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"{folder.name}: two migrations have the same number")
    return files


def _waiting(files: list[_File], applied: dict[str, str]) -> list[_File]:
    if gone := sorted(applied.keys() - {file.name for file in files}):
        raise Drift(f"applied before, now missing: {', '.join(gone)}")
    for file in files:
        if file.name in applied and applied[file.name] != file.sha256:
            raise Drift(f"changed after it was applied: {file.name}")
    waiting = [file for file in files if file.name not in applied]
    if waiting and applied and waiting[0].name < max(applied):
        raise Drift(f"new, but older than what was applied: {waiting[0].name}")
    return waiting


async def _lock(db: Connection, schema: str, patience: float) -> None:
    key = int.from_bytes(hashlib.sha256(f"migrate {schema}".encode()).digest()[:8], "big", signed=True)
    async with asyncio.timeout(patience):
        while not await db.fetchval(_TRY_LOCK, key):  # noqa: ASYNC110  the lock is in another process
            await asyncio.sleep(_POLL)


async def _apply(db: Connection, file: _File) -> None:
    if file.alone:
        await db.execute(file.sql)
        await db.execute(_RECORD, file.name, file.sha256)
        return
    async with db.transaction():
        await db.execute("set local lock_timeout = '5s'")
        await db.execute(file.sql)
        await db.execute(_RECORD, file.name, file.sha256)
