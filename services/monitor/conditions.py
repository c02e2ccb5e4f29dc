"""Conditions of rule files on one act, in three values: true, false, or ``None`` when a needed field is missing. Pure."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Scalar
from services.monitor.world import World

Operator = Literal["present", "absent", "eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "holds", "holds_none"]
Operand = str | int | float | bool | date | tuple[str | int, ...]
_NEED_NO_VALUE: Final = frozenset({"present", "absent"})


class Condition(BaseModel):
    """One comparison; ``field`` is a field of the event data or ``@name`` of a derived value."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    field: Annotated[str, Field(pattern=r"^@?[a-z_]+$")]
    op: Operator
    value: Operand | None = None
    unset: str | None = None
    """What users are told is missing where the value is a parameter that no source gives and no pack sets."""

    def test(self, act: Act, world: World) -> bool | None:
        """Return whether it holds of this act; ``None`` when the field is missing."""
        have = read(self.field, act, world)
        if self.op == "present":
            return have is not None and have not in ("", ())
        if self.op == "absent":
            return have is None or have in ("", ())
        return None if have is None or self.unset else _compare(self.op, have, self.value)


def read(field: str, act: Act, world: World) -> Any:
    """Return a field's value; ``None`` when it is missing."""
    if field.startswith("@"):
        return DERIVED[field](act, world)
    return getattr(act.event, field)


def shown(value: object) -> Scalar:
    """Return a field's value as a dossier shows it; a moment as the clock in China had it."""
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 2)
    if isinstance(value, datetime):
        return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence):
        return "、".join(str(item) for item in value)
    return str(value)


def day_of(value: object) -> date | None:
    """Return the day of a moment in China, a day as it is, and nothing of any other value."""
    if isinstance(value, datetime):
        return value.astimezone(CHINA).date()
    return value if isinstance(value, date) else None


def holding(conditions: Sequence[Condition]) -> Callable[[Act, World], bool]:
    """Return a quick test whether all conditions certainly hold: ``every(...)[0] is True``."""
    tests = [_holder(condition) for condition in conditions]
    if len(tests) == 1:
        return tests[0]

    def hold(act: Act, world: World) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs as much as the tests
            if not test(act, world):
                return False
        return True

    return hold


def _holder(condition: Condition) -> Callable[[Act, World], bool]:
    get, op, want = getter(condition.field), condition.op, condition.value
    if op == "present":
        return lambda act, world: get(act, world) not in (None, "", ())
    if op == "absent":
        return lambda act, world: get(act, world) in (None, "", ())
    if condition.unset:
        return lambda _act, _world: False
    compare = _COMPARISONS[op]

    def hold(act: Act, world: World) -> bool:
        have = get(act, world)
        if have is None:
            return False
        return bool(compare(day_of(have) if isinstance(have, datetime) else have, want))

    return hold


def getter(field: str) -> Callable[[Act, World], Any]:
    """Return the way to a field's value."""
    if field.startswith("@"):
        return DERIVED[field]
    return lambda act, _world: getattr(act.event, field)


def every(conditions: Sequence[Condition], act: Act, world: World) -> tuple[bool | None, tuple[str, ...]]:
    """Return whether all hold (an empty list holds) and which missing fields kept the answer open."""
    missing: list[str] = []
    for condition in conditions:
        result = condition.test(act, world)
        if result is False:
            return False, ()
        if result is None:
            missing.append(condition.unset or condition.field)
    return (None if missing else True), tuple(missing)


def _compare(op: Operator, have: Any, want: Any) -> bool:
    """Compare values whose kinds were checked when the rule was loaded; a moment is compared by its day."""
    return bool(_COMPARISONS[op](day_of(have) if isinstance(have, datetime) else have, want))


_COMPARISONS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda have, want: have in want,
    "not_in": lambda have, want: have not in want,
    "holds": lambda have, want: any(item in want for item in have),
    "holds_none": lambda have, want: not any(item in want for item in have),
}
