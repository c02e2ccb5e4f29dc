"""A ledger is a function of the set of facts: arrival, batches and redelivery leave no trace in it."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.facts_of_a_year import FACTS
from tests.ledger.world import World

pytestmark = pytest.mark.connected

RUNS = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@RUNS
@given(
    chosen=st.sets(st.integers(0, len(FACTS) - 1), min_size=len(FACTS) // 2).map(sorted),
    order=st.randoms(use_true_random=False),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8),
)
async def test_any_arrival_gives_the_same_ledgers(
    world: World, chosen: list[int], order: random.Random, sizes: list[int]
):
    facts = [FACTS[number] for number in chosen]
    await world.empty()
    await world.feed(*facts)
    expected = await world.digests(), await world.counts()
    assert expected[1] == await world.recount()

    await world.empty()
    await world.recorder.checkpoint()
    deliveries = world.deliver(*order.sample(facts * 3, k=len(facts) * 3))
    at = 0
    for size in sizes * len(deliveries):
        batch = deliveries[at : at + size]
        for _ in range(order.randint(1, 3)):
            if order.random() < 0.7:
                await world.recorder.ahead(batch)
            await world.recorder.record(batch)
        at += size
        if at >= len(deliveries):
            break
    assert (await world.digests(), await world.counts()) == expected
    assert await world.pool.fetchval("select count(*) from journal") == len(deliveries)


@pytest.mark.parametrize("seed", range(3))
async def test_rebuild_equals_live_whatever_came_before(world: World, seed: int):
    facts = random.Random(seed).sample(FACTS * 2, k=len(FACTS) * 2)
    await world.feed(*facts, batch=7)
    before = await world.digests()
    for name in world.ledgers:
        assert (await world.rebuild(name)).equal, name
    assert await world.digests() == before
    assert await world.counts() == await world.recount()
