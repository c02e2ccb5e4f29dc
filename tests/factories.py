"""Facts for tests: valid CloudEvents with defaults, one function for each event type.

Each function takes ``id``, ``source``, ``unit``, ``place``, ``time`` and ``recorded`` of the envelope by keyword and
every other keyword as a field of the data, and returns the CloudEvent as a dict; ``data={...}`` sets fields of the data
whose names the envelope has too. ``corrected`` and ``withdrawn`` take the event that they are about.
"""

import itertools
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import contracts
from contracts.catalog import BY_NAME
from contracts.event import fact_id

Event = dict[str, Any]

EXAMPLES = Path(contracts.__file__).parent / "examples"
SOURCE = "/99/oa"
PLACE = "990101"
UNIT = "990101.office"
TOWN = "990101001.town"
TIME = "2025-03-04T09:00:00+08:00"
_ENVELOPE = ("id", "source", "unit", "place", "time", "recorded")
_numbers = itertools.count(1)


def event(name: str, fields: Event, defaults: Event, version: int = 1) -> Event:
    """Build the event ``family.verb``; the data are the defaults under the fields that are no envelope's."""
    given = {key: fields[key] for key in _ENVELOPE if key in fields}
    other = {key: value for key, value in fields.items() if key not in (*_ENVELOPE, "data")}
    data = {**defaults, **other, **fields.get("data", {})}
    time = _text(given.get("time", TIME))
    return {
        "specversion": "1.0",
        "id": given.get("id", f"{name}-{next(_numbers)}"),
        "source": given.get("source", SOURCE),
        "type": f"cn.jianfu.{name}.v{version}",
        "time": time,
        "recordedtime": _text(given.get("recorded", time)),
        "jurisdiction": given.get("place", PLACE),
        "unitid": given.get("unit", UNIT),
        "datacontenttype": "application/json",
        "data": data,
    }


def made(name: str, **fields: Any) -> Event:
    """Build an event of any type: the data of its barest published example under the fields that are given."""
    version = BY_NAME[name].version
    files = sorted((EXAMPLES / name).glob(f"v{version}-*.json"), key=lambda path: path.stat().st_size)
    return event(name, fields, json.loads(files[0].read_text("utf-8"))["data"], version)


def wire(fact: Event) -> bytes:
    """Return the bytes of an event as they stand in the stream."""
    return json.dumps(fact, ensure_ascii=False, separators=(",", ":")).encode()


def fact_of(fact: Event) -> str:
    """Return the fact id of an event."""
    return fact_id(fact["source"], fact["id"])


def subject_of(fact: Event) -> str:
    """Return the subject that an event is published on."""
    family, verb = fact["type"].split(".")[2:4]
    return f"facts.{fact['jurisdiction']}.{family}.{verb}"


def ref(fact: Event) -> Event:
    """Return a reference to an event."""
    return {"id": fact["id"], "source": fact["source"]}


def issued(**fields: Any) -> Event:
    return event(
        "doc.issued",
        fields,
        {
            "heading": "关于进一步做好基层减负工作的通知",
            "doc_no": "青办发〔2025〕12号",
            "dated": "2025-03-04",
            "genre": "通知",
            "carrier": "红头",
            "addressees": [{"unit": TOWN, "level": 4}],
            "char_count": 3200,
            "count_method": "han-punct-run-1",
            "pages": 6,
        },
    )


def received(**fields: Any) -> Event:
    return event("doc.received", fields, {"doc_no": "青办发〔2025〕12号", "received_at": TIME})


def revoked(**fields: Any) -> Event:
    return event("doc.revoked", fields, {"revoked_on": "2025-06-01"})


def convened(**fields: Any) -> Event:
    return event(
        "mtg.convened",
        fields,
        {
            "topic": "全县春耕备耕工作会议",
            "meeting_class": "三类",
            "mode": "现场",
            "starts_at": TIME,
            "ended_at": "2025-03-04T10:30:00+08:00",
            "units": [TOWN],
            "actual_attendees": 40,
        },
    )


def launched(**fields: Any) -> Event:
    targets = [{"unit": TOWN, "kind": "乡镇", "level": 4}]
    return event("ins.launched", fields, {"topic": "森林防火专项督查", "kind": "专项", "targets": targets})


