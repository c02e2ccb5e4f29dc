"""When quotas will be exceeded: every rule that counts a unit's acts of a year against a cap, by the verdict that it gives now."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from contracts.event import Json
from contracts.jurisdiction import is_within
from kit.db import Connection
from services.monitor import queries
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.engine import judge
from services.monitor.evaluators.quota import EVALUATOR, exceeds_on
from services.monitor.reading import scenes
from services.monitor.relations import YEARS
from services.monitor.state import State, load_world

METHOD: Final = "按本年 1 月 1 日至最近一件的平均速度推算"
"""How ``exceeds_on`` reckons, in words."""
_PORTION: Final = 100
_KINDS: Final[Mapping[str, str]] = {family: kind for kind, family in YEARS.items()}


async def forecasts(db: Connection, state: State, scope: str, units: Sequence[str] | None, year: int) -> list[Json]:
    """Return a line for each quota rule and unit (``None``: all) with acts in the year, the first to exceed its cap first.

    A line without a cap says that none is known; one with ``exceeded_on`` that it is exceeded already.
    """
    world = await load_world(db, state)
    pairs = sorted(await _pairs(db, state, units, year))
    lines: list[Json] = []
    for begin in range(0, len(pairs), _PORTION):
        portion = pairs[begin : begin + _PORTION]
        index = await scenes(db, state, portion)
        for rule, key in portion:
            found = judge(state.book, rule, key, index.scene(key, state.book.looks(rule)), world)
            lines += [
                _line(state, key, year, one, index.by_id)
                for one in found
                if one.subject == key and one.acts and is_within(one.place, scope)
            ]
        state.trim()
        await asyncio.sleep(0)
    return sorted(lines, key=_urgency)


async def _pairs(db: Connection, state: State, units: Sequence[str] | None, year: int) -> set[tuple[str, str]]:
    families: dict[str, set[str]] = {}
    for rule in state.book.rules.values():
        if rule.kind == EVALUATOR.name and rule.mode != "hint":
            for family in _KINDS.keys() & _families(rule.decide["window"]):
                families.setdefault(family, set()).add(rule.id)
    pairs: set[tuple[str, str]] = set()
    for family, rules in families.items():
        if units is None:
            keys: Iterable[str] = (key for key in await queries.windows(db, family) if key.endswith(f"|{year}"))
        else:
            keys = (f"{family}|{unit}|{year}" for unit in units)
        pairs.update((rule, key) for key in keys for rule in rules)
    return pairs


def _families(window: str | Sequence[str]) -> tuple[str, ...]:
    return (window,) if isinstance(window, str) else tuple(window)


def _line(state: State, key: str, year: int, verdict: Verdict, acts: Mapping[str, Act]) -> Json:
    count, cap = _number(verdict.numbers.get("count")) or 0, _number(verdict.numbers.get("cap"))
    over = cap is not None and count > cap
    last = acts[verdict.acts[-1]].day if verdict.acts[-1] in acts else verdict.happened_on
    day: date | None = exceeds_on(count, cap, last) if cap is not None and not over else None
    return {
        "rule": verdict.rule,
        "title": state.book.rules[verdict.rule].title,
        "unit_id": verdict.about,
        "jurisdiction": verdict.place,
        "kind": _KINDS.get(key.partition("|")[0], ""),
        "year": year,
        "count": count,
        "cap": cap,
        "share": round(count / cap, 4) if cap else None,
        "exceeds_on": day.isoformat() if day else None,
        "exceeded_on": verdict.happened_on.isoformat() if over else None,
        "method": METHOD,
    }


def _number(value: Scalar) -> int | None:
    return value if isinstance(value, int) else None


def _urgency(line: Json) -> tuple[int, str, float, str, str]:
    when = line["exceeded_on"] or line["exceeds_on"]
    rank = 0 if line["exceeded_on"] else 1 if when else 2 if line["cap"] is not None else 3
    return rank, str(when or ""), -(line["share"] or 0), str(line["unit_id"]), str(line["rule"])
