"""One request for each route: how a caller asks for a county's data, and how the answer would give it away."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import factories
from tests.access.running import LONG, County

FORM = "a-form-token"
"""The hidden field of the console's forms, and the cookie that it repeats."""


@dataclass(frozen=True)
class Probe:
    """A request, and what its answer shows to those who may see the county's data."""

    path: str
    shows: str = ""
    """In the answer for those who may see; empty where an answer tells nothing of the data."""
    hides: str = ""
    """In the answer only if it tells what others may not know, beside the county's marks."""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False
    """The answer does not end by itself: it is read until it shows what it must."""


def probe(service: str, route: str, at: County) -> Probe:
    """Return how to ask ``route`` for the data of a county; ``KeyError`` for a route that nobody wrote a probe for."""
    method = route.split(maxsplit=1)[0]
    if (service, route) not in _SAME:
        return _ABOUT[service](at)[route]
    return Probe(_SAME[service, route], **({} if method == "GET" else _form()))


def _json(value: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"body": json.dumps(value, ensure_ascii=False).encode(), "headers": {"content-type": kind}}


def _form(**fields: str) -> dict[str, Any]:
    from urllib.parse import urlencode

    return {
        "body": urlencode({"form_token": FORM, **fields}).encode(),
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    }


_HEALTH = ("/livez", "/readyz", "/metrics", "/openapi.json")
_SAME = {
    **{
        (name, f"GET {path}"): path for name in ("intake", "ledger", "monitor", "notify", "console") for path in _HEALTH
    },
    ("ledger", "GET /v1/ledgers"): "/v1/ledgers",
    **{(name, "POST /v1/parked/replay"): "/v1/parked/replay" for name in ("ledger", "monitor", "notify")},
    ("monitor", "GET /v1/rules"): "/v1/rules",
    ("monitor", "GET /v1/rules/{rule}"): "/v1/rules/MTG-19",
    ("console", "GET /ledgers"): "/ledgers",
    ("console", "GET /precheck"): "/precheck",
    ("console", "GET /precheck/{key}"): "/precheck/meeting",
    ("console", "GET /precheck/compare"): "/precheck/compare",
    ("console", "POST /precheck/compare"): "/precheck/compare",
    ("console", "GET /rules"): "/rules",
    ("console", "GET /rules/{rule_id}"): "/rules/MTG-19",
    ("console", "GET /keys"): "/keys",
    ("console", "GET /login"): "/login?ticket=none",
    ("console", "POST /logout"): "/logout",
}
"""Routes whose answer is the same wherever the caller is."""


def _intake(at: County) -> dict[str, Probe]:
    common = {"place": at.place, "unit": at.unit, "source": at.source}
    event = factories.received(id="probe", **common)
    return {
        "POST /v1/events": Probe(
            "/v1/events", '"position"', hides='"fact_id"', **_json(event, "application/cloudevents+json")
        ),
        "POST /v1/imports": Probe("/v1/imports", '"accepted"', hides='"accepted"', **_upload(at)),
        "GET /v1/quarantine": Probe(f"/v1/quarantine?source={at.source}", at.quarantined),
        "POST /v1/quarantine/{entry_id}/replay": Probe(f"/v1/quarantine/{at.quarantined}/replay", '"result"'),
        "GET /v1/sources": Probe("/v1/sources", at.source),
    }


def _upload(at: County) -> dict[str, Any]:
    fields = {"kind": "documents", "jurisdiction": at.place, "unit": at.unit, "year": "2025", "dry_run": "true"}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    parts.append(
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n标题,文号\r\n\r\n--x--\r\n'
    )
    return {"body": "".join(parts).encode(), "headers": {"content-type": "multipart/form-data; boundary=x"}}


def _ledger(at: County) -> dict[str, Probe]:
    return {
        "GET /v1/ledgers/{ledger}": Probe(f"/v1/ledgers/documents?jurisdiction={at.place}", at.words),
        "GET /v1/acts/{act_id}": Probe(f"/v1/acts/{at.act}", at.words),
        "GET /v1/counts": Probe(f"/v1/counts?year=2025&jurisdiction={at.place}", at.unit),
        "GET /v1/plans": Probe(f"/v1/plans?year=2025&owner={at.unit}", '"planned"'),
        "GET /v1/units": Probe(f"/v1/units?jurisdiction={at.place}", at.unit),
        "GET /v1/parked": Probe("/v1/parked", f"facts.{at.place}.doc.unreadable", hides=f"facts.{at.place}."),
    }


