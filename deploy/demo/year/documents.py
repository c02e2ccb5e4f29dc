"""The lawful documents of the year, spread over it by chance, and the plans that they hang on."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from deploy.demo.year.dice import YEAR, Dice
from deploy.demo.year.facts import Draft, sketched, to_towns
from deploy.demo.year.matters import DOCUMENTS, TITLES, TOWN_DOCUMENTS
from deploy.demo.year.places import TOWNS, UNITS, short_name

FIRST: Final = date(YEAR, 1, 6)
LAST: Final = date(YEAR, 12, 26)
COUNTS: Final[Mapping[str, int]] = {
    "99.office": 6,
    "99.emergency": 4,
    "99.agriculture": 4,
    "9901.office": 10,
    "9901.gov-office": 10,
    "9901.emergency": 5,
    "9901.water": 5,
    "9901A0.gov": 4,
    "990101.office": 40,
    "990101.gov-office": 46,
    "990101.organization": 9,
    "990101.education": 15,
    "990101.emergency": 15,
    "990101.agriculture": 17,
    "990101.health": 12,
    "990101.civil-affairs": 12,
    "990101.housing": 12,
    "990101.water": 10,
    "990101.market": 9,
    "990101.culture": 4,
    "990101.ecology": 6,
    "990101.human-resources": 7,
}
"""Ordinary documents of a unit; a township has ``OF_A_TOWN``."""
OF_A_TOWN: Final = 7
EARLY: Final = {"990101.market": date(YEAR, 10, 16)}
"""Offices whose last document is so early in the year that its rate still tells a day of exceeding (DOC-03)."""
NORMAL: Final = (600, 3600)
"""正文字数 of an ordinary document, from and to."""


def items_of(unit: str) -> tuple[str, ...]:
    """Return the 事项 that a unit plans documents on."""
    return TOWN_DOCUMENTS if unit.endswith(".town") else DOCUMENTS[unit]


def item_id(unit: str, matter: str) -> str:
    """Return the plan item of a 事项."""
    return f"{YEAR}-发文-{items_of(unit).index(matter) + 1}"


def ordinary(dice: Dice) -> list[Draft]:
    """Return every ordinary document of the year."""
    units = [*COUNTS, *(unit.id for unit in TOWNS)]
    return [draft for unit in units for draft in _of_unit(dice, unit, COUNTS.get(unit, OF_A_TOWN))]


def _of_unit(dice: Dice, unit: str, count: int) -> list[Draft]:
    drafts = []
    used: set[str] = set()
    for day in dice.spread(count, FIRST, EARLY.get(unit, LAST)):
        matter = dice.pick(items_of(unit))
        heading = _heading(dice, unit, matter, used)
        characters = dice.between(*NORMAL)
        fields = _fields(dice, unit, matter, characters, opinion=heading.endswith("意见"))
        late = dice.between(8, 24) if dice.chance(0.04) and day.month < 12 else 0  # noqa: PLR2004 - known within the year
        item = None if unit == "990101.culture" else item_id(unit, matter)  # it never filed a plan
        drafts.append(Draft(unit, day, heading, item, sketched(dice, characters), fields, late_days=late))
    return drafts


def _heading(dice: Dice, unit: str, matter: str, used: set[str]) -> str:
    """Return a title that the unit has not used yet, else one with its serial of the year."""
    prefix = short_name(unit) if unit.endswith(".town") else ""
    for _ in range(8):
        heading = dice.pick(TITLES).format(matter=prefix + matter)
        if heading not in used:
            used.add(heading)
            return heading
    serial = "二三四五六七八九十"[sum(f"{prefix}{matter}" in one for one in used) % 9]
    heading = f"关于{prefix}{matter}有关事项的通知（之{serial}）"
    used.add(heading)
    return heading


def _fields(dice: Dice, unit: str, matter: str, characters: int, *, opinion: bool) -> Mapping[str, Any]:
    level = UNITS[unit].level
    if unit.endswith(".town"):
        addressees = to_towns(*(f"{UNITS[unit].place}{serial}.village" for serial in (201, 202, 203)))
    elif unit.startswith("990101."):
        addressees = to_towns(*(one.id for one in dice.some(TOWNS, dice.between(4, 12))))
    else:
        addressees = to_towns("9901.gov") if level == 1 else to_towns("990101.gov")
    return {
        "genre": "意见" if opinion else "通知",
        "doc_class": "综合" if dice.chance(0.1) else "专项" if dice.chance(0.5) else "其他",
        "addressees": addressees,
        "matter": matter,
        "char_count": characters,
        "copies": dice.between(20, 80),
        "signer_title": "主要负责同志" if dice.chance(0.5) else "分管负责同志",
    }
