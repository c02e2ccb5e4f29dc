"""The SQL statements that answer readers: counts with the year before, and plans with what is used of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from kit.db import Connection
from services.ledger.domain import Ledger
from services.ledger.queries import CUSTOM_PLAN, Scope


class Count(NamedTuple):
    """How many acts of a family a unit did in a month, and in the same month of the year before."""

    family: str
    unit_id: str | None
    month: date
    n: int
    n_last_year: int


_COUNTS: Final = """
    with asked as (
        select family, case when $9 then null else unit_id end as unit_id, n,
               make_date($5, extract(month from month)::int, 1) as shown, extract(year from month) = $5 as this_year
        from counts
        where tag = any($6::text[]) and month >= make_date($5 - 1, 1, 1) and month < make_date($5 + 1, 1, 1)
          and ($1 = '00' or (jurisdiction >= $1 and jurisdiction < $1 || '~'))
          and ($2::text[] is null or unit_id = any($2))
          and ($3::text is null or $3 = '00' or (jurisdiction >= $3 and jurisdiction < $3 || '~'))
          and ($4::text is null or unit_id = $4)
          and ($7::text is null or family = $7)
    )
    select family, unit_id, shown, coalesce(sum(n) filter (where this_year), 0)::bigint,
           coalesce(sum(n) filter (where not this_year), 0)::bigint
    from asked
    where $8::text[] is null or (family, coalesce(unit_id, ''), shown::text) > ($8[1], $8[2], $8[3])
    group by family, unit_id, shown order by family, coalesce(unit_id, ''), shown limit $10
"""


@dataclass(frozen=True, slots=True)
class CountFilter:
    """Which counts a caller asks for."""

    year: int
    family: str | None = None
    jurisdiction: str | None = None
    unit: str | None = None
    total: bool = False
    """All units together."""


async def counts(
    db: Connection,
    ledgers: Sequence[Ledger],
    scope: Scope,
    wanted: CountFilter,
    after: tuple[str, str, str] | None,
    limit: int,
) -> list[Count]:
    """Return counts by family, unit and month, after a key (family, unit, first day of the month)."""
    found = await db.fetch(
        _COUNTS,
        *scope,
        wanted.jurisdiction,
        wanted.unit,
        wanted.year,
        [ledger.name for ledger in ledgers],
        wanted.family,
        after,
        wanted.total,
        limit,
    )
    return [Count(*row) for row in found]


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of a plan and how much of it is used."""

    item: str
    title: str
    planned: int
    consumed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A unit's plan of a year with its consumption."""

    act_id: str
    jurisdiction: str
    owner: str
    kind: str
    year: int
    cap: int | None
    used: int
    """All acts of the kind in the year, planned or not."""
    unplanned: int
    """Those that name no line of the plan."""
    items: tuple[PlanLine, ...]


_PLANS: Final = """
    select act_id, jurisdiction, unit_id, plan_kind, year, cap, items from plans
    where known_to = 'infinity' and not withdrawn and position = 0
      and ($1 = '00' or (jurisdiction >= $1 and jurisdiction < $1 || '~'))
      and ($2::text[] is null or unit_id = any($2))
      and ($3::text is null or unit_id = $3)
      and ($4::text is null or plan_kind = $4)
      and ($5::bigint is null or year = $5)
      and ($6::text is null or act_id > $6)
    order by act_id limit $7
"""
_CONSUMED: Final = """
    select plan.act_id, used.plan_item, count(*) as n
    from unnest($1::text[], $2::text[], $3::int[]) as plan (act_id, unit_id, year)
    join "{table}" used on used.unit_id = plan.unit_id
      and used.happened_on >= make_date(plan.year, 1, 1) and used.happened_on < make_date(plan.year + 1, 1, 1)
    where used.known_to = 'infinity' and not used.withdrawn and used.family = $4
    group by plan.act_id, used.plan_item
"""
_CONSUMERS: Final = {"发文": ("documents", "doc"), "会议": ("meetings", "mtg"), "督查检查考核": ("inspections", "ins")}
"""Kind of plan -> the ledger and family of the acts that use it up."""


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans a caller asks for; ``None`` is everything."""

    owner: str | None = None
    kind: str | None = None
    year: int | None = None


async def plans(db: Connection, scope: Scope, wanted: PlanFilter, after: str | None, limit: int) -> list[Plan]:
    """Return plans with what is used of each line, by id; needs a transaction."""
    await db.execute(CUSTOM_PLAN)
    rows = await db.fetch(_PLANS, *scope, wanted.owner, wanted.kind, wanted.year, after, limit)
    used: dict[str, dict[str | None, int]] = {row["act_id"]: {} for row in rows}
    for kind, (table, family) in _CONSUMERS.items():
        asked = [(row["act_id"], row["unit_id"], row["year"]) for row in rows if row["plan_kind"] == kind]
        if asked:
            for act_id, item, n in await db.fetch(_CONSUMED.format(table=table), *zip(*asked, strict=True), family):
                used[act_id][item] = n
    return [
        Plan(
            row["act_id"],
            row["jurisdiction"],
            row["unit_id"],
            row["plan_kind"],
            row["year"],
            row["cap"],
            *_use(json.loads(row["items"]), used[row["act_id"]]),
        )
        for row in rows
    ]


def _use(items: Sequence[Mapping[str, Any]], used: Mapping[str | None, int]) -> tuple[int, int, tuple[PlanLine, ...]]:
    """Return how many acts there are, how many of them name no line, and the lines with their use."""
    lines = tuple(PlanLine(one["item"], one["title"], one["planned"], used.get(one["item"], 0)) for one in items)
    named = {line.item for line in lines}
    return sum(used.values()), sum(n for item, n in used.items() if item not in named), lines
