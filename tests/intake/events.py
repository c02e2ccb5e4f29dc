"""Events as adapters send them."""

from typing import Any

import msgspec

SOURCE = "/oa/qinghe"
COUNTY = "990101"
TOWN = "990101001"


def issued(id_: str = "doc-1", *, data: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """Return a document that the county's office issued; None takes an attribute away."""
    event = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": "cn.jianfu.doc.issued.v1",
        "time": "2026-09-01T09:00:00+08:00",
        "jurisdiction": COUNTY,
        "unitid": "qinghe-office",
        "data": {
            "heading": "关于召开防汛工作会议的通知",
            "doc_no": "青办发〔2026〕1号",
            "dated": "2026-09-01",
            **(data or {}),
        },
        **attributes,
    }
    return {name: value for name, value in event.items() if value is not None}


def raw(event: object) -> bytes:
    return msgspec.json.encode(event)


def raw_issued(id_: str = "doc-1", **changes: Any) -> bytes:
    return raw(issued(id_, **changes))
