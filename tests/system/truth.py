"""What must be true of a system that has come to rest, found out without its own services: from the stream and the tables."""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

import asyncpg
import httpx
import nats.errors

from contracts.event import fact_id
from kit.nats import connect
from services.ledger.rebuild import rebuild
from services.monitor.book import load, shipped
from tests.eventually import eventually
from tests.monitor.test_apply import expected
from tests.system.running import Running
from tests.system.telling import Follower, Webhook

CHINA: Final = timezone(timedelta(hours=8))
Event = dict[str, Any]

_DAYS: Final = {
    "doc.issued": ("doc", "dated"),
    "mtg.convened": ("mtg", "starts_at"),
    "ins.launched": ("ins", None),
    "ins.visit": ("visit", "visited_at"),
    "cert.demanded": ("cert", None),
    "rpt.demanded": ("rpt", "sent_at"),
}
"""Acts that are one row each: what they are counted as, and the field of their data that says when; None: the event's time."""


class Stored(NamedTuple):
    """One message of a stream."""

    seq: int
    msg_id: str
    body: bytes


async def stream(url: str, name: str) -> list[Stored]:
    """Return everything that a stream holds, in order."""
    connection = await connect(url, name="test")
    try:
        js = connection.jetstream()
        last = (await js.stream_info(name)).state.last_seq
        found: list[Stored] = []
        subscription = await js.subscribe("", stream=name, ordered_consumer=True)
        while not found or found[-1].seq < last:
            message = await subscription.next_msg(timeout=30)
            found.append(Stored(message.metadata.sequence.stream, (message.headers or {})["Nats-Msg-Id"], message.data))
        return found
    finally:
        await connection.close()


