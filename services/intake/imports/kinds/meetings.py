"""会议台账: one row is a meeting that the unit convened."""

from datetime import datetime
from typing import Final

from services.intake.imports.drafts import Draft, Incomplete, keys, stated
from services.intake.imports.rows import Row

_PLAIN: Final = (
    "topic", "starts_at", "ended_at", "matter", "meeting_class", "kind", "mode", "reach_level", "planned_attendees",
    "actual_attendees", "cost", "plan_item", "approval_ref",
)  # fmt: skip


def translate(row: Row) -> Draft:
    """Return the meeting of a row. It is told from others by topic and day: the hour may be mended later."""
    begin = row.get("starts_at")
    if not isinstance(begin, datetime):
        raise Incomplete("starts_at", "缺少会议时间")
    data = stated({name: row.get(name) for name in _PLAIN}) | stated({"units": keys(row.get("units"))})
    return Draft(("meeting", str(row.get("topic")), begin.date().isoformat()), begin, data)
