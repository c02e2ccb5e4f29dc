"""Failures that are not the sender's fault: whether waiting may mend them, and their names without their data."""

import traceback
from pathlib import Path
from typing import Final

import asyncpg
import nats.errors
from pydantic import ValidationError

_PASSING: Final = (
    OSError,  # with ConnectionError and TimeoutError
    nats.errors.Error,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, starting up
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.PostgresSystemError,  # a disk that fails
    asyncpg.InternalClientError,  # the driver's own state after a connection that broke while a statement was sent
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.ReadOnlySQLTransactionError,  # a standby that is about to take over
)
_BROKEN: Final = ("clos", "released back to the pool")
"""What the driver says of a connection that broke before a call, or between two calls of one that came from a pool."""
_DEEPEST: Final = 25
"""The most frames of one error that are worth a log line."""


def is_outage(error: BaseException) -> bool:
    """Tell whether the world was in the way (server away, disk full, time over), so that trying again makes sense."""
    if isinstance(error, asyncpg.InterfaceError):  # also wrong use of the driver, which no waiting mends
        if any(words in str(error) for words in _BROKEN):
            return True
        before = error.__context__  # a rollback that fails because the connection broke under what it undoes
        return before is not None and is_outage(before)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        # also the code of a read-only disk: "could not open file"
        return str(error).startswith("could not ")
    return isinstance(error, _PASSING)


def describe(error: BaseException) -> str:
    """Name a failure for logs and health answers: databases and validators quote values in their texts, we do not."""
    kind = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        place = error.constraint_name or error.column_name or error.table_name
        return f"{kind} {error.sqlstate}" + (f" at {place}" if place else "")
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return f"{kind} {first['type']} at {'.'.join(map(str, first['loc']))}"
    text = str(error)
    return f"{kind}: {text}" if text else kind


def frames(error: BaseException) -> list[str]:
    """Return where an error and its causes came from, outermost first: causes and ``folder/file:line function``."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    lines: list[str] = []
    for link in chain:
        if link is not error:
            lines.append(f"caused by {describe(link)}")
        for frame in traceback.extract_tb(link.__traceback__)[-_DEEPEST:]:
            place = Path(frame.filename)
            lines.append(f"{place.parent.name}/{place.name}:{frame.lineno} {frame.name}")
    return lines
