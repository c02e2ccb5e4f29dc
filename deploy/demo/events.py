"""CloudEvents of the demo, written short. Pure."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from contracts.event import Event, Json

CHINA: Final = timezone(timedelta(hours=8))


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of day in China."""
    return datetime.combine(day, time(hour, minute), CHINA)


def cloud_event(  # noqa: PLR0913 - an envelope has these parts
    event: Event, *, source: str, id_: str, time: datetime, recorded: datetime, place: str, unit: str
) -> Json:
    """Return an event in its envelope; fields at their default are left out."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": event.type_name(),
        "time": time.isoformat(),
        "recordedtime": recorded.isoformat(),
        "jurisdiction": place,
        "unitid": unit,
        "data": event.model_dump(mode="json", exclude_defaults=True),
    }
