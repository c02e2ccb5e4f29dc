"""Publish messages in durable batches.

One atomic batch costs one disk sync where single publishes cost one each: 10 to 30 times the speed with
``sync_interval: always``. The frames of a batch are written to the socket in one go.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client

from kit.errors import TooLarge
from kit.ids import new_id

MAX_MESSAGES: Final = 1000
"""What the server takes in one atomic batch."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""What we put into one atomic batch: the server holds it in memory until the commit."""
ANSWER: Final = 5.0
"""Seconds to wait for one acknowledgement; a cluster needs about that long to find a new leader."""
_LOOK: Final = 0.25
"""Seconds between two looks at the connection while waiting for an acknowledgement."""
_PAUSES: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)

_DUPLICATE: Final = 10201
_NOT_ENABLED: Final = 10174
_BAD_SUBJECT: Final = re.compile(r"[\s\x00]|^$")

_log = structlog.stdlib.get_logger("kit.publish")


class Unpublished(ConnectionError):
    """The stream did not confirm in time; whether it stored the messages is unknown, the same ids may be sent again."""


class _AlreadyStored(Exception):
    """At least one id of the batch is already in the stream, or twice in the batch; nothing was stored now."""


class _Refused(Exception):
    """The server answered with an error; nothing was stored now."""


class Outgoing(msgspec.Struct, frozen=True):
    """One message for a stream; ``msg_id`` makes storing it again within the dedup window harmless."""

    subject: str
    body: bytes
    msg_id: str
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


class _Trouble(msgspec.Struct):
    err_code: int
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    count: int = 0
    error: _Trouble | None = None


async def publish_batch(nc: Client, messages: Sequence[Outgoing], *, deadline: float = 60.0) -> list[int]:
    """Store the messages in order in the one stream of their subjects; return the stream sequence of each.

    Up to 1,000 messages (16 MB) are one atomic batch: all are stored or none; more are split. When one of the ids is
    already stored the messages go one by one, and a duplicate answers with its first sequence. Trouble is retried with
    the same ids for up to ``deadline`` seconds, less than the dedup window (120 s) so that each message is
    stored once; then ``Unpublished`` is raised. Raises ``TooLarge`` before anything is sent when a message exceeds what
    the server takes, and ``ValueError`` for a subject or header that would break the protocol.
    """
    packed = [_pack(message, nc.max_payload) for message in messages]
    end = asyncio.get_running_loop().time() + deadline
    sequences: list[int] = []
    start = 0
    while start < len(packed):
        stop, size = start, 0
        while (
            stop < len(packed)
            and stop - start < MAX_MESSAGES
            and (stop == start or size + packed[stop].size <= MAX_BYTES)
        ):
            size += packed[stop].size
            stop += 1
        sequences += await _store(nc, packed[start:stop], end)
        start = stop
    return sequences


class _Packed(msgspec.Struct, frozen=True):
    """A message with its headers in wire form, without the batch's own."""

    message: Outgoing
    headers: bytes
    size: int
    """Bytes of both."""


_BATCH_HEADERS: Final = 128
"""Bytes that the headers of the batch itself take at most."""


def _pack(message: Outgoing, limit: int) -> _Packed:
    lines = f"Nats-Msg-Id: {message.msg_id}\r\n"
    for key, value in message.headers.items():
        lines += f"{key}: {value}\r\n"
    expected = 1 + len(message.headers)
    if not _is_sound(message.subject) or lines.count("\n") != expected or lines.count("\r") != expected:
        raise ValueError("a subject, id or header with white space or a line break")
    headers = lines.encode()
    packed = _Packed(message, headers, len(headers) + len(message.body))
    if packed.size + _BATCH_HEADERS > limit:
        raise TooLarge(f"消息有 {packed.size} 字节，超过消息服务器允许的 {limit - _BATCH_HEADERS} 字节")
    return packed


@lru_cache(maxsize=4096)  # one for each kind of message and place
def _is_sound(subject: str) -> bool:
    return _BAD_SUBJECT.search(subject) is None


