"""One day of a county through the real system: everything that goes in over HTTP and NATS is seen by everybody it concerns."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from nats.js.api import StorageType

from deploy import cli
from deploy.embedded.ports import LOOPBACK
from kit.nats import connect
from tests import factories
from tests.ending import ended
from tests.eventually import PATIENCE, eventually
from tests.factories import Event, fact_of
from tests.system import truth
from tests.system.running import SERVICES, TARGETS, Running
from tests.system.stage import stage
from tests.system.telling import Follower, Webhook

pytestmark = pytest.mark.system

JSON = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ON_DISK = ("fsync", "synchronous_commit", "full_page_writes")
SOURCE = factories.SOURCE
DESK = "990101.jw"
SECRET = "关于某某重点目标的机密★一年通知"

UNITS = (
    ("99.gov", "省政府", "政府", 1, "99", None),
    ("9901.gov", "市政府", "政府", 2, "9901", "99.gov"),
    ("990101.gov", "县政府", "政府", 3, "990101", "9901.gov"),
    (factories.UNIT, "县政府办公室", "办公室", 3, "990101", "990101.gov"),
    (DESK, "县纪委监委", "纪检监察", 3, "990101", None),
)
REGISTERED = [
    factories.registered(id=f"unit-{unit}", unit=unit, place=place, data={
        "unit": unit, "name": name, "kind": kind, "level": level, "place": place, "superior": superior,
    })
    for unit, name, kind, level, place, superior in UNITS
]  # fmt: skip
DOCUMENT = factories.issued(id="doc-1", char_count=5200)
ABOVE = factories.convened(
    id="mtg-above", place="99", unit="99.gov", time="2025-05-12T09:00:00+08:00", topic="全省防汛工作视频会议",
    mode="网络视频", starts_at="2025-05-12T09:00:00+08:00", ended_at="2025-05-12T10:00:00+08:00", reach_level=4,
)  # fmt: skip
AGAIN = factories.convened(
    id="mtg-again", time="2025-05-14T09:00:00+08:00", topic="全县防汛工作会议",
    starts_at="2025-05-14T09:00:00+08:00", ended_at="2025-05-14T10:00:00+08:00",
)  # fmt: skip
LONG = factories.convened(
    id="mtg-long", topic="全县教育工作会议", mode="网络视频",
    starts_at="2025-03-04T09:00:00+08:00", ended_at="2025-03-04T12:00:00+08:00",
)  # fmt: skip
FIX = factories.corrected(
    LONG, id="fix-1", changes={"ended_at": "2025-03-04T10:00:00+08:00"}, recorded="2025-03-05T09:00:00+08:00"
)
CERTIFICATE = factories.certificate(id="cert-1")


@dataclass
class Day:
    """The running system after the day, what everybody was answered, and who was told."""

    system: Running
    hooks: Mapping[str, Webhook]
    follower: Follower
    answers: dict[str, list[dict[str, Any]]]

    async def post(self, body: object, mode: str = JSON) -> httpx.Response:
        """Post to intake as the county's adapter."""
        headers = {**self.system.bearer("adapter"), "content-type": mode}
        async with httpx.AsyncClient(timeout=60) as http:
            return await http.post(f"{self.system.url('intake')}/v1/events", json=body, headers=headers)

    async def get(self, service: str, path: str, **who: Any) -> Any:
        """Return the JSON that a service answers to an operator, or to whom the keywords name."""
        headers = self.system.bearer(**{"role": "operator", **who})
        async with httpx.AsyncClient(timeout=60) as http:
            return (await http.get(f"{self.system.url(service)}{path}", headers=headers)).raise_for_status().json()

    async def alert(self, rule: str, fact: Event) -> dict[str, Any]:
        """Return the one standing alert of a rule about an act."""
        found = (await self.get("monitor", f"/v1/alerts?rule={rule}&act={fact_of(fact)}"))["items"]
        assert len(found) == 1, found
        alert: dict[str, Any] = found[0]
        return alert


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    """Give the system after the day has been posted and everybody has come to rest."""
    folder = tmp_path_factory.mktemp("day")
    async with stage(folder) as everybody:
        day = Day(everybody.system, everybody.hooks, everybody.follower, {})
        await _live(day)
        await everybody.rest(within=PATIENCE)
        yield day


async def _live(day: Day) -> None:
    """Post the day; the correction comes before what it corrects."""
    await _say(day, "units", REGISTERED, BATCH)
    await _say(day, "fix", FIX)
    await _say(day, "long", LONG)
    await _say(day, "document", DOCUMENT)
    await _say(day, "meetings", [ABOVE, AGAIN], BATCH)
    await _say(day, "twice", [DOCUMENT, {**DOCUMENT, "data": {**DOCUMENT["data"], "pages": 7}}], BATCH)
    rubbish = [17, {**AGAIN, "id": "bad-time", "time": "昨天"}, {**DOCUMENT, "id": "doc-secret", "data": _secret()}]
    await _say(day, "rubbish", [factories.launched(id="ins-1"), *rubbish, factories.visited(id="visit-1")], BATCH)
    connection = await connect(day.system.nats_of("adapter"), name="test")
    answer = await connection.request(
        "intake.events",
        json.dumps([CERTIFICATE, DOCUMENT]).encode(),
        headers={"Authorization": day.system.bearer("adapter")["authorization"]},
        timeout=60,
    )
    await connection.close()
    day.answers["nats"] = json.loads(answer.data)["results"]


