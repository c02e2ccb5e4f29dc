"""单位名册: every registered unit in its latest form, for pages that show names."""

from collections.abc import Sequence
from datetime import MAXYEAR, date
from typing import Annotated, Final, NamedTuple

from contracts.reference import UnitRegistered
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger, entity_id


class Unit(NamedTuple):
    """What the ledger shows of one unit."""

    name: Annotated[str, Title("名称", searched=True)]
    unit_kind: Annotated[str, Title("类型")]
    level: Annotated[int, Title("层级")]
    superior: Annotated[str | None, Title("上级单位")]
    uscc: Annotated[str | None, Title("统一社会信用代码")]
    valid_to: Annotated[date | None, Title("终止日期")]


def _entity(fact: Fact) -> str | None:
    return entity_id("unit", fact.event.unit) if isinstance(fact.event, UnitRegistered) else None


def _fold(facts: Sequence[Fact]) -> Row | None:
    """Return the form that begins last; of several that begin on one day, the one learned last."""
    forms = [(one, one.event) for one in facts if isinstance(one.event, UnitRegistered)]
    if not forms:
        return None
    _, event = max(forms, key=lambda form: (form[1].valid_from, form[0].recorded, form[0].fact_id))
    cells = Unit(event.name, event.kind, event.level, event.superior, event.uscc, _end(event.valid_to))
    return Row(event.place, event.unit, event.valid_from, "unit", cells)


def _end(day: date | None) -> date | None:
    """Return the last day; the end of the calendar stands for none."""
    return None if day is not None and day.year == MAXYEAR else day


LEDGER: Final = Ledger(
    name="units",
    title="单位名册",
    rank=None,
    families={},
    events=(UnitRegistered,),
    columns=columns_of(Unit),
    entity=_entity,
    fold=_fold,
)