def visited(**fields: Any) -> Event:
    target = {"unit": TOWN, "kind": "乡镇", "level": 4}
    return event(
        "ins.visit", fields, {"topic": "森林防火专项督查", "target": target, "visited_at": TIME, "minutes": 90}
    )


def started(**fields: Any) -> Event:
    return event(
        "sec.started",
        fields,
        {
            "loan": "loan-1",
            "person": "teacher-01",
            "person_kind": "教师",
            "from_unit": "990101001.school",
            "to_unit": UNIT,
            "started_on": "2025-03-04",
        },
    )


def extended(**fields: Any) -> Event:
    return event("sec.extended", fields, {"loan": "loan-1", "person": "teacher-01", "planned_end": "2025-08-31"})


def ended(**fields: Any) -> Event:
    return event("sec.ended", fields, {"loan": "loan-1", "person": "teacher-01", "ended_on": "2025-06-30"})


def certificate(**fields: Any) -> Event:
    return event("cert.demanded", fields, {"item": "婚姻状况证明", "issuer_kind": "村居"})


def demanded(**fields: Any) -> Event:
    defaults = {
        "subject_matter": "春耕进度",
        "addressees": [TOWN],
        "sent_at": TIME,
        "due_at": "2025-03-10T18:00:00+08:00",
    }
    return event("rpt.demanded", fields, defaults)


def submitted(**fields: Any) -> Event:
    return event("rpt.submitted", fields, {"submitted_at": "2025-03-09T12:00:00+08:00"})


def filed(**fields: Any) -> Event:
    items = [{"item": "p-1", "title": "春耕备耕", "planned": 2}]
    return event("plan.filed", fields, {"kind": "会议", "year": 2025, "items": items, "cap": 10})


def amended(**fields: Any) -> Event:
    items = [{"item": "p-1", "title": "春耕备耕", "planned": 3}]
    return event("plan.amended", fields, {"kind": "会议", "year": 2025, "items": items, "cap": 9})


def listed(**fields: Any) -> Event:
    return event(
        "list.versioned",
        fields,
        {
            "kind": "不应出具证明清单",
            "place": PLACE,
            "valid_from": "2025-01-01",
            "basis": "民发〔2020〕20号",
            "items": [{"item": "c-1", "name": "婚姻状况证明"}],
        },
    )


def registered(**fields: Any) -> Event:
    return event(
        "unit.registered",
        fields,
        {
            "unit": TOWN,
            "name": "云岭镇",
            "kind": "乡镇街道",
            "level": 4,
            "place": "990101001",
            "valid_from": "2020-01-01",
        },
    )


def assigned(**fields: Any) -> Event:
    defaults = {"unit": TOWN, "role": "党委书记", "holder": "holder-01", "valid_from": "2024-01-01"}
    return event("role.assigned", fields, defaults)


def calendar(**fields: Any) -> Event:
    defaults = {
        "year": 2025,
        "place": "00",
        "basis": "国办发明电〔2024〕12号",
        "days_off": ["2025-01-01"],
        "work_days": [],
    }
    return event("calendar.published", fields, defaults)


def day_ended(**fields: Any) -> Event:
    return event("clock.day_ended", {"source": "/99/clock", **fields}, {"day": "2025-03-04"})


def corrected(about: Event, *, changes: Event, **fields: Any) -> Event:
    """Return a correction that gives ``about`` its data with ``changes``."""
    defaults = {
        "target": ref(about),
        "target_type": about["type"],
        "replacement": {**about["data"], **changes},
        "reason": "录入有误",
    }
    return event("act.corrected", {**_place_of(about), **fields}, defaults)


def withdrawn(about: Event, **fields: Any) -> Event:
    """Return the withdrawal of ``about``."""
    return event("act.withdrawn", {**_place_of(about), **fields}, {"target": ref(about), "reason": "重复录入"})


def _place_of(about: Event) -> Event:
    return {"unit": about["unitid"], "place": about["jurisdiction"], "source": about["source"], "time": about["time"]}


def _text(moment: str | datetime) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()
