"""Loss accounting: whatever is sent, sent again or lost, the numbers of a sender add up and what is missing is named."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.ids import new_id
from tests.intake.conftest import BATCH, Intake
from tests.intake.events import SOURCE, raw, raw_issued

pytestmark = pytest.mark.connected

SPOOL = new_id()
FIELDS = ("accepted", "duplicate", "conflict", "rejected", "secret", "missing", "waiting")
KEPT = 24


async def send(
    intake: Intake, items: list[bytes], first: int, *, spool: str = SPOOL, more: dict[str, str] | None = None
) -> httpx.Response:
    numbers = {"jianfu-spool": spool, "jianfu-source": SOURCE, "jianfu-first": str(first), "jianfu-kept": str(KEPT)}
    return await intake.post(b"[" + b",".join(items) + b"]", {**BATCH, **numbers, **(more or {})})


async def numbered(intake: Intake) -> dict[str, Any]:
    answer = await intake.client.get("/v1/sources", headers=intake.bearer())
    (source,) = [one for one in answer.json()["items"] if one["source"] == SOURCE]
    assert source["received"] == sum(source[name] for name in FIELDS[:5])
    found: dict[str, Any] = source["numbered"]
    return found


def item(spool: str, number: int) -> bytes:
    """Return the event of a number: most are good, some wrong, secret, or of an id with other content."""
    id_ = f"{spool}-{number}"
    match number % 6:
        case 3:
            return raw({"source": SOURCE, "id": id_})
        case 4:
            return raw_issued(id_, data={"heading": "★绝密"})
        case 5:
            return raw_issued(f"{spool}-{number - 5}", data={"heading": f"另一份 {number}"})
    return raw_issued(id_)


SENDINGS = st.lists(st.tuples(st.integers(1, KEPT), st.integers(1, 8), st.booleans()), min_size=1, max_size=6)


@given(SENDINGS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sums_add_up_under_any_mix_of_sendings_and_repetitions(
    intake: Intake, sendings: list[tuple[int, int, bool]]
) -> None:
    await intake.parts.pool.execute("truncate numbered")
    spool, came = new_id(), set[int]()
    for first, count, twice in sendings:
        numbers = range(first, min(first + count, KEPT + 1))
        for _ in range(1 + twice):
            answer = await send(intake, [item(spool, number) for number in numbers], first, spool=spool)
            assert answer.status_code == 200, answer.text
        came.update(numbers)
    found = await numbered(intake)
    assert sum(found[name] for name in FIELDS) == found["kept"] == KEPT
    assert sum(found[name] for name in FIELDS[:5]) == len(came)
    assert found["rejected"] == sum(number % 6 == 3 for number in came)
    assert found["secret"] == sum(number % 6 == 4 for number in came)
    assert found["waiting"] == KEPT - max(came)
    gone = [number for gap in found["gaps"] for number in range(gap["first"], gap["last"] + 1)]
    assert gone == [number for number in range(1, max(came)) if number not in came]
    assert found["missing"] == len(gone)


async def test_a_source_that_nobody_numbers_has_no_numbers(intake: Intake) -> None:
    await intake.batch(raw_issued())
    assert await numbered(intake) is None


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"jianfu-spool": "x"}, 422, "jianfu-spool"),
        ({"jianfu-source": "/oa with space"}, 422, "jianfu-source"),
        ({"jianfu-first": "0"}, 422, "jianfu-first"),
        ({"jianfu-first": "9" * 16}, 422, "jianfu-first"),
        ({"jianfu-kept": "-1"}, 422, "jianfu-kept"),
        ({"jianfu-kept": "1"}, 422, "jianfu-kept"),
        ({"jianfu-source": "/oa/other"}, 403, "jianfu-source"),
    ],
)
async def test_numbers_that_make_no_sense_are_refused_before_anything_is_taken(
    intake: Intake, more: dict[str, str], status: int, field: str
) -> None:
    answer = await send(intake, [raw_issued("a"), raw_issued("b")], 1, more=more)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert await intake.stored() == []
