"""Sending what was set aside through the one way in again, as it was or mended."""

from kit import clock
from kit.db import Pool
from kit.errors import NotFound
from kit.scoped import Readers
from kit.tokens import Principal
from services.intake import queries, store
from services.intake.authority import scope_of
from services.intake.domain import Reason
from services.intake.results import ItemResult
from services.intake.taking import Taker


async def replay(
    pool: Pool, readers: Readers, taker: Taker, entry_id: str, mended: bytes | None, who: Principal
) -> ItemResult:
    """Take a quarantined item in again and note what became of it; raise ``NotFound`` for what ``who`` may not see."""
    async with readers.acquire(who, scope_of(who)) as db:
        body = await queries.quarantined(db, who, entry_id)
    if body is None:
        raise NotFound("没有这条隔离记录")
    (answer,) = await taker.take([mended or body], who, quarantine=False)
    now = clock.now()
    async with pool.acquire() as db:
        if answer.result in {"accepted", "duplicate"}:
            await store.close_aside(db, entry_id, fact_id=str(answer.fact_id), now=now)
        elif answer.reason is not None and answer.reason.code not in {"secret", "forbidden"}:
            reason = Reason(answer.reason.code, answer.reason.detail, answer.reason.field)
            await store.keep_aside(db, entry_id, reason, now=now)
    return answer
