"""Which discipline desk a clue goes to: the nearest one that is no part of the accused unit's chain (回避)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from contracts.jurisdiction import is_within, path_of
from contracts.reference import UnitKind
from kit.errors import Rejected

DESK_KIND: Final[UnitKind] = "纪检监察"

Why = Literal["itself", "below_it", "same_commission", "unproven"]
"""It is the accused unit; the accused unit is above it; the accused unit is or belongs to a commission of its place or
a higher one; a superior is not registered, so it cannot be told."""


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """A unit as one fact describes it, from a day on."""

    unit: str
    name: str
    kind: UnitKind
    place: str
    superior: str | None
    valid_from: date
    valid_to: date | None
    recorded: datetime
    fact_id: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A unit's superiors, itself not included."""

    units: tuple[str, ...]
    """The nearest first."""
    complete: bool
    """False when a superior is named that nobody registered, so what lies above it is unknown."""


@dataclass(frozen=True, slots=True)
class Org:
    """The units as they stood on one day; a unit that had ended or not begun is kept for the sake of chains only."""

    units: Mapping[str, UnitVersion]
    day: date

    def chain(self, unit: str) -> Chain:
        """Return all superiors of a unit; a circle of superiors ends where it began."""
        seen: dict[str, None] = {}
        version = self.units.get(unit)
        while version is not None:
            above = version.superior
            if above is None or above in seen:
                return Chain(tuple(seen), complete=True)
            seen[above] = None
            version = self.units.get(above)
        return Chain(tuple(seen), complete=False)

    def commission(self, unit: str) -> UnitVersion | None:
        """Return the discipline unit that a unit is or belongs to: itself, else the nearest above it."""
        line = map(self.units.get, (unit, *self.chain(unit).units))
        return next((one for one in line if one is not None and one.kind == DESK_KIND), None)

    def stands(self, version: UnitVersion) -> bool:
        """Tell whether this version is in force that day."""
        return version.valid_from <= self.day and (version.valid_to is None or self.day <= version.valid_to)


@dataclass(frozen=True, slots=True)
class Passed:
    """A desk that must not have the clue, and why."""

    desk: str
    why: Why


@dataclass(frozen=True, slots=True)
class Choice:
    """The desks that may have a clue, the nearest first, and those that were passed over."""

    desks: tuple[UnitVersion, ...]
    passed: tuple[Passed, ...]

    def first(self) -> UnitVersion:
        """Return the desk that the clue goes to; raise ``Rejected`` when there is none."""
        if self.desks:
            return self.desks[0]
        if not self.passed:
            raise Rejected("该单位所在地区及其上级都没有登记纪检监察机构，请先登记单位信息", code="no_desk")
        if all(passed.why == "unproven" for passed in self.passed):
            raise Rejected("有关单位的上级单位没有登记，无法判断是否应当回避，请先登记单位信息", code="no_desk")
        raise Rejected(
            "所在地区的纪检监察机构都应当回避，且没有登记更上级的纪检监察机构，请先登记单位信息", code="no_desk"
        )

    def above(self, place: str) -> UnitVersion | None:
        """Return the nearest desk of a higher place than ``place``; None when there is none."""
        level = len(path_of(place))
        return next((one for one in self.desks if len(path_of(one.place)) < level), None)

    def bars(self, desk: str) -> bool:
        """Tell whether a desk is known to belong to the accused unit's chain."""
        return any(one.desk == desk and one.why != "unproven" for one in self.passed)


def as_of(versions: Iterable[UnitVersion], day: date) -> Org:
    """Return the units as they stood on ``day``; of one day's versions the last recorded counts.

    A unit that begins later is there in its first version, so that chains through it are not lost.
    """
    units: dict[str, UnitVersion] = {}
    for version in sorted(versions, key=lambda one: (one.valid_from, one.recorded, one.fact_id)):
        if version.valid_from <= day or version.unit not in units:
            units[version.unit] = version
    return Org(units, day)


def choose(*, about: str, place: str, today: Org, then: Org) -> Choice:
    """Return the desks that may have a clue about a unit for an act in ``place``.

    Responsible are the desks of the smallest jurisdiction that holds both the act's place and the unit's, then those
    above it. A desk is passed over when it is the unit or below it, or no higher than a commission that the unit
    belongs to, by the org of ``today`` or of ``then``, the day of the act; also when that cannot be told. Raises
    ``Rejected`` when the unit is not registered.
    """
    accused = today.units.get(about)
    if accused is None:
        raise Rejected("预警所涉单位没有登记，无法判断应由哪个纪检监察机构受理，请先登记单位信息", code="no_desk")
    places = _shared_path(place, accused.place)
    desks: list[UnitVersion] = []
    passed: list[Passed] = []
    for desk in sorted(_desks(today, places), key=lambda one: _nearness(one, today)):
        why = _conflict(desk, about, today) or _conflict(desk, about, then, proof=False)
        if why is None:
            desks.append(desk)
        else:
            passed.append(Passed(desk.unit, why))
    return Choice(tuple(desks), tuple(passed))


def _conflict(desk: UnitVersion, about: str, org: Org, *, proof: bool = True) -> Why | None:
    """Return why a desk must not judge a unit; without ``proof`` only what is known counts."""
    if desk.unit == about:
        return "itself"
    of_desk = org.chain(desk.unit)
    if about in of_desk.units:
        return "below_it"
    own = org.commission(about)
    if own is not None and is_within(desk.place, own.place):
        return "same_commission"
    return None if not proof or (of_desk.complete and org.chain(about).complete) else "unproven"


def _desks(org: Org, places: frozenset[str]) -> list[UnitVersion]:
    return [unit for unit in org.units.values() if unit.kind == DESK_KIND and unit.place in places and org.stands(unit)]


def _nearness(desk: UnitVersion, org: Org) -> tuple[int, int, str]:
    """Sort the smaller place first, and in one place a commission before the posts that it sends out (派驻)."""
    above = sum(
        one.kind == DESK_KIND and one.place == desk.place
        for one in map(org.units.get, org.chain(desk.unit).units)
        if one is not None and one.unit != desk.unit
    )
    return -len(path_of(desk.place)), above, desk.unit


def _shared_path(one: str, other: str) -> frozenset[str]:
    return frozenset(path_of(one)) & frozenset(path_of(other))
