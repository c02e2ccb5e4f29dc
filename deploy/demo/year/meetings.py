"""The lawful meetings of the year."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from contracts.jurisdiction import Level
from contracts.meetings import Attendance, MeetingConvened
from deploy.demo.events import moment
from deploy.demo.year.dice import WORKDAYS, YEAR, Dice
from deploy.demo.year.facts import Fact
from deploy.demo.year.matters import CITY_MEETINGS, MEETINGS, PROVINCE_MEETINGS
from deploy.demo.year.places import TOWNS, UNITS, short_name

BODIES: Final = {
    "990101.party": ("县委常委会会议", 150),
    "990101.gov": ("县政府常务会议", 130),
}
"""Bodies that meet twice a month: the meeting's name and its usual minutes."""
MOST_VIDEO: Final = 85


def meeting(  # noqa: PLR0913 - a meeting has these parts
    id_: str,
    unit: str,
    day: date,
    *,
    minutes: int,
    topic: str,
    matter: str | None,
    at: tuple[int, int] = (9, 0),
    **more: Any,
) -> Fact:
    """Return a meeting; ``more`` are further fields of the event."""
    starts = moment(day, *at)
    event = MeetingConvened(
        topic=topic,
        matter=matter,
        starts_at=starts,
        ended_at=starts + timedelta(minutes=minutes),
        level=UNITS[unit].level,
        **more,
    )
    return Fact(id=id_, event=event, time=starts, unit=unit)


def item_id(unit: str, matter: str) -> str:
    """Return the plan item of a unit's meetings on a 事项."""
    return f"{YEAR}-会议-{planned(unit).index(matter) + 1}"


def planned(unit: str) -> tuple[str, ...]:
    """Return the 事项 that a unit plans meetings on; empty for a unit that holds none."""
    if unit in BODIES:
        return (BODIES[unit][0],)
    if unit.endswith(".town"):
        return tuple(f"{short_name(unit)}{name}" for name in ("党委会议", "村级工作调度", "便民服务协调"))
    if unit == "9901.office":
        return CITY_MEETINGS
    if unit == "99.office":
        return PROVINCE_MEETINGS
    return MEETINGS.get(unit, ())


def ordinary(dice: Dice) -> Iterator[Fact]:
    """Yield every ordinary meeting of the year."""
    for unit in BODIES:
        yield from _of_body(dice, unit)
    for unit in MEETINGS:
        yield from _of_department(dice, unit)
    for unit in (town.id for town in TOWNS):
        yield from _of_town(dice, unit)
    yield from _by_video(dice, "9901.office", 3, 14)
    yield from _by_video(dice, "99.office", 2, 8)


def attendance(role: str, level: Level) -> Attendance:
    """Return who was required: a role at a level."""
    return Attendance.model_validate({"role": role, "level": level})


def _of_body(dice: Dice, unit: str) -> Iterator[Fact]:
    name, usual = BODIES[unit]
    for number, day in enumerate(dice.spread(24, date(YEAR, 1, 8), date(YEAR, 12, 28)), 1):
        yield meeting(
            f"hy-{unit}-{number:02d}",
            unit,
            day,
            minutes=usual + dice.between(-40, 45),
            topic=f"{name}（第{number}次）",
            matter=name,
            at=(15, 0),
            meeting_class="一类",
            kind="综合",
            mode="现场",
            convener_role="主要负责同志",
            required=(),
            planned_attendees=22,
            actual_attendees=dice.between(18, 22),
            plan_item=item_id(unit, name),
            cost=0.0,
        )


def _of_department(dice: Dice, unit: str) -> Iterator[Fact]:
    for number, day in enumerate(dice.spread(7, date(YEAR, 1, 13), date(YEAR, 12, 24)), 1):
        matter = dice.pick(MEETINGS[unit])
        video = dice.chance(0.5)
        attendees = dice.between(20, 90)
        fact = meeting(
            f"hy-{unit}-{number:02d}",
            unit,
            day,
            minutes=dice.between(35, MOST_VIDEO) if video else dice.between(45, 200),
            topic=f"全县{matter}工作会议",
            matter=matter,
            meeting_class="三类",
            kind="单项工作",
            mode="网络视频" if video else "现场",
            convener_role="分管负责同志",
            reach_level=4,
            units=tuple(one.id for one in dice.some(TOWNS, dice.between(4, 12))),
            required=(attendance("分管负责同志", 4),),
            planned_attendees=attendees,
            actual_attendees=attendees - dice.between(0, 6),
            speech_minutes=(dice.between(8, 20), dice.between(10, 30)),
            plan_item=item_id(unit, matter),
        )
        yield fact.late(dice.between(5, 20)) if dice.chance(0.05) and day.month < 12 else fact  # noqa: PLR2004


def _of_town(dice: Dice, unit: str) -> Iterator[Fact]:
    for number, day in enumerate(dice.spread(8, date(YEAR, 1, 14), date(YEAR, 12, 24)), 1):
        matter = dice.pick(planned(unit))
        yield meeting(
            f"hy-{unit}-{number:02d}",
            unit,
            day,
            minutes=dice.between(30, 120),
            topic=f"{matter}（第{number}次）" if matter.endswith("会议") else f"{matter}会议",
            matter=matter,
            kind="综合" if matter.endswith("会议") else "单项工作",
            mode="现场",
            convener_role="主要负责同志",
            reach_level=5,
            required=(attendance("分管负责同志", 5),),
            plan_item=item_id(unit, matter),
        )


def _by_video(dice: Dice, unit: str, reach: Level, count: int) -> Iterator[Fact]:
    first, last = WORKDAYS[8], WORKDAYS[-6]
    scope = "全省" if UNITS[unit].level == 1 else "全市"
    for number, day in enumerate(dice.spread(count, first, last), 1):
        matter = dice.pick(planned(unit))
        yield meeting(
            f"hy-{unit}-{number:02d}",
            unit,
            day,
            minutes=dice.between(40, MOST_VIDEO),
            topic=f"{scope}{matter}视频会议",
            matter=matter,
            meeting_class="二类",
            kind="单项工作",
            mode="电视电话",
            convener_role="分管负责同志",
            reach_level=reach,
            required=(attendance("分管负责同志", reach),),
            plan_item=item_id(unit, matter),
        )