async def _say(day: Day, name: str, body: object, mode: str = JSON) -> None:
    answer = await day.post(body, mode)
    assert answer.status_code == 200, answer.text
    day.answers[name] = answer.json()["results"]


def _secret() -> dict[str, Any]:
    return {**DOCUMENT["data"], "heading": SECRET}


def results(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["result"] for answer in answers]


def test_every_item_is_answered_by_itself(day: Day) -> None:
    assert {name: results(answers) for name, answers in day.answers.items()} == {
        "units": ["accepted"] * 5,
        "fix": ["accepted"],
        "long": ["accepted"],
        "document": ["accepted"],
        "meetings": ["accepted", "accepted"],
        "twice": ["duplicate", "conflict"],
        "rubbish": ["accepted", "rejected", "rejected", "rejected", "accepted"],
        "nats": ["accepted", "duplicate"],
    }
    reasons = [(answer["reason"] or {}).get("code") for answer in day.answers["rubbish"]]
    assert reasons == [None, "invalid", "invalid", "secret", None]
    assert day.answers["twice"][0]["position"] == day.answers["document"][0]["position"]


async def test_the_ledgers_hold_what_was_accepted(day: Day) -> None:
    rows = {}
    for ledger in ("documents", "meetings", "inspections", "certificates"):
        items = (await day.get("ledger", f"/v1/ledgers/{ledger}"))["items"]
        rows[ledger] = {item["act_id"]: item for item in items}
    assert {name: len(found) for name, found in rows.items()} == {
        "documents": 1,
        "meetings": 3,
        "inspections": 2,
        "certificates": 1,
    }
    assert rows["documents"][fact_of(DOCUMENT)]["doc_no"] == "青办发〔2025〕12号"
    assert rows["meetings"][fact_of(LONG)]["minutes"] == 60
    history = (await day.get("ledger", f"/v1/acts/{fact_of(LONG)}"))["history"]
    assert [step["fact_id"] for step in history] == [fact_of(FIX), fact_of(LONG)]
    counts = (await day.get("ledger", "/v1/counts?year=2025"))["items"]
    assert {(one["family"], one["unit_id"], one["month"]): one["n"] for one in counts} == {
        ("doc", factories.UNIT, "2025-03"): 1,
        ("mtg", factories.UNIT, "2025-03"): 1,
        ("mtg", factories.UNIT, "2025-05"): 1,
        ("mtg", "99.gov", "2025-05"): 1,
        ("ins", factories.UNIT, "2025-03"): 1,
        ("visit", factories.UNIT, "2025-03"): 1,
        ("cert", factories.UNIT, "2025-03"): 1,
    }


async def test_the_second_meeting_is_an_alert_with_its_clause(day: Day) -> None:
    alert = await day.alert("MTG-06", AGAIN)
    assert (alert["severity"], alert["unit_id"]) == ("serious", factories.UNIT)
    assert "不得召开“二次会议”部署" in alert["clause"]["quote"]
    sheet = await day.get("monitor", f"/v1/acts/{fact_of(AGAIN)}/verdicts")
    assert {one["rule"]: one["verdict"] for one in sheet["verdicts"]}["MTG-06"] == "violated"
    corrected = await day.get("monitor", f"/v1/acts/{fact_of(LONG)}/verdicts")
    assert {one["rule"]: one["verdict"] for one in corrected["verdicts"]}["MTG-19"] == "complied"


async def test_everybody_was_told(day: Day) -> None:
    alerts = (await day.get("monitor", "/v1/alerts"))["items"]
    standing = {alert["alert_id"] for alert in alerts}
    assert len(standing) > 3
    await truth.everybody_was_told(day.system, standing, day.hooks, day.follower)


async def test_an_event_stream_goes_on_behind_the_last_event_seen(day: Day) -> None:
    await eventually(lambda: len(day.follower.seen) > 3)
    before = [position for position, _ in day.follower.seen]
    late = Follower(day.system, last=before[1])
    following = asyncio.create_task(late.run())
    try:
        await eventually(lambda: late.positions()[: len(before) - 2], before[2:])
    finally:
        await ended(following)