async def _store(nc: Client, chunk: Sequence[_Packed], end: float) -> list[int]:
    if len(chunk) > 1:
        try:
            return await _insist(nc, chunk, end)
        except _AlreadyStored:
            _log.info("publish.one_by_one", messages=len(chunk))
    return [(await _insist(nc, [packed], end))[0] for packed in chunk]


async def _insist(nc: Client, chunk: Sequence[_Packed], end: float) -> list[int]:
    """Try until it is stored or the time is over; a batch of one is a plain publish."""
    loop = asyncio.get_running_loop()
    attempt = 0
    while True:
        try:
            return await (_atomic(nc, chunk) if len(chunk) > 1 else _single(nc, chunk[0]))
        except (_Refused, nats.errors.Error, OSError) as error:
            reason = str(error) or type(error).__name__
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            if nc.is_closed or loop.time() + pause > end:
                raise Unpublished(f"no confirmation from the stream: {reason}") from error
            _log.warning("publish.retry", attempt=attempt + 1, messages=len(chunk), error=reason)
        await asyncio.sleep(pause)
        attempt += 1


async def _single(nc: Client, packed: _Packed) -> list[int]:
    message = packed.message
    return [(await _request(nc, message, {"Nats-Msg-Id": message.msg_id, **message.headers})).seq]


async def _atomic(nc: Client, chunk: Sequence[_Packed]) -> list[int]:
    batch = new_id()
    last = chunk[-1].message
    _demand_connection(nc)
    await _write(nc, b"".join(_frame(packed, batch, number) for number, packed in enumerate(chunk[:-1], 1)))
    commit = {
        "Nats-Msg-Id": last.msg_id,
        **last.headers,
        "Nats-Batch-Id": batch,
        "Nats-Batch-Sequence": str(len(chunk)),
        "Nats-Batch-Commit": "1",
    }
    ack = await _request(nc, last, commit)
    if ack.count != len(chunk):
        raise _Refused(f"{ack.count} of {len(chunk)} messages confirmed")
    return list(range(ack.seq - len(chunk) + 1, ack.seq + 1))


async def _request(nc: Client, message: Outgoing, headers: dict[str, str]) -> _Ack:
    """Send a message and wait for its acknowledgement, but not for one that a lost connection took with it."""
    _demand_connection(nc)
    reconnects = nc.stats["reconnects"]
    request = asyncio.ensure_future(nc.request(message.subject, message.body, timeout=ANSWER, headers=headers))
    try:
        while not request.done():
            await asyncio.wait([request], timeout=_LOOK)
            if not request.done() and nc.stats["reconnects"] != reconnects:
                raise nats.errors.ConnectionReconnectingError
        return _acknowledged(request.result().data)
    finally:
        request.cancel()


def _demand_connection(nc: Client) -> None:
    """Refuse to let the library buffer for a server that is away: the outcome would be unknown for longer."""
    if not nc.is_connected:
        raise nats.errors.ConnectionReconnectingError


def _frame(packed: _Packed, batch: str, number: int) -> bytes:
    """Return one HPUB frame; only the commit asks for an answer, it reports a fault of any frame before it."""
    head = b"NATS/1.0\r\nNats-Batch-Id: %b\r\nNats-Batch-Sequence: %d\r\n%b\r\n" % (
        batch.encode(),
        number,
        packed.headers,
    )
    body = packed.message.body
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (
        packed.message.subject.encode(),
        len(head),
        len(head) + len(body),
        head,
        body,
    )


async def _write(nc: Any, frames: bytes) -> None:
    """Write many frames at once, for which the library has no public way."""
    await nc._send_command(frames)  # noqa: SLF001  the tests of batches fail if a release changes it
    nc.stats["out_bytes"] += len(frames)


def _acknowledged(data: bytes) -> _Ack:
    try:
        ack = msgspec.json.decode(data, type=_Ack)
    except msgspec.DecodeError as error:
        raise _Refused("an answer that is no acknowledgement") from error
    if ack.error is None:
        return ack
    if ack.error.err_code == _DUPLICATE:
        raise _AlreadyStored
    if ack.error.err_code == _NOT_ENABLED:
        raise RuntimeError("the stream does not allow atomic batches")
    raise _Refused(f"{ack.error.err_code} {ack.error.description}")
