"""What was known when: rows keep every version, and ``as_of`` shows the one of its moment."""

from datetime import datetime

import pytest

from services.ledger.domain import FOREVER
from tests import factories as f
from tests.ledger.world import World

pytestmark = pytest.mark.connected


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"2025-{day}T12:00:00+08:00")


async def test_as_of_shows_what_was_known(world: World):
    document = f.issued(recorded=at("03-05"), pages=5)
    await world.feed(
        document,
        f.corrected(document, changes={"pages": 7}, recorded=at("04-05")),
        f.withdrawn(document, recorded=at("05-05")),
    )
    shown = {day: [cells["pages"] for cells in await world.cells("documents", as_of=at(day))] for day in
             ("03-04", "03-05", "04-04", "04-05", "05-04", "05-05")}  # fmt: skip
    assert shown == {"03-04": [], "03-05": [5], "04-04": [5], "04-05": [7], "05-04": [7], "05-05": []}
    assert await world.rows("documents") == []
    assert [cells["pages"] for cells in await world.cells("documents", withdrawn=True)] == [7]


async def test_a_correction_that_arrives_before_its_original(world: World):
    document = f.issued(recorded=at("04-05"), pages=5)
    await world.feed(f.corrected(document, changes={"pages": 7}, recorded=at("03-05")))
    assert await world.rows("documents") == []
    await world.feed(document)
    found = await world.rows("documents")
    assert [(one.known_from, one.known_to) for one in found] == [(at("04-05"), FOREVER)]
    assert (await world.cells("documents"))[0]["pages"] == 7


async def test_a_withdrawal_that_arrives_before_its_original(world: World):
    document = f.issued(recorded=at("04-05"))
    await world.feed(f.withdrawn(document, recorded=at("03-05")))
    await world.feed(document)
    assert await world.rows("documents") == []
    assert len(await world.rows("documents", withdrawn=True)) == 1
    assert await world.counts() == {}


async def test_a_correction_that_arrives_late_changes_what_was_known_since(world: World):
    demand = f.demanded(recorded=at("03-05"))
    await world.feed(demand, f.submitted(demand=f.ref(demand), recorded=at("05-05")))
    await world.feed(f.submitted(demand=f.ref(demand), recorded=at("04-05")))
    shown = [(await world.cells("demands", as_of=at(day)))[0]["submissions"] for day in ("03-06", "04-06", "05-06")]
    assert shown == [0, 1, 2]


async def test_a_correction_moves_an_act_to_another_month(world: World):
    document = f.issued(dated="2025-03-31")
    await world.feed(document)
    await world.feed(f.corrected(document, changes={"dated": "2025-04-01"}, recorded=at("05-05")))
    assert [key[2] for key in await world.counts()] == ["2025-04-01"]
    assert await world.counts() == await world.recount()


async def test_a_submission_that_named_the_wrong_demand_is_counted_to_the_right_one(world: World):
    wrong, right = f.demanded(id="wrong", subject_matter="甲"), f.demanded(id="right", subject_matter="乙")
    answer = f.submitted(demand=f.ref(wrong), recorded=at("04-05"))
    await world.feed(wrong, right, answer)
    await world.feed(f.corrected(answer, changes={"demand": f.ref(right)}, recorded=at("05-05")))
    shown = {str(cells["subject_matter"]): cells["submissions"] for cells in await world.cells("demands")}
    assert shown == {"甲": 0, "乙": 1}
    before = {
        str(cells["subject_matter"]): cells["submissions"] for cells in await world.cells("demands", as_of=at("04-06"))
    }
    assert before == {"甲": 1, "乙": 0}


async def test_facts_of_2019_to_2026_stand_in_their_months(world: World):
    years = range(2019, 2027)
    await world.feed(*[f.issued(dated=f"{year}-07-01", recorded=at("03-05")) for year in years])
    assert sorted(key[2] for key in await world.counts()) == [f"{year}-07-01" for year in years]
