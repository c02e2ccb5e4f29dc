"""One PostgreSQL role and one schema for each service, and the services' migrations."""

import json
import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg

import services
from deploy.embedded.errors import Unusable
from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.postgres import DATABASE
from kit.migrate import migrate

OWNERS = ("intake", "ledger", "monitor", "notify")
"""The services that keep data of their own."""
SEALED = {"ledger": ("journal", "signed_checkpoint")}
"""What a service may read and add to and never change: it belongs to a keeper whom nobody can log in as."""


async def prepare(superuser_url: str, home: Home) -> dict[str, str]:
    """Make roles and schemas and apply all migrations; give each service's address of the database.

    A role sees no schema but its own, and owns all in it but what is sealed. Addresses name the files of passwords and hold none.
    """
    place = urlsplit(superuser_url).netloc.rpartition("@")[2]
    addresses = {service: _address(place, service, home.secrets) for service in OWNERS}
    admin = await asyncpg.connect(superuser_url)
    try:
        for service in OWNERS:
            await _ensure_role(admin, service, _password(service, home))
        for service, address in addresses.items():
            await migrate_service(address, service)
            await _seal(admin, service)
    finally:
        await admin.close()
    return addresses


async def migrate_service(address: str, service: str) -> list[str]:
    """Bring a service's schema up to date; give the names of what was applied."""
    return await migrate(address, service, Path(services.__path__[0]) / service / "sql")


def address_on_disk(root: Path, service: str) -> str:
    """Give a service's address of the database that runs on a data folder; ``Unusable`` if none ever ran there."""
    try:
        port = json.loads((root / "ports.json").read_text("utf-8"))["postgres"]
    except (OSError, KeyError, ValueError) as error:
        raise Unusable(f"数据目录 {root} 里没有运行过系统。请先运行 jianfu up,或设置 DATABASE_URL。") from error
    return _address(f"{LOOPBACK}:{port}", service, root / "secrets")


async def _ensure_role(admin: "asyncpg.Connection[asyncpg.Record]", role: str, password: str) -> None:
    known = await admin.fetchval("select 1 from pg_roles where rolname = $1", role)
    verb = "alter" if known else "create"
    await admin.execute(f"{verb} role {role} login password '{password}'")  # both are our own: a name and a token
    database = await admin.fetchval("select current_database()")
    await admin.execute(f'grant connect, create on database "{database}" to {role}')
    await _ensure(admin, f"{role}_reader")  # answers callers: reads only, and only rows of their scope
    await admin.execute(f"grant {role}_reader to {role} with inherit false, set true")
    if role in SEALED:
        await admin.execute(f"alter role {role} bypassrls")  # row-level security is for who reads; it owns not all
        keeper = f"{role}_keeper"
        await _ensure(admin, keeper)
        await admin.execute(f"grant {keeper} to {role}")  # for as long as migrations run


async def _ensure(admin: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    if not await admin.fetchval("select 1 from pg_roles where rolname = $1", role):
        await admin.execute(f"create role {role} nologin")


async def _seal(admin: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    """Take from a service what only its migrations need, and with it the power over what is sealed."""
    database = await admin.fetchval("select current_database()")
    await admin.execute(f'revoke create on database "{database}" from {role}')
    if role not in SEALED:
        return
    keeper = f"{role}_keeper"
    async with admin.transaction():
        await admin.execute(f"alter schema {role} owner to {keeper}")  # a schema's owner may drop what is in it
        await admin.execute(f"grant usage, create on schema {role} to {role}")
        for table in SEALED[role]:
            await admin.execute(f"alter table {role}.{table} owner to {keeper}")
            await admin.execute(f"revoke all on {role}.{table} from {role}")
            await admin.execute(f"grant select, insert on {role}.{table} to {role}")
        await admin.execute(f"alter function {role}.refuse_change() owner to {keeper}")
        await admin.execute(f"revoke {keeper} from {role}")


def _password(service: str, home: Home) -> str:
    """Give a service's password, which lies in a file as libpq reads it (``passfile``)."""
    line = home.secret(_file(service), lambda: f"*:*:*:{service}:{secrets.token_urlsafe(24)}")
    return line.rpartition(":")[2]


def _file(service: str) -> str:
    return f"postgres-{service}.pgpass"


def _address(place: str, service: str, folder: Path) -> str:
    return f"postgresql://{service}@{place}/{DATABASE}?passfile={quote(str(folder.absolute() / _file(service)))}"