def _monitor(at: County) -> dict[str, Probe]:
    draft = {"type": "mtg.convened", "jurisdiction": at.place, "unitid": at.unit, "data": {"topic": "会议", **LONG}}
    return {
        "GET /v1/alerts": Probe(f"/v1/alerts?jurisdiction={at.place}", at.alert),
        "GET /v1/alerts/counts": Probe(f"/v1/alerts/counts?jurisdiction={at.place}", at.rule, hides='"severity"'),
        "GET /v1/alerts/{alert_id}": Probe(f"/v1/alerts/{at.alert}", at.unit),
        "GET /v1/alerts/{alert_id}/dossier": Probe(f"/v1/alerts/{at.alert}/dossier", at.unit),
        "GET /v1/alerts/{alert_id}/replay": Probe(f"/v1/alerts/{at.alert}/replay", at.unit),
        "GET /v1/acts/{act_id}/verdicts": Probe(f"/v1/acts/{at.act}/verdicts", '"verdict"', hides='"verdict"'),
        "POST /v1/precheck": Probe("/v1/precheck", '"verdict"', hides='"verdict"', **_json(draft)),
        "GET /v1/coverage": Probe(f"/v1/coverage?jurisdiction={at.place}", at.source),
        "GET /v1/backtests": Probe("/v1/backtests", at.words),
        "GET /v1/backtests/{number}": Probe(f"/v1/backtests/{at.backtest}", at.words),
        "GET /v1/shadow": Probe("/v1/shadow", at.words),
        "GET /v1/forecasts": Probe(f"/v1/forecasts?year=2025&unit={at.unit}", '"count"', hides='"count"'),
        "GET /v1/parked": Probe("/v1/parked", f"facts.{at.place}.doc.unreadable", hides=f"facts.{at.place}."),
    }


def _notify(at: County) -> dict[str, Probe]:
    return {
        "GET /v1/stream": Probe(f"/v1/stream?after=0&jurisdiction={at.place}", at.alert, streams=True),
        "GET /v1/deliveries": Probe(f"/v1/deliveries?about={at.alert}", '"receiver"', hides='"receiver"'),
        "POST /v1/clues": Probe("/v1/clues", "", hides=at.unit, **_json({"alert_id": at.alert, "note": "请核查"})),
        "GET /v1/clues": Probe(f"/v1/clues?jurisdiction={at.place}", at.clue),
        "GET /v1/clues/{clue_id}": Probe(f"/v1/clues/{at.clue}", at.alert),
        "POST /v1/clues/{clue_id}/receive": Probe(f"/v1/clues/{at.clue}/receive", ""),
        "POST /v1/clues/{clue_id}/refuse": Probe(f"/v1/clues/{at.clue}/refuse", "", **_json({"reason": "不属于职责"})),
        "GET /v1/parked": Probe("/v1/parked", f"alerts.{at.place}.warning.DOC-01", hides=f"alerts.{at.place}."),
    }


def _console(at: County) -> dict[str, Probe]:
    meeting = {"unit_id": at.unit, "f.topic": "会议", "f.mode": "网络视频"}
    return {
        "GET /": Probe("/", at.alert),
        "GET /ledgers/{ledger}": Probe(f"/ledgers/documents?jurisdiction={at.place}", at.words),
        "GET /ledgers/{ledger}/export.xlsx": Probe(f"/ledgers/documents/export.xlsx?jurisdiction={at.place}", at.words),
        "GET /acts/{act_id}": Probe(f"/acts/{at.act}", at.words),
        "GET /alerts": Probe(f"/alerts?jurisdiction={at.place}", at.alert),
        "GET /alerts/{alert_id}": Probe(f"/alerts/{at.alert}", at.rule),
        "POST /alerts/{alert_id}/hand-over": Probe(f"/alerts/{at.alert}/hand-over", "", **_form(note="请核查")),
        "GET /live/alerts": Probe(f"/live/alerts?after=0&jurisdiction={at.place}", at.alert, streams=True),
        "GET /clues": Probe("/clues", at.clue),
        "GET /clues/{clue_id}": Probe(f"/clues/{at.clue}", at.alert),
        "POST /clues/{clue_id}/receive": Probe(f"/clues/{at.clue}/receive", "", **_form()),
        "POST /clues/{clue_id}/refuse": Probe(f"/clues/{at.clue}/refuse", "", **_form(reason="不属于职责")),
        "POST /precheck/{key}": Probe("/precheck/meeting", "", **_form(**meeting)),
        "GET /rules/coverage": Probe("/rules/coverage", at.source),
        "GET /rules/backtests": Probe("/rules/backtests", at.words),
        "GET /rules/backtests/{number}": Probe(f"/rules/backtests/{at.backtest}", at.words),
        "GET /rules/shadow": Probe("/rules/shadow", at.words),
        "GET /sources": Probe("/sources", at.source),
        "GET /quarantine": Probe("/quarantine", at.quarantined),
        "POST /quarantine/{entry}/replay": Probe(f"/quarantine/{at.quarantined}/replay", "", **_form()),
    }


_ABOUT = {"intake": _intake, "ledger": _ledger, "monitor": _monitor, "notify": _notify, "console": _console}
