"""Make one copy of the log anew from the other, and prove it equal to what was signed before anything is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from contracts.catalog import ContractBroken, FromTheFuture, decode
from contracts.log import LogCheckpointed
from kit.db import Connection, Pool
from kit.errors import Conflict
from kit.publish import Outgoing, publish_batch
from kit.streams import FACTS, ensure_stream
from services.ledger import queries_audit, store_proof
from services.ledger.auditing import read_entries, verify
from services.ledger.chain import GENESIS, Algorithm, link
from services.ledger.facts import open_envelope
from services.ledger.projections import load_ledgers
from services.ledger.proof import TYPE, PublicKeys, Signed, is_genuine, stated
from services.ledger.recording import Recorder
from services.ledger.store import Entry
from services.ledger.stream_copy import messages

_STREAM: Final = "FACTS"
_SIZE: Final = 2000
_MARK: Final = TYPE.encode()


class _End(NamedTuple):
    """Where a stream ends."""

    position: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restoration."""

    entries: int
    checkpoints: int
    """Signed checkpoints that the new copy was proved with."""


async def restore_journal(
    pool: Pool,
    js: JetStreamContext,
    keys: PublicKeys,
    *,
    algorithm: Algorithm = "sha256",
    witnessed: Sequence[Signed] = (),
    cut: bool = False,
) -> Restored:
    """Empty the ledger's schema and read the stream from its first message; no ledger may be running.

    First the stream alone is followed: it must have no gap and agree with every checkpoint that it states, with those
    that the ledger still holds and with those kept elsewhere; and the journal must not go on behind its end, unless
    ``cut``. Raises ``Conflict`` otherwise, with nothing changed.
    """
    async with pool.acquire() as db:
        kept = [one for one in await queries_audit.signed_checkpoints(db) if is_genuine(one, keys)]
    signed, end = await _proved(js, keys, algorithm, [*witnessed, *kept])
    if not cut:
        await _demand_end(pool, end)
    recorder = Recorder.of(pool, load_ledgers(), algorithm)
    async with pool.acquire() as db, db.transaction():
        if await store_proof.ledgers_running(db):
            raise Conflict("台账服务正在运行，请先停止它")
        await store_proof.empty(db)
    async for deliveries in messages(js, _STREAM):
        await recorder.record(deliveries)
    async with pool.acquire() as db, db.transaction():
        await store_proof.add_signed(db, signed)
    found = await verify(pool, js, keys, witnessed=witnessed)
    if found.fault is not None:
        raise Conflict(f"重建后的核验没有通过：位置 {found.fault.position}，{found.fault.copy}，{found.fault.what}")
    return Restored(found.entries, found.checkpoints)


async def _proved(
    js: JetStreamContext, keys: PublicKeys, algorithm: Algorithm, witnessed: Sequence[Signed]
) -> tuple[list[Signed], _End]:
    """Follow the chain over the stream; return the checkpoints that it states, all genuine and met, and its end."""
    head, at = GENESIS, 0
    hashes = bytearray()
    found: list[Signed] = []
    async for deliveries in messages(js, _STREAM):
        for one in deliveries:
            at += 1
            if one.seq != at:
                raise Conflict(f"事件流缺少位置 {at}，不能由它重建日志")
            head = link(algorithm, head, at, one.body)
            hashes += head
            if _MARK in one.body and (signed := _stated(one.body)) is not None:
                if not is_genuine(signed, keys):
                    raise Conflict(f"位置 {at} 的检查点签名不成立（公钥对吗？）")
                found.append(signed)
    for signed in (*found, *witnessed):
        if signed.position > at:
            raise Conflict(f"事件流只到位置 {at}，签名检查点到位置 {signed.position}：它被截断过")
        if hashes[32 * signed.position - 32 : 32 * signed.position] != signed.hash:
            raise Conflict(
                f"事件流与位置 {signed.position} 的签名检查点（{signed.algorithm}）不符：它被改动过，或应使用另一种哈希算法"
            )
    return sorted(set(found)), _End(at, head)


