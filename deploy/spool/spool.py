"""One spool: a folder that one process at a time keeps events in and forwards them from.

Whatever is killed at whatever instruction: an event that was said to be kept is on the disk, and its number is settled
once. ``state`` moves on only after intake has answered for everything before it, so that a kill in between sends the
same events once more, which intake answers as duplicates and whose numbers it has counted already.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.embedded.errors import Unusable
from deploy.spool import state as states
from deploy.spool.entries import Damaged, Entry, Unkeepable, decode, digest, encode, glance, identify
from deploy.spool.files import Files, Full
from kit.auth import new_key_pair
from kit.ids import new_id
from kit.signing import load_private_key

LIMIT: Final = 256 * 1024 * 1024
_GROUP: Final = 1000
"""Lines that are made durable together."""


@dataclass(frozen=True)
class Found:
    """One line that waits: where the next one begins, and the event in it; None with the reason where it is damaged."""

    segment: int
    offset: int
    entry: Entry | None
    fault: str = ""


@dataclass
class Kept:
    """What became of lines that were to be kept."""

    kept: int = 0
    again: int = 0
    """They wait already."""
    unkeepable: int = 0


class Spool:
    """An open spool; use ``opened``."""

    def __init__(self, folder: Path, id_: str, key: Ed25519PrivateKey, *, limit: int) -> None:
        """Take up where the last process stopped."""
        self.id = id_
        self.rejects = folder / "rejects.ndjson"
        self._key, self._limit = key, limit
        self._state_file = folder / "state"
        self._files = Files(folder)
        self.half = self._files.mend()
        """What a kill in the middle of a write left behind; it was never said to be kept."""
        self.state = states.load(self._state_file, key) or states.State()
        self._files.forget(self.state.segment)
        self._waiting: set[bytes] = set()
        self._take_stock()
        if self.rejects.exists() and self.rejects.stat().st_size > self.state.rejects:
            os.truncate(self.rejects, self.state.rejects)  # told again when the lines they are about are settled

    def keep(self, lines: Iterable[bytes], *, told: Callable[[int], None] = lambda _: None) -> Kept:
        """Keep lines durably; ``told`` hears how many lines are dealt with, each time more of them are durable.

        Raises ``Full`` when no more find room; what was told before is kept.
        """
        result = Kept()
        group: list[bytes] = []
        seen = 0
        for seen, line in enumerate(lines, 1):
            group.append(line.strip())
            if len(group) == _GROUP:
                self._keep(group, result)
                group = []
                told(seen)
        self._keep(group, result)
        told(seen)
        return result

    def _keep(self, group: Sequence[bytes], result: Kept) -> None:
        entries: list[Entry] = []
        refused: list[Mapping[str, Any]] = []
        numbers: dict[str, int] = {}
        fresh: set[bytes] = set()
        for body in filter(None, group):
            try:
                source, _ = identify(body)
            except Unkeepable as error:
                refused.append({"detail": f"{error}", "event": body.decode(errors="replace")})
                continue
            mark = digest(body)
            if mark in self._waiting or mark in fresh:
                result.again += 1
                continue
            fresh.add(mark)
            numbers[source] = numbers.get(source, self.state.of(source).kept) + 1
            entries.append(Entry(numbers[source], source, body))
        if entries:
            self._append(b"".join(encode(entry, self.id, self._key) for entry in entries))
        for source, number in numbers.items():
            self.state.of(source).kept = number
        self._waiting |= fresh
        result.kept += len(entries)
        if refused:
            self.state.unkeepable += len(refused)
            result.unkeepable += len(refused)
            self._reject(refused)
            states.save(self._state_file, self.state, self._key)

    def _append(self, lines: bytes) -> None:
        if self.waiting_bytes + len(lines) > self._limit:
            megabytes = self._limit / 1024 / 1024
            raise Full(f"暂存区已满（上限 {megabytes:g} MB），没有再保存。请先恢复转发，或用 --limit 放宽上限。")
        self._files.append(lines, first=self.state.segment)

    @property
    def waiting_bytes(self) -> int:
        """Return the bytes of what waits."""
        return self._files.size - self.state.offset

    def waits(self, most: int, most_bytes: int) -> list[Found]:
        """Return the next lines that wait, at least one if there are any, each proved to be what was kept."""
        found: list[Found] = []
        size = 0
        for segment, offset, line in self._files.lines(self.state.segment, self.state.offset):
            if found and (len(found) == most or size + len(line) > most_bytes):
                break
            size += len(line)
            try:
                found.append(Found(segment, offset, decode(line, self.id, self._key.public_key())))
            except Damaged as error:
                found.append(Found(segment, offset, None, f"{error}"))
        return found

    def settle(self, found: Sequence[Found], results: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
        """Note durably what became of the next lines: of those that are events by source and number."""
        rejects: list[Mapping[str, Any]] = []
        for one in found:
            if one.entry is None:
                rejects.append({"detail": f"暂存的一行已损坏，没有发送：{one.fault}"})
                continue
            entry, tally = one.entry, self.state.of(one.entry.source)
            if entry.number <= tally.done:
                rejects.append(
                    {"source": entry.source, "number": entry.number, "detail": "这一行的次序不对或出现了两次，没有发送"}
                )
                continue
            if entry.number > tally.done + 1:  # whether taken away or damaged, they cannot be sent any more
                tally.count("damaged", entry.number - tally.done - 1)
                detail = f"序号 {tally.done + 1} 至 {entry.number - 1} 的行缺失或损坏，没有发送"
                rejects.append({"source": entry.source, "detail": detail})
            tally.done = entry.number
            result = results[entry.source, entry.number]
            tally.count(str(result["result"]))
            if result.get("reason"):
                rejects.append(_rejected(entry, result))
            self._waiting.discard(digest(entry.body))
        self._reject(rejects)
        self.state.segment, self.state.offset = found[-1].segment, found[-1].offset
        if self._files.ends_at(self.state.segment, self.state.offset):
            self.state.segment, self.state.offset = self.state.segment + 1, 0
        states.save(self._state_file, self.state, self._key)
        self._files.forget(self.state.segment)

    def _reject(self, rejects: Sequence[Mapping[str, Any]]) -> None:
        """Write down what was refused and why; ``state`` says up to where it counts."""
        if not rejects:
            return
        with self.rejects.open("ab") as file:
            file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in rejects))
            file.flush()
            os.fsync(file.fileno())
            self.state.rejects = file.tell()

    def _take_stock(self) -> None:
        """Learn the numbers and events that wait."""
        first: dict[str, int] = {}
        for _, _, line in self._files.lines(self.state.segment, self.state.offset):
            with contextlib.suppress(Damaged):
                entry = glance(line)
                first.setdefault(entry.source, entry.number)
                tally = self.state.of(entry.source)
                tally.kept = max(tally.kept, entry.number)
                self._waiting.add(digest(entry.body))
        if not self._state_file.exists():  # it was never written, or taken away: what went before is unknown
            for source, number in first.items():
                self.state.of(source).done = number - 1


def _rejected(entry: Entry, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is written down of an event that intake refused; of one that looks classified only its name."""
    reason = result["reason"]
    told = {"source": entry.source, "number": entry.number, "id": result.get("id"), **reason}
    return told if reason["code"] == "secret" else {**told, "event": entry.body.decode(errors="replace")}


@contextlib.contextmanager
def opened(folder: Path, *, key_file: Path | None = None, limit: int = LIMIT) -> Iterator[Spool]:
    """Open a spool, made at its first use, and hold it while the block lasts.

    ``key_file`` (PEM, Ed25519) signs; without one the spool has a key of its own, which protects from accidents only,
    since whoever may write into the folder may sign. ``Unusable`` where another process holds the spool.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(f"暂存区 {folder} 不可写（{error.strerror}）。") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unusable(f"另一个进程正在使用暂存区 {folder}。同一暂存区同时只能由一个进程使用。") from None
        yield Spool(
            folder, _made_once(folder / "id", lambda: new_id().encode()).decode(), _key(folder, key_file), limit=limit
        )
    finally:
        os.close(lock)


def _key(folder: Path, key_file: Path | None) -> Ed25519PrivateKey:
    if key_file is None:
        key_file = folder / "key"
        _made_once(key_file, lambda: new_key_pair()[0])
    try:
        return load_private_key(key_file)
    except (OSError, ValueError) as error:
        raise Unusable(f"读不了签名密钥 {key_file}，应为 PEM 格式的 Ed25519 私钥。") from error


def _made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    if not path.exists():
        states.replace(path, make())
    return path.read_bytes()