async def test_an_alert_is_handed_over_and_signed_for(day: Day) -> None:
    alert = await day.alert("MTG-06", AGAIN)
    notify = day.system.url("notify")
    desk = day.system.bearer("discipline", "990101", (DESK,))
    async with httpx.AsyncClient(base_url=notify) as http:
        handed = await http.post(
            "/v1/clues", json={"alert_id": alert["alert_id"]}, headers=day.system.bearer("operator", "990101")
        )
        assert handed.status_code == 201, handed.text
        clue = handed.json()
        assert (clue["desk"], clue["state"]) == (DESK, "open")
        stranger = day.system.bearer("discipline", "990101", ("990101.other",))
        refused = await http.post(f"/v1/clues/{clue['clue_id']}/receive", headers=stranger)
        assert refused.status_code in {403, 404}
        signed = await http.post(f"/v1/clues/{clue['clue_id']}/receive", headers=desk)
        assert (signed.status_code, signed.json()["state"]) == (200, "received"), signed.text
    await eventually(lambda: truth.unsettled(day.system), "")
    assert len(await truth.stream(day.system.clues, "CLUES")) == 2


async def test_quarantine_shows_what_was_refused_and_nothing_that_looks_classified(day: Day) -> None:
    listed = await day.get("intake", "/v1/quarantine")
    assert sorted(one["reason"]["code"] for one in listed["items"]) == ["conflict", "invalid", "invalid"]
    assert "doc-secret" not in json.dumps(listed)
    assert SECRET not in json.dumps(listed, ensure_ascii=False)


async def test_every_service_says_that_it_is_ready(day: Day) -> None:
    for service in SERVICES:
        async with httpx.AsyncClient(timeout=60) as http:
            answer = await http.get(f"{day.system.url(service)}/readyz")
        assert answer.status_code == 200, (service, answer.text)
        assert set(answer.json()["checks"].values()) <= {"ok"}


async def test_acknowledged_means_on_disk_by_the_servers_own_word(day: Day) -> None:
    for service in ("intake", "ledger", "monitor", "notify"):
        db = await asyncpg.connect(day.system.database(service))
        try:
            rows = await db.fetch("select name, setting from pg_settings where name = any($1)", [*ON_DISK])
            assert {row["name"] for row in rows if row["setting"] == "on"} == set(ON_DISK), service
            assert await db.fetchval("select count(*) from pg_class where relpersistence = 'u'") == 0
        finally:
            await db.close()
    async with httpx.AsyncClient(timeout=60) as http:
        told = (await http.get(f"http://{LOOPBACK}:{day.system.port('nats-monitoring')}/varz")).json()
    assert told["jetstream"]["config"]["sync_always"] is True
    for address, names in ((day.system.nats, {"FACTS", "ALERTS"}), (day.system.clues, {"CLUES"})):
        connection = await connect(address, name="test")
        streams = await connection.jetstream().streams_info()
        await connection.close()
        assert {info.config.name for info in streams} == names
        assert {info.config.storage for info in streams} == {StorageType.FILE}


async def test_whatever_is_killed_comes_back_and_nothing_is_missing(day: Day) -> None:
    posted = []
    for number, target in enumerate(TARGETS):
        assert day.system.kill(target), target
        posted.append(factories.issued(id=f"after-{number}", doc_no=f"青办发〔2025〕{100 + number}号"))
        await eventually(lambda: _taken(day, posted[-1]))
    await eventually(lambda: truth.unsettled(day.system), "")
    rows = (await day.get("ledger", "/v1/ledgers/documents"))["items"]
    assert {row["act_id"] for row in rows} == {fact_of(fact) for fact in (DOCUMENT, *posted)}
    alerts = {alert["alert_id"] for alert in (await day.get("monitor", "/v1/alerts?limit=200"))["items"]}
    await truth.everybody_was_told(day.system, alerts, day.hooks, day.follower)
    clues = (await day.get("notify", "/v1/clues", role="discipline", place="990101", units=(DESK,)))["items"]
    assert [clue["state"] for clue in clues] == ["received"]


async def _taken(day: Day, fact: Event) -> bool:
    try:
        answer = await day.post(fact)
    except httpx.TransportError:
        return False
    assert answer.status_code in {200, 503}, answer.text
    return answer.status_code == httpx.codes.OK


async def test_what_nobody_can_read_is_parked_by_each_reader_and_listed_by_the_command(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = await connect(day.system.nats, name="test")
    for subject in ("facts.990101.doc.issued", "alerts.990101.warning.DOC-01"):
        await connection.jetstream().publish(subject, b"{")
    await connection.close()
    await eventually(lambda: truth.unsettled(day.system), "")
    home = ["--home", str(day.system.root)]
    assert await asyncio.to_thread(cli.main, ["parked", "list", *home]) == 1
    *lines, total = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ledger", "monitor", "notify"]
    assert all("body: 不是有效的 JSON" in line for line in lines)
    assert total == "共 3 条被搁置"
    assert await asyncio.to_thread(cli.main, ["parked", "replay", "notify", *home]) == 1
    assert capsys.readouterr().out == "notify  已处理 0 条，仍搁置 1 条\n"
