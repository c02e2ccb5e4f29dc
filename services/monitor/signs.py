"""Which of many rules may have something to tell of an act, by the values of its fields: each field is read once for all of them. Pure.

A rule states *signs*: sets of conditions of which one must certainly hold, all of it, for an act by itself to bear an alert or wait
for a day. Of each set one condition is looked up by value; the rest is tested where that one holds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, TypeVar

from services.monitor.conditions import Condition, fields, getter, holding
from services.monitor.derived import DERIVED
from services.monitor.domain import Act
from services.monitor.world import World

Holds = Callable[[Act, World], bool]
T = TypeVar("T")
_BY_VALUE: Final = (str, int, float, bool)


class Signs(Generic[T]):
    """The signs of many rules."""

    def __init__(self, rules: Iterable[tuple[T, Sequence[Sequence[Condition]]]]) -> None:
        """Index the signs of the rules."""
        by_value: dict[str, dict[object, list[tuple[Holds, T]]]] = {}
        by_item: dict[str, dict[object, list[tuple[Holds, T]]]] = {}
        self._others: list[tuple[Holds, T]] = []
        for rule, signs in rules:
            for sign in signs:
                first = min(sign, key=_rank, default=None)
                if first is None or _rank(first) == _OPEN:
                    self._others.append((holding(sign), rule))
                    continue
                rest = holding([one for one in sign if one is not first])
                table = by_item if first.op == "holds" else by_value
                for value in _values(first):
                    table.setdefault(first.field, {}).setdefault(value, []).append((rest, rule))
        plain = [field for field in by_value if not field.startswith("@")]
        self._values, self._plain = fields(plain), [by_value[field] for field in plain]
        self._derived = [(DERIVED[field], table) for field, table in by_value.items() if field.startswith("@")]
        self._by_item = [(getter(field), table) for field, table in by_item.items()]

    def of(self, act: Act, world: World) -> list[T]:
        """Return the rules that may have something to tell of an act; one may be there several times."""
        values = zip(self._values(act.event), self._plain, strict=True)
        met = [found for value, table in values if (found := table.get(value))]
        met += [found for get, table in self._derived if (found := table.get(get(act, world)))]
        for get, table in self._by_item:
            met += [table[item] for item in get(act, world) or () if item in table]
        return [rule for found in (*met, self._others) for holds, rule in found if holds(act, world)]


_PLAIN, _DERIVED, _OPEN = range(3)


def _rank(condition: Condition) -> int:
    """Return how well a condition can be looked up: by a field, by what is derived, or not at all."""
    if condition.unset or not _values(condition):
        return _OPEN
    return _DERIVED if condition.field.startswith("@") else _PLAIN


def _values(condition: Condition) -> tuple[object, ...]:
    """Return the values of which one makes a condition hold; none where it is not of that kind."""
    value = condition.value
    if condition.op == "eq" and isinstance(value, _BY_VALUE):
        return (value,)
    return value if condition.op in ("in", "holds") and isinstance(value, tuple) else ()
