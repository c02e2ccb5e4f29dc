"""What the ledger answers: rows, acts with their history, counts, plans, units."""

from datetime import date, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.event import TYPE_PREFIX
from services.console.answers.shape import Answer, Current, Page, heading_of

_AMENDMENTS: Final = f"{TYPE_PREFIX}act."


class LedgerName(Answer):
    """A ledger that exists."""

    name: str
    title: str


class Column(Answer):
    """A column of a ledger."""

    name: str
    title: str
    kind: str = "text"


class Row(BaseModel):
    """One row of a ledger; the columns are in ``model_extra``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    act_id: str
    jurisdiction: str
    unit_id: str
    happened_on: date

    def value(self, column: str) -> object:
        """Return what the row holds in a column."""
        return (self.model_extra or {}).get(column)


class LedgerPage(Page[Row]):
    """One page of a ledger."""

    ledger: str
    title: str
    columns: tuple[Column, ...]


class FactLine(Answer):
    """One fact of an act's history with its place and hash in the journal."""

    fact_id: str
    type: str
    time: datetime
    recordedtime: datetime
    position: int
    hash: str
    event: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def is_amendment(self) -> bool:
        """Whether it corrects or withdraws another fact."""
        return self.type.startswith(_AMENDMENTS)


class Act(Answer):
    """One act: how it stands and every fact that made it so."""

    act_id: str
    type: str
    ledger: str | None = None
    withdrawn: bool = False
    row: dict[str, JsonValue] | None = None
    columns: tuple[Column, ...] = ()
    history: tuple[FactLine, ...]
    current: Current | None = None

    @property
    def heading(self) -> str:
        """What the act calls itself, in its first version."""
        for fact in self.history:
            data = fact.event.get("data")
            if isinstance(data, dict) and (text := heading_of(data)):
                return text
        return self.act_id


class Count(Answer):
    """How many acts of a family there were in a month, and in the same month of the year before."""

    family: str
    month: str
    n: int
    n_last_year: int = 0


class Plan(Answer):
    """A unit's plan of a year with how much of it is used."""

    owner: str
    kind: str
    year: int
    cap: int | None = None
    used: int = 0
    unplanned: int = 0


class Unit(Answer):
    """A registered unit."""

    unit_id: str
    name: str
    jurisdiction: str = ""