async def _demand_end(pool: Pool, end: _End) -> None:
    """Refuse where the journal's chain goes on behind the end of the stream: to restore it would lose the rest."""
    async with pool.acquire() as db:
        following = await queries_audit.entries(db, end.position, 1)
    for one in following:
        if one.position == end.position + 1 and one.prev_hash == end.head:
            raise Conflict(f"日志在位置 {end.position} 之后还有接续的条目，事件流没有；确认要舍弃它们，请加 --cut")


def _stated(body: bytes) -> Signed | None:
    try:
        event = decode(body).event
    except (ContractBroken, FromTheFuture):
        return None
    return stated(event) if isinstance(event, LogCheckpointed) else None


async def restore_stream(nc: Client, pool: Pool, keys: PublicKeys, *, replace: bool = False) -> Restored:
    """Publish the journal's bodies in their order, with the same ids, into a stream that holds nothing or a beginning of them.

    First the journal alone is audited. A stream that holds anything else is removed if ``replace``. Raises ``Conflict``
    where the journal is not sound, the stream may not be replaced or a body comes to another position.
    """
    found = await verify(pool, None, keys)
    if found.fault is not None:
        raise Conflict(f"日志没有通过核验，不能由它重建事件流：位置 {found.fault.position}，{found.fault.what}")
    js = nc.jetstream()
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
        held = await _held(db, js)
        if held is None:
            if not replace:
                raise Conflict("现有事件流与日志不同；确认要以日志取代它，请加 --yes")
            await js.delete_stream(_STREAM)
        await ensure_stream(js, FACTS)
        async for entries in read_entries(db, held or 0):
            await _publish(nc, db, entries)
    compared = await verify(pool, js, keys)
    if compared.fault is not None:
        raise Conflict(f"重建后的核验没有通过：位置 {compared.fault.position}，{compared.fault.what}")
    return Restored(compared.entries, compared.checkpoints)


async def _held(db: Connection, js: JetStreamContext) -> int | None:
    """Return how many of the journal's bodies the stream holds, from the first on; ``None``: something else."""
    try:
        info = await js.stream_info(_STREAM)
    except NotFoundError:
        return 0
    state = info.state
    if not (info.config.deny_delete and info.config.deny_purge):  # cannot be made immutable in place
        return None
    last = await queries_audit.last_position(db)
    if state.messages == 0 and state.last_seq == 0:
        return 0
    if state.last_seq > last or state.messages != state.last_seq:
        return None
    journal = read_entries(db, 0, batch=_SIZE)
    waiting: list[Entry] = []
    async for deliveries in messages(js, _STREAM):
        for one in deliveries:
            waiting = waiting or await anext(journal)
            if waiting.pop(0).body != one.body:
                return None
    return int(state.last_seq)


async def _publish(nc: Client, db: Connection, entries: Sequence[Entry]) -> None:
    unreadable = [one.position for one in entries if one.fact_id is None]
    subjects = await queries_audit.parked_subjects(db, unreadable) if unreadable else {}
    sequences = await publish_batch(nc, [_message(one, subjects) for one in entries])
    for entry, sequence in zip(entries, sequences, strict=True):
        if entry.position != sequence:
            raise Conflict(f"位置 {entry.position} 的正文被存到了 {sequence}：有别的服务正在写入，请先停止全部服务")


def _message(entry: Entry, subjects: dict[int, str]) -> Outgoing:
    """Return an entry as the message it was; a repeated fact needs an id of its own, or the server would drop it."""
    opened = open_envelope(entry.body)
    header, name = opened.header, opened.fact_id
    if header is None or name is None:
        return Outgoing(
            subjects.get(entry.position, "facts.00.log.unreadable"), entry.body, f"journal.{entry.position}"
        )
    family, verb = header.type.split(".")[2:4]
    name = name if entry.repeats is None else f"{name}.{entry.position}"
    return Outgoing(f"facts.{header.jurisdiction}.{family}.{verb}", entry.body, name)
