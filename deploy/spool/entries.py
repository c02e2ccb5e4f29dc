"""One kept event as one line of a file: number, source, signature and the event's own bytes. Pure.

The signature (Ed25519) covers the spool, the number, the source and every byte of the event, so no line can be changed,
moved, or brought in from another spool unseen; a line that was taken away leaves a gap in its source's numbers.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MOST_EVENT: Final = 256 * 1024
"""Bytes of one event; intake takes no larger ones."""
_LINE: Final = re.compile(rb"([1-9][0-9]{0,14}) ([!-~]{1,256}) ([A-Za-z0-9+/]{86}==) (.+)\n", re.DOTALL)
_SOURCE: Final = re.compile(r"[!-~]{1,256}")
_MOST_ID: Final = 128
_DOMAIN: Final = b"jianfu-spool-1"


class Unkeepable(Exception):
    """A line that is no event; ``str()`` says in Chinese what was expected."""


class Damaged(Exception):
    """A kept line is not what was kept."""


@dataclass(frozen=True)
class Entry:
    """One kept event: its number among those of its source, from 1, and its bytes as they were given."""

    number: int
    source: str
    body: bytes


def identify(line: bytes) -> tuple[str, str]:
    """Return source and id of an event; raise ``Unkeepable`` for what intake could not even name."""
    if len(line) > MOST_EVENT:
        raise Unkeepable(f"单个事件最多 {MOST_EVENT // 1024} KB")
    try:
        event = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unkeepable("不是一行 JSON") from None
    source = event.get("source") if isinstance(event, dict) else None
    if not isinstance(source, str) or _SOURCE.fullmatch(source) is None:
        raise Unkeepable("缺少事件来源（source），或其中有空格、汉字")
    id_ = event.get("id")
    if not isinstance(id_, str) or not 1 <= len(id_) <= _MOST_ID:
        raise Unkeepable("缺少事件编号（id）")
    return source, id_


def digest(body: bytes) -> bytes:
    """Return what tells two events apart; few bytes, since those of all that wait are held in memory."""
    return hashlib.blake2b(body, digest_size=16).digest()


def encode(entry: Entry, spool: str, key: Ed25519PrivateKey) -> bytes:
    """Return the line of an entry."""
    signature = base64.b64encode(key.sign(_signed(entry, spool)))
    return b"%d %b %b %b\n" % (entry.number, entry.source.encode(), signature, entry.body)


def glance(line: bytes) -> Entry:
    """Read a line without asking whether it is authentic; raise ``Damaged`` when it has not the form of one."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise Damaged("不是暂存区的一行")
    return Entry(int(found[1]), found[2].decode(), found[4])


def decode(line: bytes, spool: str, key: Ed25519PublicKey) -> Entry:
    """Read a line; raise ``Damaged`` unless every byte is as it was kept, in this spool."""
    entry, found = glance(line), _LINE.fullmatch(line)
    try:
        key.verify(base64.b64decode(found[3] if found else b"", validate=True), _signed(entry, spool))
    except (InvalidSignature, binascii.Error):
        raise Damaged("签名不符，内容可能被改动") from None
    return entry


def _signed(entry: Entry, spool: str) -> bytes:
    return b"%b\0%b\0%d\0%b\0%b" % (_DOMAIN, spool.encode(), entry.number, entry.source.encode(), entry.body)
