"""Who may speak on the NATS request subject: whoever may over HTTP, for the same sources, places and units."""

import json
from datetime import timedelta
from typing import Any

import pytest
from nats.aio.client import Client

from kit import clock
from kit.tokens import Principal, Role, mint, new_key_pair
from tests.factories import PLACE, SOURCE, UNIT, issued, wire, withdrawn
from tests.intake.conftest import BATCH, Intake

HOUR = timedelta(hours=1)
TARGET = issued(source="/98/oa")


def token(key: bytes, role: str, *, age: timedelta = timedelta(0), **more: Any) -> str:
    known = {"jurisdiction": PLACE, "sources": frozenset({SOURCE}), **more}
    return mint(key, Principal(f"{role}@probe", Role(role), **known), now=clock.now() - age, ttl=HOUR)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "adapter": ({}, "accepted"),
    "adapter of the unit": ({"units": frozenset({UNIT})}, "accepted"),
    "operator": ({"role": "operator", "sources": frozenset()}, "accepted"),
    "admin": ({"role": "admin", "sources": frozenset()}, "accepted"),
    "adapter of another source": ({"sources": frozenset({"/98"})}, "source"),
    "adapter of a source with a longer name": ({"sources": frozenset({f"{SOURCE}/doc"})}, "source"),
    "adapter without a source": ({"sources": frozenset()}, "source"),
    "adapter of another unit": ({"units": frozenset({"990101.school"})}, "unitid"),
    "adapter of another county": ({"jurisdiction": "990201"}, "jurisdiction"),
    "operator of another county": ({"role": "operator", "jurisdiction": "990201"}, "jurisdiction"),
    "operator of a township": ({"role": "operator", "jurisdiction": "990101001"}, "jurisdiction"),
    "office": ({"role": "office"}, "403"),
    "discipline": ({"role": "discipline"}, "403"),
    "expired": ({"age": 2 * HOUR}, "401"),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_caller_is_answered_as_over_http(intake: Intake, nc: Client, key_pair: Any, name: str) -> None:
    fields, expected = CASES[name]
    bearer = f"Bearer {token(key_pair[0], **{'role': 'adapter', **fields})}"
    for body in (wire(issued()), wire(issued())):
        over_nats = await nc.request("intake.events", b"[" + body + b"]", headers={"Authorization": bearer}, timeout=30)
        over_http = await intake.client.post(
            "/v1/events", content=b"[" + body + b"]", headers={**BATCH, "authorization": bearer}
        )
        told = [_told(json.loads(over_nats.data)), _told(over_http.json())]
        assert told == [expected, "duplicate" if expected == "accepted" else expected]
    assert len(await intake.stored()) == (2 if expected == "accepted" else 0)


def _told(answer: dict[str, Any]) -> str:
    if "results" not in answer:
        return str(answer["status"])
    [result] = answer["results"]
    return str(result["reason"]["field"] if result["result"] == "rejected" else result["result"])


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer x.y.z", "Basic YTpi", "forged", "ticket"])
async def test_without_a_good_token_nothing_is_taken(intake: Intake, nc: Client, key_pair: Any, given: str) -> None:
    from services.console.ticket import mint_ticket

    good = token(key_pair[0], "adapter")
    told = {
        "forged": f"Bearer {token(new_key_pair()[0], 'adapter')}",
        "ticket": f"Bearer {mint_ticket(key_pair[0], good, now=clock.now())}",
    }.get(given, given)
    headers = {"Authorization": told} if told else None
    answer = await nc.request("intake.events", b"[" + wire(issued()) + b"]", headers=headers, timeout=30)
    assert json.loads(answer.data)["status"] == 401
    assert await intake.stored() == []
    assert await intake.fetch("select 1 from quarantine") == []


@pytest.mark.usefixtures("intake")
async def test_an_adapter_takes_back_nothing_of_another_source(nc: Client, key_pair: Any) -> None:
    theft = withdrawn(TARGET, source=SOURCE)
    headers = {"Authorization": f"Bearer {token(key_pair[0], 'adapter')}"}
    answer = await nc.request("intake.events", b"[" + wire(theft) + b"]", headers=headers, timeout=30)
    assert _told(json.loads(answer.data)) == "data.target.source"
