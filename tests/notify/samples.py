"""Alerts and units for the tests of notify."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts.event import fact_id
from kit.reader import Delivery
from services.notify.domain.desks import UnitVersion
from services.notify.wire import AlertChange, read_change

START = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
"""Monday 9:00 in China."""
PLACE = "990101"
CLAUSE = {"document": "整治形式主义为基层减负若干规定", "clause": "一·3", "quote": "一般不超过5000字"}


def alert_id(name: str) -> str:
    """Return the id of the alert that a test calls ``name``."""
    return fact_id("alert", name)


def alert(change: str, name: str = "a", *, revision: int = 1, id_: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return the CloudEvent of a change of an alert."""
    data = {
        "alert_id": alert_id(name),
        "revision": revision,
        "rule": "DOC-01",
        "rule_version": 1,
        "rule_title": "文件过长",
        "severity": "warning",
        "outcome": "violated",
        "summary": "正文 6200 字，超过 5000 字",
        "subject": "act",
        "about": "990101.office",
        "place": PLACE,
        "happened_on": "2025-03-03",
        "clause": CLAUSE,
        "acts": [fact_id("oa", name)],
        "dossier_hash": "0" * 64,
        **fields,
    }
    return {
        "specversion": "1.0",
        "id": id_ or f"{name}.{revision}.{change}",
        "source": "jianfu/monitor",
        "type": f"cn.jianfu.alert.{change}.v1",
        "time": "2025-03-03T09:00:00+08:00",
        "recordedtime": "2025-03-03T09:00:00+08:00",
        "jurisdiction": data["place"],
        "unitid": "jianfu",
        "datacontenttype": "application/json",
        "data": data,
    }


def body(event: dict[str, Any]) -> bytes:
    """Return an event as it stands in the stream."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def subject(event: dict[str, Any]) -> str:
    """Return the subject of an alert's change."""
    data = event["data"]
    return f"alerts.{event['jurisdiction']}.{data['severity']}.{data['rule']}"


def change(seq: int, event: dict[str, Any], at: datetime = START) -> AlertChange:
    """Return a change as it was read."""
    return read_change(seq, at, body(event))


def delivered(seq: int, event: dict[str, Any], at: datetime = START) -> Delivery:
    """Return a message as the reader gives it."""
    return Delivery(seq, subject(event), body(event), {}, at)


def unit(name: str, kind: str = "部门", place: str = PLACE, superior: str | None = None, **more: Any) -> UnitVersion:
    """Return a unit in its first version."""
    fields = {
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "recorded": START - timedelta(days=1000),
        "fact_id": fact_id("units", f"{name}{kind}{place}{superior}{more}"),
        **more,
    }
    return UnitVersion(unit=name, name=name, kind=kind, place=place, superior=superior, **fields)  # type: ignore[arg-type]
