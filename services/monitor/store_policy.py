"""The writes of the rule book's tools."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kit.db import Connection

_PUT_BACKTEST: Final = "insert into backtest (place, at, report) values ($1, $2, $3) returning number"


async def put_backtest(db: Connection, place: str, at: datetime, report: Mapping[str, Any]) -> int:
    """Keep the report of a comparison; return its number."""
    number: int = await db.fetchval(_PUT_BACKTEST, place, at, report)
    return number
