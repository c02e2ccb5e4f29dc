"""Who may amend an act: only what was stated in a jurisdiction that covers the act's, whichever came first."""

import json

import asyncpg
import pytest

from contracts.catalog import decode
from contracts.workdays import builtin
from services.monitor.book import Book
from services.monitor.domain import fold
from services.monitor.state import State
from tests.factories import convened, corrected, wire, withdrawn
from tests.monitor.test_apply import CLEAN, Pools, book, deliveries, feed, pool, standing

__all__ = ["Pools", "book", "pool"]

LONG = convened(mode="网络视频", starts_at="2025-05-12T09:00:00+08:00", ended_at="2025-05-12T18:00:00+08:00")
PLACES = {"00": True, "99": True, "990101": True, "990101001": False, "990102": False, "9902": False}


@pytest.mark.parametrize(("place", "counts"), PLACES.items())
@pytest.mark.parametrize("late", [True, False])
def test_a_fold_leaves_out_what_was_stated_elsewhere(place: str, *, counts: bool, late: bool) -> None:
    def standing_after(amendment: dict[str, object]) -> list[str]:
        facts = [decode(wire(fact)) for fact in (LONG, amendment)]
        acts = fold(facts if late else facts[::-1])
        return [json.loads(act.event.model_dump_json())["topic"] for act in acts]

    topic = LONG["data"]["topic"]
    assert standing_after(corrected(LONG, changes={"topic": "另一事"}, place=place)) == ["另一事" if counts else topic]
    assert standing_after(withdrawn(LONG, place=place)) == ([] if counts else [topic])


@pytest.mark.parametrize("late", [True, False])
async def test_an_alert_stands_against_another_county_s_withdrawal(
    pool: asyncpg.Pool, book: Book, *, late: bool
) -> None:
    await pool.execute(CLEAN)
    state = State(book, builtin())
    await feed(pool, state, deliveries([wire(LONG)]), [])
    alone = await standing(pool)
    assert alone
    await pool.execute(CLEAN)
    facts = [wire(LONG), wire(withdrawn(LONG, place="990102"))]
    await feed(pool, State(book, builtin()), deliveries(facts if late else facts[::-1]), [1])
    assert await standing(pool) == alone
    await feed(pool, State(book, builtin()), deliveries([wire(withdrawn(LONG))], 3), [])
    assert await standing(pool) == {}
