"""Every ledger of the folder keeps every promise of a ledger."""

from collections.abc import Awaitable, Callable

import pytest

from services.ledger.domain import Ledger
from services.ledger.projections import load_ledgers
from tests.ledger.suite import PROMISES
from tests.ledger.world import World

pytestmark = pytest.mark.connected


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("ledger", load_ledgers(), ids=lambda one: one.name)
async def test_promise(world: World, ledger: Ledger, promise: Callable[[World, Ledger], Awaitable[None]]):
    await promise(world, ledger)


def test_names_and_places_are_given_once():
    ledgers = load_ledgers()
    ranks = [one.rank for one in ledgers if one.rank is not None]
    families = [family for one in ledgers for family in one.families]
    assert len(set(ranks)) == len(ranks)
    assert len(set(families)) == len(families)
    for ledger in ledgers:
        titles = [column.title for column in ledger.columns]
        assert len(set(titles)) == len(titles), ledger.name
