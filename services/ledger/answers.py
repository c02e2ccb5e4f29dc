"""What the ledger answers over HTTP."""

from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, JsonValue

from kit.paging import Current, Page
from services.ledger.columns import Column
from services.ledger.domain import Ledger, Version
from services.ledger.history import History
from services.ledger.queries_counts import Count


class LedgerName(BaseModel):
    """One ledger that exists."""

    name: str
    title: str
    families: dict[str, str]
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, ledger: Ledger) -> "LedgerName":
        """Name a ledger."""
        return cls(name=ledger.name, title=ledger.title, families=dict(ledger.families), columns=ledger.columns)


class Rows(Page[dict[str, Any]]):
    """One page of a ledger; the columns of the items are described beside them."""

    ledger: str
    title: str
    columns: tuple[Column, ...]


class CountItem(BaseModel):
    """How many acts of a family were done in a month, and in the same month of the year before."""

    unit_id: str | None
    family: str
    month: str
    n: int
    n_last_year: int

    @classmethod
    def of(cls, count: Count) -> "CountItem":
        """Show a count."""
        month = f"{count.month:%Y-%m}"
        return cls(unit_id=count.unit_id, family=count.family, month=month, n=count.n, n_last_year=count.n_last_year)


class FactItem(BaseModel):
    """One fact of an act with its proof."""

    fact_id: str
    type: str
    time: datetime
    recordedtime: datetime
    position: int
    hash: str
    event: dict[str, JsonValue]


class ActAnswer(BaseModel):
    """One act: its row as it stands and every fact that made it so."""

    act_id: str
    type: str
    ledger: str | None
    title: str | None
    columns: tuple[Column, ...]
    withdrawn: bool
    row: dict[str, Any] | None
    history: list[FactItem]
    current: Current


def item_of(ledger: Ledger, version: Version) -> dict[str, Any]:
    """Show a row with its columns by name."""
    row = version.row
    cells = zip((column.name for column in ledger.columns), row.cells, strict=True)
    return {
        "act_id": version.act_id,
        "jurisdiction": row.jurisdiction,
        "unit_id": row.unit,
        "happened_on": row.happened_on,
        "family": row.family,
        "known_from": version.known_from,
        "withdrawn": version.withdrawn,
        **dict(cells),
    }


def told_of(found: History, current: Current) -> ActAnswer:
    """Return the answer about an act; one that is withdrawn has no row."""
    ledger, version = found.ledger, found.row
    withdrawn = version is not None and version.withdrawn
    return ActAnswer(
        act_id=found.act_id,
        type=found.type,
        ledger=ledger.name if ledger else None,
        title=ledger.title if ledger else None,
        columns=ledger.columns if ledger else (),
        withdrawn=withdrawn,
        row=item_of(ledger, version) if ledger and version and not withdrawn else None,
        history=[
            FactItem(
                fact_id=one.fact_id,
                type=one.type,
                time=one.time,
                recordedtime=one.recorded,
                position=one.position,
                hash=one.hash.hex(),
                event=msgspec.json.decode(one.body),
            )
            for one in found.told
        ],
        current=current,
    )