async def unsettled(system: Running) -> str:
    """Return what the system still has to do, "" when it is at rest."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, nats.errors.Error):
        if work := await _work(system):
            return work
        return "".join(f"{service}: {why} " for service, why in (await system.troubles()).items())
    return "a server is away"


_NOTIFY_WORK: Final = """
    select (select coalesce(max(seq), 0) from checkpoint where stream = 'ALERTS') as alerts,
           (select count(*) from outbox) as outbox,
           (select count(*) from delivery where completed_at is null and state <> 'cancelled') as deliveries"""
_MONITOR_WORK: Final = "select (select max(position) from checkpoint) as facts, (select count(*) from outbox) as outbox"


_LEDGER_WORK: Final = "select (select position from checkpoint) as position, (select count(*) from outbox) as outbox"


async def _work(system: Running) -> str:
    """Return which reader is not at the end of its stream, or what still waits to leave."""
    notify = await _one(system, "notify", _NOTIFY_WORK)
    monitor = await _one(system, "monitor", _MONITOR_WORK)
    ledger = await _one(system, "ledger", _LEDGER_WORK)
    connection = await connect(system.nats, name="test", patience=2)
    try:  # after the tables: what an outbox let go meanwhile is at the end of a stream
        js = connection.jetstream()
        facts, alerts = [(await js.stream_info(name)).state.last_seq for name in ("FACTS", "ALERTS")]
    finally:
        await connection.close()
    wanted = {"ledger": facts, "monitor": facts, "notify": alerts}
    have = {"ledger": ledger["position"], "monitor": monitor["facts"], "notify": notify["alerts"]}
    waiting = {"alerts and their entries to publish": monitor["outbox"], "facts to publish": notify["outbox"]}
    waiting["checkpoints to publish"] = ledger["outbox"]
    waiting["deliveries"] = notify["deliveries"]
    behind = [f"{name} at {have[name]} of {end}" for name, end in wanted.items() if have[name] != end]
    return ", ".join(behind + [f"{count} {what}" for what, count in waiting.items() if count])


async def _one(system: Running, service: str, statement: str) -> asyncpg.Record:
    [row] = await _rows(system, service, statement)
    return row


async def _rows(system: Running, service: str, statement: str) -> list[asyncpg.Record]:
    everywhere = {"search_path": service, "app.jurisdiction": "00"}  # where rows are shown by jurisdiction only
    db = await asyncpg.connect(system.database(service), server_settings=everywhere)
    try:
        return list(await db.fetch(statement))
    finally:
        await db.close()


# ---------------------------------------------------------------- facts


async def journal_equals_stream(system: Running) -> list[Stored]:
    """Prove that the journal is FACTS, byte for byte and in a chain; return the first occurrences of all facts.

    What the log says of itself is left out: nobody sent it.
    """
    stored = await stream(system.nats, "FACTS")
    rows = await _rows(
        system, "ledger", "select position, fact_id, repeats, body, prev_hash, hash from journal order by position"
    )
    del rows[len(stored) :]  # a checkpoint may come at any time
    assert [(row["position"], row["fact_id"], row["body"]) for row in rows] == stored
    head = bytes(32)
    seen: dict[str, int] = {}
    for row in rows:
        assert row["prev_hash"] == head
        head = hashlib.sha256(head + row["position"].to_bytes(8, "big") + hashlib.sha256(row["body"]).digest()).digest()
        assert row["hash"] == head
        assert row["repeats"] == seen.get(row["fact_id"])
        seen.setdefault(row["fact_id"], row["position"])
    firsts = set(seen.values())
    return [one for one in stored if one.seq in firsts and b'"cn.jianfu.log.checkpointed.v1"' not in one.body]


def said(body: bytes) -> Event:
    """Return what a sender said, without what intake stamps on it."""
    event: Event = json.loads(body)
    return {key: value for key, value in event.items() if key != "traceparent"}


# ---------------------------------------------------------------- ledgers


async def ledgers_equal_a_fold(system: Running, facts: Iterable[Event]) -> None:
    """Prove every ledger equal to one built anew from the journal, and the counts to a naive count of the facts."""
    report = await rebuild(system.database("ledger"))
    assert report.equal, report
    async with httpx.AsyncClient(base_url=system.url("ledger"), headers=system.bearer("operator")) as client:
        answer = await client.get("/v1/counts", params={"year": 2025, "limit": 20_000})
    items = answer.raise_for_status().json()["items"]
    counted = {
        (one["family"], one["unit_id"], one["month"]): one["n"]
        for one in items
        if one["n"] and one["family"] in {family for family, _ in _DAYS.values()}
    }
    assert counted == naive_counts(facts)


def naive_counts(facts: Iterable[Event]) -> dict[tuple[str, str, str], int]:
    """Count the acts of 2025 that stand: (family, unit, month) -> how many."""
    acts = {fact_id(fact["source"], fact["id"]): fact for fact in facts}
    amendments: dict[str, list[tuple[datetime, str]]] = {}
    for name, fact in acts.items():
        if kind(fact).startswith("act."):
            target = fact["data"]["target"]
            about = fact_id(target.get("source") or fact["source"], target["id"])
            amendments.setdefault(about, []).append((datetime.fromisoformat(fact["recordedtime"]), name))
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, fact in acts.items():
        found = [acts[one] for _, one in sorted(amendments.get(name, ()))]
        if kind(fact) not in _DAYS or any(kind(one) == "act.withdrawn" for one in found):
            continue
        replaced = [one["data"] for one in found if one["data"]["target_type"] == fact["type"]]
        data = replaced[-1]["replacement"] if replaced else fact["data"]
        family, field = _DAYS[kind(fact)]
        month = _day(data[field] if field else fact["time"])[:7]
        if month.startswith("2025"):
            counts[family, fact["unitid"], month] += 1
    return dict(counts)


def kind(fact: Event) -> str:
    """Return the family and verb of an event."""
    return str(fact["type"]).removeprefix("cn.jianfu.").rpartition(".v")[0]


def _day(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return text if moment.tzinfo is None else moment.astimezone(CHINA).date().isoformat()


# ---------------------------------------------------------------- alerts


async def alerts_equal_the_oracle(system: Running, bodies: Sequence[bytes]) -> set[str]:
    """Prove the standing alerts equal to those of the naive way, in the tables and over HTTP; return their ids."""
    rows = await _rows(system, "monitor", "select alert_id, digest from alert where state = 'standing'")
    standing = {row["alert_id"]: row["digest"] for row in rows}
    assert standing == expected(load(*shipped()), bodies)
    shown: set[str] = set()
    after: str | None = None
    async with httpx.AsyncClient(base_url=system.url("monitor"), headers=system.bearer("operator")) as client:
        while True:
            params = {"limit": "200", **({"after": after} if after else {})}
            page = (await client.get("/v1/alerts", params=params)).raise_for_status().json()
            shown |= {one["alert_id"] for one in page["items"]}
            after = page["next"]
            if after is None:
                break
    assert shown == set(standing)
    return shown


async def everybody_was_told(
    system: Running, standing: set[str], hooks: Mapping[str, Webhook], follower: Follower
) -> None:
    """Prove that each receiver heard of each alert that stands and of no other than were ever raised, and the stream all."""
    changes = [json.loads(one.body)["data"] for one in await stream(system.nats, "ALERTS")]
    streamed = {(change["alert_id"], change["revision"]) for change in changes}
    await eventually(lambda: set(follower.revisions()) >= streamed)  # it may have to come back first
    raised = {change["alert_id"] for change in changes}
    for name, hook in hooks.items():
        told = hook.alert_ids()
        assert not hook.forged()
        assert standing <= told <= raised, f"{name}: {len(standing - told)} of {len(standing)} alerts are missing"
    ways = await _rows(system, "notify", "select distinct state from delivery")
    assert {row["state"] for row in ways} <= {"delivered", "cancelled"}
    assert list(follower.positions()) == sorted(set(follower.positions()))
    assert set(follower.revisions()) == streamed
    assert len(follower.revisions()) == len(set(follower.revisions()))
