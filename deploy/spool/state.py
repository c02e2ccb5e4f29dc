"""How far a spool was forwarded and what became of it, written whole or not at all, signed like what it counts."""

import base64
import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.embedded.errors import Unusable

_DOMAIN: Final = b"jianfu-spool-state-1\0"


class Tally(msgspec.Struct):
    """What became of one source's events: ``kept`` is the highest number given, ``done`` how many are settled."""

    kept: int = 0
    done: int = 0
    """The highest number that was forwarded or found damaged."""
    counts: dict[str, int] = {}

    def count(self, outcome: str, number: int = 1) -> None:
        """Add to one outcome."""
        self.counts[outcome] = self.counts.get(outcome, 0) + number


class State(msgspec.Struct):
    """Everything before ``offset`` in segment ``segment`` is settled."""

    segment: int = 1
    offset: int = 0
    rejects: int = 0
    """Bytes of the file of rejects that belong to what is settled."""
    unkeepable: int = 0
    """Lines that were never kept, because they are no events."""
    sources: dict[str, Tally] = {}

    def of(self, source: str) -> Tally:
        """Return the tally of a source, begun when it is new."""
        return self.sources.setdefault(source, Tally())


def save(path: Path, state: State, key: Ed25519PrivateKey) -> None:
    """Write the state durably in place of the one before."""
    said = msgspec.json.encode(state)
    replace(path, base64.b64encode(key.sign(_DOMAIN + said)) + b"\n" + said + b"\n")


def load(path: Path, key: Ed25519PrivateKey) -> State | None:
    """Read the state; None when there is none yet, ``Unusable`` when it is not what was written."""
    try:
        signature, _, said = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    said = said.removesuffix(b"\n")
    try:
        key.public_key().verify(base64.b64decode(signature, validate=True), _DOMAIN + said)
        return msgspec.json.decode(said, type=State)
    except (InvalidSignature, ValueError):
        raise Unusable(
            f"暂存区的进度文件 {path} 被改动，或密钥不是原来的那一把。请核实后恢复原文件；若确认要从头转发，可删除它："
            "已收录的事件再次发送不会重复。"
        ) from None


def replace(path: Path, content: bytes) -> None:
    """Write a file durably, whole or not at all, readable by its owner only."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was made, renamed or removed in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
