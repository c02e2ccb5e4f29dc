"""Conditions of rule files on one act, in three values: true, false, or ``None`` when a needed field is missing. Pure."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
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
    """Return a quick test whether all conditions certainly hold: ``every(...)[0] is True``.

    It is compiled, as some fifty conditions are put to every act. Of the rule file its text has names of fields only, which
    ``Condition`` restricts to letters; values are bound to names.
    """
    names: dict[str, object] = {"nothing": (None, "", ()), "day_of": day_of, **_CALLED}
    terms = [_term(condition, f"{number}", names) for number, condition in enumerate(conditions)]
    test: Callable[[Act, World], bool] = eval(  # noqa: S307 - see above
        f"lambda act, world: {' and '.join(terms) or 'True'}", names
    )
    return test


def _term(condition: Condition, number: str, names: dict[str, object]) -> str:
    """Return a condition as an expression of ``act`` and ``world``, and put what it speaks of among the names."""
    op, want, have = condition.op, condition.value, f"act.event.{condition.field}"
    if condition.field.startswith("@"):
        names[f"get{number}"] = DERIVED[condition.field]
        have = f"get{number}(act, world)"
    if op in _NEED_NO_VALUE:
        return f"{have} {'not in' if op == 'present' else 'in'} nothing"
    if condition.unset or want is None:
        return "False"
    names[f"want{number}"] = want
    if isinstance(want, date):
        have = f"day_of({have})"
    known = f"(have{number} := {have}) is not None"
    if op in _CALLED:
        return f"{known} and {op}(have{number}, want{number})"
    return f"{known} and have{number} {_SIGNS[op]} want{number}"


def fields(names: Sequence[str]) -> Callable[[Event], tuple[Any, ...]]:
    """Return the way to the values of several fields of an event at once."""
    if len(names) < 2:  # noqa: PLR2004 - the library's own gives a tuple from two on
        return lambda event: tuple(getattr(event, name) for name in names)
    return attrgetter(*names)


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


def _holds(have: Any, want: Any) -> bool:
    return any(item in want for item in have)


def _holds_none(have: Any, want: Any) -> bool:
    return not _holds(have, want)


_CALLED: Final = {"holds": _holds, "holds_none": _holds_none}
_SIGNS: Final[Mapping[Operator, str]] = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "in": "in",
    "not_in": "not in",
}
_COMPARISONS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda have, want: have in want,
    "not_in": lambda have, want: have not in want,
    "holds": _holds,
    "holds_none": _holds_none,
}
