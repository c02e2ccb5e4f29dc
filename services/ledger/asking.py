"""What may be asked of the ledger over HTTP: query parameters with their bounds, and what they mean."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.event import Key
from contracts.jurisdiction import PATTERN
from contracts.plans import PlanKind
from kit.errors import Rejected
from kit.paging import Keyset
from services.ledger.columns import in_range
from services.ledger.domain import CHINA
from services.ledger.queries import Filter
from services.ledger.queries_counts import CountFilter, PlanFilter

ROWS: Final = Keyset(tuple[date, int, str])
COUNTS: Final = Keyset(tuple[str, str, str])
PLANS: Final = Keyset(tuple[str])
PARKED: Final = Keyset(tuple[int])

_Place = Annotated[str, StringConstraints(pattern=PATTERN)]
_Words = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
_Cursor = Annotated[str, StringConstraints(max_length=1024)]
_Year = Annotated[int, Field(ge=2000, le=2100)]


class _Asked(BaseModel):
    """Query parameters; unknown ones are refused, because a filter that is not applied shows too much."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    after: _Cursor | None = Field(default=None, description="``next`` of the page before.")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: dict[str, object]) -> dict[str, object]:
        """Read an empty field of a form as one that was not given."""
        return {name: value for name, value in given.items() if value != ""}


class RowsAsked(_Asked):
    """Which rows of a ledger."""

    jurisdiction: _Place | None = Field(default=None, description="A division code; lower levels are included.")
    unit: Key | None = None
    since: date | None = Field(default=None, alias="from", description="The first day on which it happened.")
    until: date | None = Field(default=None, alias="to", description="The last day on which it happened.")
    q: _Words | None = Field(default=None, description="Words of the title, number or matter.")
    withdrawn: bool = Field(default=False, description="Withdrawn acts instead of those that stand.")
    as_of: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="What was known at this moment (ISO 8601; without a zone: China; a day: its end)."
    )
    limit: int = Field(default=50, ge=1, le=1000)
    format: Literal["json", "xlsx"] = "json"

    def filter(self) -> Filter:
        """Return what the query functions take."""
        return Filter(
            self.jurisdiction,
            self.unit,
            self.since,
            self.until,
            self.q or None,
            self.withdrawn,
            moment_of(self.as_of) if self.as_of else None,
        )


class CountsAsked(_Asked):
    """Which counts."""

    year: _Year
    family: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] | None = None
    jurisdiction: _Place | None = None
    unit: Key | None = None
    total: bool = Field(default=False, description="All units together; ``unit_id`` is then null.")
    limit: int = Field(default=5000, ge=1, le=20_000)

    def filter(self) -> CountFilter:
        """Return what the query functions take."""
        return CountFilter(self.year, self.family, self.jurisdiction, self.unit, self.total)


class PlansAsked(_Asked):
    """Which plans."""

    owner: Key | None = None
    kind: PlanKind | None = None
    year: _Year | None = None
    limit: int = Field(default=100, ge=1, le=500)

    def filter(self) -> PlanFilter:
        """Return what the query functions take."""
        return PlanFilter(self.owner, self.kind, self.year)


class UnitsAsked(_Asked):
    """Which units."""

    jurisdiction: _Place | None = None
    q: _Words | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class ParkedAsked(_Asked):
    """Which of the facts that were set aside."""

    replayed: bool = Field(default=False, description="Also those that were projected since.")
    limit: int = Field(default=100, ge=1, le=1000)


def moment_of(text: str) -> datetime:
    """Return the moment that a text names; raise ``Rejected`` when it is none."""
    try:
        day_only = len(text) == len("2025-01-01")
        moment = datetime.combine(date.fromisoformat(text), time.max) if day_only else datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min.replace(tzinfo=UTC)
    if not in_range(moment):
        detail = "as_of 应为日期或时间，例如 2025-06-30 或 2025-06-30T18:00:00+08:00"
        raise Rejected(detail, code="invalid", field="as_of")
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)
