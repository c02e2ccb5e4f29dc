"""Time as a fact: tells that each day in China ended, once each, also those that passed while nobody was running."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from kit import clock
from kit.clock import BEIJING
from kit.db import Pool
from kit.errors import Overloaded
from kit.failures import describe, is_outage
from services.intake import queries
from services.intake.authority import OURSELVES
from services.intake.domain import CLOCK_SOURCE, day_ended, ended_days
from services.intake.modes import MOST_ITEMS
from services.intake.taking import Taker

CHECK_EVERY: Final = 30.0

_log = structlog.stdlib.get_logger("intake.ticking")


async def tick(pool: Pool, taker: Taker, now: datetime) -> int:
    """State that each day that ended before ``now`` ended, if nobody stated it yet; return how many days."""
    async with pool.acquire() as db:
        told = await queries.last_time(db, CLOCK_SOURCE)
    last = (
        None if told is None else told.astimezone(BEIJING).date() - timedelta(days=1)
    )  # a day ends when the next begins
    days = ended_days(last, now.astimezone(BEIJING).date())[:MOST_ITEMS]
    if days:
        answers = await taker.take([msgspec.json.encode(day_ended(day)) for day in days], OURSELVES)
        for day, answer in zip(days, answers, strict=True):
            _log.info("intake.day_ended", day=day.isoformat(), result=answer.result)
    return len(days)


async def keep_ticking(pool: Pool, taker: Taker) -> None:
    """Look at the clock again and again, until cancelled; an outage only delays the news."""
    while True:
        try:
            while await tick(pool, taker, clock.now()) == MOST_ITEMS:
                pass
        except Exception as error:
            if not (is_outage(error) or isinstance(error, Overloaded)):
                raise
            _log.warning("intake.tick_later", error=describe(error))
        await asyncio.sleep(CHECK_EVERY)
