"""What every ledger promises, as functions over any ledger: a new one is tested without a line of test code."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Final

from services.ledger.columns import Kind
from services.ledger.domain import Ledger
from services.ledger.store import columns_of_table
from tests import factories as f
from tests.ledger.world import World

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "contracts" / "examples"

_COLUMN_TYPES: Final[dict[Kind, str]] = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp with time zone",
    "json": "text",
}
_CELL_TYPES: Final[dict[Kind, type | tuple[type, ...]]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "date": date,
    "datetime": datetime,
    "json": str,
}


def examples_of(ledger: Ledger) -> list[f.Event]:
    """Return every published example of the events that a ledger follows, oldest name first."""
    files = sorted(path for event in ledger.events for path in (EXAMPLES / event.event_name()).glob("v*.json"))
    return [json.loads(path.read_text("utf-8")) for path in files]


async def table_fits_declaration(world: World, ledger: Ledger) -> None:
    """The migration's table has the declared columns, with their types and nothing else."""
    rows = await world.pool.fetch(
        """select column_name, data_type from information_schema.columns
           where table_schema = 'ledger' and table_name = $1""",
        ledger.name,
    )
    types = {row["column_name"]: row["data_type"] for row in rows}
    assert set(types) == {"position", *columns_of_table(ledger)}
    assert {column.name: types[column.name] for column in ledger.columns} == {
        column.name: _COLUMN_TYPES[column.kind] for column in ledger.columns
    }


async def examples_make_rows(world: World, ledger: Ledger) -> None:
    """The published examples make rows whose cells are of the declared kinds, counted in a family with a title."""
    facts = examples_of(ledger)
    assert facts, "the events of a ledger have published examples"
    await world.feed(*facts)
    assert not await world.pool.fetch("select * from parked")
    rows = await world.rows(ledger.name)
    assert rows
    for one in rows:
        assert len(one.row.cells) == len(ledger.columns)
        for column, cell in zip(ledger.columns, one.row.cells, strict=True):
            assert cell is None or isinstance(cell, _CELL_TYPES[column.kind]), column.name
        assert not ledger.families or one.row.family in ledger.families
    assert await world.counts() == await world.recount()


async def twice_changes_nothing(world: World, ledger: Ledger) -> None:
    """The same facts again, as redelivered messages and as new ones, change neither rows nor counts."""
    deliveries = world.deliver(*examples_of(ledger))
    await world.recorder.record(deliveries)
    before = await world.digests(), await world.counts()
    await world.recorder.record(deliveries)
    await world.feed(*examples_of(ledger), batch=1)
    assert (await world.digests(), await world.counts()) == before
    journalled = await world.pool.fetchval("select count(*) from journal where repeats is not null")
    assert journalled == len(deliveries)


async def order_does_not_matter(world: World, ledger: Ledger) -> None:
    """One by one backwards gives what one batch gives."""
    facts = examples_of(ledger)
    await world.feed(*facts)
    expected = await world.digests(), await world.counts()
    await world.empty()
    await world.feed(*reversed(facts), batch=1)
    assert (await world.digests(), await world.counts()) == expected


async def withdrawn_acts_leave(world: World, ledger: Ledger) -> None:
    """What is withdrawn is in no current row and no count, and stays in the history."""
    facts = examples_of(ledger)
    await world.feed(*facts)
    known = await world.pool.fetch(f"select distinct act_id from {ledger.name}")
    later = "2030-01-01T00:00:00+08:00"
    await world.feed(*[f.withdrawn(fact, recorded=later) for fact in facts])
    assert await world.rows(ledger.name) == []
    assert len(await world.rows(ledger.name, withdrawn=True)) == len(known)
    assert len(await world.rows(ledger.name, as_of=datetime.fromisoformat("2029-12-31T00:00:00+08:00"))) == len(known)
    assert await world.counts() == {}


async def rebuild_equals_live(world: World, ledger: Ledger) -> None:
    """A build from the journal equals the live ledger and is switched in; the next one does as well."""
    facts = examples_of(ledger)
    await world.feed(*[f.withdrawn(fact, recorded="2030-01-01T00:00:00+08:00") for fact in facts[::2]], *facts, batch=2)
    before = await world.digests(), await world.counts()
    for _ in range(2):
        built = await world.rebuild(ledger.name)
        assert built.equal
        assert built.switched
    assert (await world.digests(), await world.counts()) == before
    await world.feed(*[f.withdrawn(fact, recorded="2031-01-01T00:00:00+08:00") for fact in facts])
    assert await world.rows(ledger.name) == []


PROMISES: Final = (
    table_fits_declaration,
    examples_make_rows,
    twice_changes_nothing,
    order_does_not_matter,
    withdrawn_acts_leave,
    rebuild_equals_live,
)
