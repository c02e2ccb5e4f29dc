"""A new ledger is one file and one migration: it is found, filled with what came before, and keeps every promise."""

import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from kit.db import connect_pool
from kit.migrate import migrate
from services.ledger.projections import FOLDER, load_ledgers
from services.ledger.rebuild import build_missing
from tests import factories as f
from tests.ledger.suite import PROMISES
from tests.ledger.world import World

pytestmark = pytest.mark.connected

LEDGER = '''"""收文台账: every document that an addressee registered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from contracts.documents import DocumentReceived
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger


class Receipt(NamedTuple):
    """What the ledger shows of one receipt."""

    doc_no: Annotated[str | None, Title("发文字号", searched=True)]
    received_at: Annotated[datetime, Title("收到时间")]


def _entity(fact: Fact) -> str:
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    fact = facts[0]
    if not isinstance(fact.event, DocumentReceived):
        return None
    cells = Receipt(fact.event.doc_no, fact.event.received_at)
    return Row(fact.jurisdiction, fact.unit, fact.day, "receipt", cells)


LEDGER: Final = Ledger(
    name="receipts",
    title="收文台账",
    rank=20,
    families={"receipt": "收文"},
    events=(DocumentReceived,),
    columns=columns_of(Receipt),
    entity=_entity,
    fold=_fold,
)
'''
MIGRATION = """
create table receipts (
    position bigint not null default 0,
    act_id text collate "C" not null,
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    withdrawn boolean not null default false,
    jurisdiction text collate "C" not null,
    unit_id text not null,
    happened_on date not null,
    family text not null,
    doc_no text,
    received_at timestamptz not null,
    primary key (position, act_id, known_from)
);
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the folders of ledgers and of migrations with one file more each."""
    root = tmp_path_factory.mktemp("plant")
    ledgers, migrations = root / "projections", root / "sql"
    shutil.copytree(FOLDER, ledgers)
    shutil.copytree(FOLDER.parent / "sql", migrations)
    (ledgers / "receipts.py").write_text(LEDGER, "utf-8")
    (migrations / "0900_receipts.sql").write_text(MIGRATION, "utf-8")
    return ledgers, migrations


@pytest_asyncio.fixture(loop_scope="session")
async def planted(dsn: str, folders: tuple[Path, Path]):
    """Give a ledger with the planted one."""
    assert await migrate(dsn, "ledger", folders[1]) == ["0900_receipts.sql"]
    pool: asyncpg.Pool[asyncpg.Record] = await connect_pool(dsn, size=4, schema="ledger")
    yield World(pool, load_ledgers(folders[0]))
    await pool.close()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.__name__)
async def test_it_keeps_every_promise(planted: World, promise: Callable[..., object]):
    await promise(planted, planted.ledgers["receipts"])  # type: ignore[misc]  # a coroutine function


async def test_it_holds_what_came_before_it(planted: World):
    before = World(planted.pool)
    early = f.received()
    await before.feed(early, f.issued())
    await build_missing(planted.pool, list(planted.ledgers.values()))
    planted.position = before.position
    await planted.feed(f.received(), f.withdrawn(early, recorded="2030-01-01T00:00:00+08:00"))
    assert len(await planted.rows("receipts")) == 1
    assert len(await planted.rows("receipts", withdrawn=True)) == 1
    assert (await planted.rebuild("receipts")).equal


def test_a_file_that_declares_no_ledger_is_named(tmp_path: Path):
    (tmp_path / "empty.py").write_text("", "utf-8")
    with pytest.raises(TypeError, match=r"empty\.py"):
        load_ledgers(tmp_path)


def test_a_column_that_says_too_little_is_named(tmp_path: Path):
    (tmp_path / "receipts.py").write_text(LEDGER.replace('Title("收到时间")', '"收到时间"'), "utf-8")
    with pytest.raises(TypeError, match="received_at"):
        load_ledgers(tmp_path)
