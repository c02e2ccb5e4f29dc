"""What rules look up beside the acts: units over time, lists, calendars and the day that last ended. Pure and immutable."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.event import Event
from contracts.jurisdiction import NATION, is_within, path_of
from contracts.reference import CalendarPublished, DayEnded, ListKind, ListVersioned, UnitRegistered
from contracts.workdays import Workdays, YearCalendar
from services.monitor.domain import Act

REFERENCE: Final[tuple[type[Event], ...]] = (UnitRegistered, ListVersioned, CalendarPublished, DayEnded)
"""The events that make up a world; ``role.assigned`` is recorded for the services that route."""
UNJUDGED: Final = (CalendarPublished, DayEnded)
"""Those of them that are no acts to any rule. Units are judged by what they owe, lists by what they lack."""
NO_MEETINGS: Final[ListKind] = "无会日历"
"""The kind of list that says on which days a place holds no meetings: a calendar of its own."""
_MOST_SUPERIORS: Final = 12


@dataclass(frozen=True, slots=True)
class World:
    """The reference facts that stand."""

    calendar: Workdays
    units: Mapping[str, tuple[tuple[str, UnitRegistered], ...]]
    """Unit -> (fact id, version), the latest ``valid_from`` last."""
    lists: Mapping[str, tuple[tuple[str, ListVersioned], ...]]
    """Kind -> (fact id, version)."""
    calendars: Mapping[int, tuple[str, ...]]
    """Year -> fact ids of the published notices that replace the built-in year."""
    today: date | None
    """The greatest day that ended, as the log tells it."""

    def unit_on(self, unit: str, day: date) -> UnitRegistered | None:
        """Return the version of a unit in force on a day."""
        found = None
        for _, version in self.units.get(unit, ()):
            if version.valid_from <= day:
                found = version
        return None if found is None or (found.valid_to is not None and found.valid_to < day) else found

    def chain_of(self, unit: str, day: date) -> Iterator[UnitRegistered]:
        """Yield a unit and its superiors on a day, nearest first; a loop in the data ends it."""
        seen: set[str] = set()
        here = self.unit_on(unit, day)
        while here is not None and here.unit not in seen and len(seen) < _MOST_SUPERIORS:
            seen.add(here.unit)
            yield here
            here = self.unit_on(here.superior, day) if here.superior else None

    def is_below(self, lower: str, lower_place: str, upper: str, upper_place: str, day: date) -> bool:
        """Tell whether ``upper``'s meetings and documents go down to ``lower`` on that day.

        The registered superiors decide where they are known (a unit that changes its superior changes sides that day): one of
        ``lower``'s superiors has the level and place of ``upper``. Otherwise the jurisdictions of the two acts decide.
        """
        chain = list(self.chain_of(lower, day))
        above = self.unit_on(upper, day)
        if above is None or len(chain) < 2:  # noqa: PLR2004 - a chain of one tells nothing about superiors
            return lower_place != upper_place and is_within(lower_place, upper_place)
        return any(
            unit.level == above.level and unit.place == above.place for unit in chain[1:] if unit.level < chain[0].level
        )

    def list_for(self, kind: str, place: str, day: date) -> ListVersioned | None:
        """Return the list of a kind in force on a day for a place: the nearest jurisdiction's, its latest version."""
        nearest = None
        for _, version in self.lists.get(kind, ()):
            in_force = version.valid_from <= day and (version.valid_to is None or day <= version.valid_to)
            if in_force and version.place in path_of(place):
                rank = (len(path_of(version.place)), version.valid_from)
                if nearest is None or rank >= (len(path_of(nearest.place)), nearest.valid_from):
                    nearest = version
        return nearest


def build(facts: Iterable[Act], calendar: Workdays) -> World:
    """Fold the reference facts that stand over the built-in calendar; the order of ``facts`` does not matter."""
    units: dict[str, list[tuple[str, UnitRegistered]]] = {}
    lists: dict[str, list[tuple[str, ListVersioned]]] = {}
    notices: dict[int, list[tuple[str, CalendarPublished]]] = {}
    today: date | None = None
    for act in sorted(facts, key=lambda one: (one.recorded, one.id)):
        event = act.event
        if isinstance(event, UnitRegistered):
            units.setdefault(event.unit, []).append((act.id, event))
        elif isinstance(event, ListVersioned):
            lists.setdefault(event.kind, []).append((act.id, event))
        elif isinstance(event, CalendarPublished):
            notices.setdefault(event.year, []).append((act.id, event))
        elif isinstance(event, DayEnded):
            today = event.day if today is None else max(today, event.day)
    return World(
        calendar=calendar.with_years(_year(year, found, calendar) for year, found in notices.items()),
        units={unit: tuple(sorted(found, key=lambda one: one[1].valid_from)) for unit, found in units.items()},
        lists={kind: tuple(sorted(found, key=lambda one: one[1].valid_from)) for kind, found in lists.items()},
        calendars={year: tuple(fact for fact, _ in found) for year, found in notices.items()},
        today=today,
    )


def _year(year: int, notices: list[tuple[str, CalendarPublished]], base: Workdays) -> YearCalendar:
    """Merge the notices of a year: the latest national one replaces the built-in year, local ones add their days."""
    known = base.years.get(year)
    off = known.days_off if known else frozenset()
    work = known.work_days if known else frozenset()
    basis = [known.basis] if known else []
    for _, notice in sorted(notices, key=lambda one: one[1].place != NATION):
        if notice.place == NATION:
            off, work, basis = frozenset(notice.days_off), frozenset(notice.work_days), [notice.basis]
        else:
            off = (off | frozenset(notice.days_off)) - frozenset(notice.work_days)
            work = (work | frozenset(notice.work_days)) - frozenset(notice.days_off)
            basis.append(notice.basis)
    return YearCalendar(year, "；".join(basis), off, work)
