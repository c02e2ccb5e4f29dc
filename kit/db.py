"""Connections to PostgreSQL: one pool per process, its search path on the service's own schema."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from pydantic import SecretStr

from kit.config import reveal
from kit.failures import is_outage

T = TypeVar("T")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
"""What a store or query function takes; its caller owns the transaction."""
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_JSONB_VERSION = b"\x01"
_PAUSE: Final = 0.25
"""Seconds between two tries to reach a server that is away."""

_BY_INDEX: Final = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
"""A statement's plan is kept until its tables are analysed again: one made while they were small reads them whole, however large
they have grown meanwhile."""


async def connect_pool(  # noqa: PLR0913  each is one thing that a pool is opened with
    dsn: SecretStr | str,
    *,
    size: int,
    schema: str,
    name: str | None = None,
    role: str | None = None,
    patience: float = 30.0,
    stateless: bool = False,
    scans: bool = False,
) -> Pool:
    """Open a pool of at most ``size`` connections whose tables are those of ``schema``, acting as ``role`` if given.

    ``jsonb`` columns take and give plain Python values, also in COPY; keep bytes that must not change in ``bytea``.
    Statements end after 60 s unless a call gives its own ``timeout``. ``stateless`` promises that users leave nothing in
    a session (locks, settings, cursors), which saves an exchange at each return to the pool. Statements look things up by
    index whatever the planner believes; with ``scans`` the planner decides, for those that read whole tables. Raises
    ``OSError`` or ``asyncpg.PostgresError`` when the server is not there after ``patience`` seconds.
    """

    async def connect() -> Pool:
        return await asyncpg.create_pool(
            reveal(dsn),
            min_size=min(2, size),
            max_size=size,
            timeout=10,
            command_timeout=60,
            init=_prepare,
            reset=_leave if stateless else None,
            server_settings={
                "search_path": f'"{schema}"',
                "application_name": name or schema,
                "timezone": "UTC",
                **({"role": role} if role else {}),
                **({} if scans else _BY_INDEX),
            },
        )

    return await insist(connect, patience=patience)


async def insist(connect: Callable[[], Awaitable[T]], *, patience: float) -> T:
    """Return what ``connect`` gives; a server that is away or recovers from a crash is asked again for a while.

    After ``patience`` seconds what ``connect`` raises is raised; at once what waiting does not mend.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while True:
        try:
            return await connect()
        except Exception as error:
            if not is_outage(error) or loop.time() > end:
                raise
        await asyncio.sleep(_PAUSE)


async def _leave(_connection: Connection) -> None:
    """Leave a session as it is; the driver has ended an open transaction."""


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb
    )


def _to_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + msgspec.json.encode(value)


def _from_jsonb(raw: bytes) -> object:
    return msgspec.json.decode(raw[1:])
