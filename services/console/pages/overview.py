"""总览: what stands, how this year compares with last year, plans, and whether the data is complete."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from kit.clock import BEIJING, now
from services.console.answers.intake import Source
from services.console.answers.ledger import Count, Plan
from services.console.answers.monitor import Alert, Forecast, Rule, RuleCount
from services.console.answers.notify import Clue
from services.console.answers.shape import Current, Page
from services.console.backend import Part, Service, attempt
from services.console.desk import Desk, desk_of
from services.console.domain import (
    MONTHS,
    Tally,
    Trend,
    feed_of,
    is_populated,
    other_quotas,
    plan_lines,
    tally,
    trends,
)
from services.console.session import WATCHERS, User, signed_in

router = APIRouter()

LATEST: Final = 10
_PAGE: Final = 200
_FIRST: Final = 8
"""Rows of a table that stand open; the others unfold."""
_MOST_SOURCES: Final = 12
_LOOK_BACK: Final = 2
"""How many years to go back for one that has acts, when none is asked for."""


@router.get("/")
async def overview(
    request: Request,
    user: Annotated[User, Depends(signed_in(*WATCHERS))],
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
) -> Response:
    """Show the state of the jurisdiction on one page; each part stands or falls by itself."""
    desk = desk_of(request, user)
    clues = await attempt(desk.get(Service.NOTIFY, "/v1/clues", Page[Clue], state="open", limit=_PAGE))
    shown, trend_part = await _trends(desk, year)
    standing, latest, plans, forecasts, sources = await asyncio.gather(
        attempt(_standing(desk)),
        attempt(desk.get(Service.MONITOR, "/v1/alerts", Page[Alert], state="standing", limit=LATEST)),
        attempt(desk.get(Service.LEDGER, "/v1/plans", Page[Plan], year=shown)),
        attempt(desk.get(Service.MONITOR, "/v1/forecasts", Page[Forecast], year=shown)),
        attempt(desk.get(Service.INTAKE, "/v1/sources", Page[Source])),
    )
    expected = forecasts.value.items if forecasts.value else ()
    return await desk.page(
        "overview.html",
        current=_earliest(latest.value, plans.value),
        year=shown,
        first=_FIRST,
        most_sources=_MOST_SOURCES,
        after=clues.value.current.position if clues.value and clues.value.current else "",
        standing=standing,
        latest=latest,
        trends=trend_part,
        plans=plans,
        plan_lines=plan_lines(plans.value.items, expected) if plans.value else (),
        forecasts=forecasts,
        quotas=other_quotas(plans.value.items if plans.value else (), expected),
        sources=sources,
        feed=feed_of(sources.value.items) if sources.value else None,
        clues=clues,
    )


async def _standing(desk: Desk) -> Tally:
    """Count the standing alerts and name their rules."""
    counts, rules = await asyncio.gather(
        desk.get(Service.MONITOR, "/v1/alerts/counts", Page[RuleCount]),
        attempt(desk.get(Service.MONITOR, "/v1/rules", Page[Rule])),
    )
    return tally(counts.items, {rule.rule: rule.title for rule in rules.value.items} if rules.value else {})


async def _trends(desk: Desk, asked: int | None) -> tuple[int, Part[tuple[Trend, ...]]]:
    """Return the year shown and its trends: the year asked for, or the latest one that has more than strays."""
    today = now().astimezone(BEIJING)
    year = asked or today.year
    part = await attempt(_counted(desk, year, today.month if year == today.year else MONTHS))
    for earlier in range(year - 1, year - 1 - _LOOK_BACK, -1):
        if asked or part.value is None or is_populated(part.value):
            break
        year, part = earlier, await attempt(_counted(desk, earlier, MONTHS))
    return year, part


async def _counted(desk: Desk, year: int, until: int) -> tuple[Trend, ...]:
    page = await desk.get(Service.LEDGER, "/v1/counts", Page[Count], year=year, total="true")
    return trends(page.items, year=year, until=until)


def _earliest(*pages: Page[Alert] | Page[Plan] | None) -> Current | None:
    """Return the least position of several answers: everything on the page is at least so current."""
    known = [page.current for page in pages if page is not None and page.current is not None]
    return min(known, key=lambda current: current.position, default=None)
