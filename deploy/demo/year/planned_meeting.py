"""How planted meetings are written: each hangs on a plan item of its own."""

from datetime import date
from typing import Any, Final

from deploy.demo.year.dice import YEAR
from deploy.demo.year.facts import Fact
from deploy.demo.year.meetings import meeting

VIDEO: Final[dict[str, Any]] = {"mode": "电视电话", "kind": "单项工作", "convener_role": "分管负责同志"}
ON_SITE: Final[dict[str, Any]] = {"mode": "现场", "kind": "单项工作", "convener_role": "分管负责同志"}


def planned(id_: str, unit: str, day: date, **more: Any) -> Fact:
    """Return a meeting that hangs on a plan item of its own."""
    minutes: int = more.pop("minutes", 60)
    own = {"plan_item": f"{YEAR}-会议-{day:%m%d}", "required": ()}
    return meeting(id_, unit, day, minutes=minutes, **{**own, **more})
