"""Failures that are not the sender's fault: whether waiting may mend them, and how to name them without telling data."""

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
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.ReadOnlySQLTransactionError,  # a standby that is about to take over
)


def is_outage(error: BaseException) -> bool:
    """Tell whether the world was in the way (server away, disk full, time over), so that trying again later makes sense."""
    if isinstance(error, asyncpg.InterfaceError):  # also wrong use of the driver, which no waiting mends
        return "clos" in str(error)
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
