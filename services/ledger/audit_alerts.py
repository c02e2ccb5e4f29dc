"""Whether the alerts are what the log recorded of them: the messages of ALERTS and the monitor's revisions. Pure.

The log keeps the SHA-256 of each message (``alert.recorded``), stated behind the message itself: what is recorded has been
published and stored, so it must be there. What is younger than the newest entry may be on its way and is only counted; so is
what is older than the first, from before alerts were recorded.
"""

from typing import Final, NamedTuple

import msgspec

from contracts.alerts import AlertRecorded
from contracts.catalog import ContractBroken, FromTheFuture, decode
from services.ledger.audit import Fault
from services.ledger.store import Entry

ALERTS: Final = "预警流（ALERTS）"
REVISIONS: Final = "预警版本表（PostgreSQL）"
SOURCE: Final = "/jianfu/monitor"
_TYPE: Final = AlertRecorded.type_name()
_CHANGED: Final = "被改动：与日志所记的哈希不符"
_UNRECORDED: Final = "日志没有记录这一条，而其后的有记录"


class Revision(NamedTuple):
    """One step of an alert as the monitor's table holds it."""

    alert_id: str
    revision: int
    position: int
    """The last entry of the log that the judgement knew."""
    message_hash: bytes
    """SHA-256 of the message that tells of it, made anew from the row."""
    fault: str | None
    """What does not fit in the row by itself."""


class _Stated(NamedTuple):
    """What one entry says of an alert's change."""

    entry: int
    """Its position in the log."""
    known: int
    message_hash: bytes


class _Identity(msgspec.Struct):
    alert_id: str
    revision: int


class _Message(msgspec.Struct):
    data: _Identity


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_Name = tuple[str, int]


class AlertAuditor:
    """Learns from a sound journal what was recorded, then looks at messages and rows; after a fault it is of no more use."""

    def __init__(self) -> None:
        """Begin with a log that recorded nothing."""
        self.recorded = 0
        self.older = 0
        """Messages from before alerts were recorded."""
        self.newer = 0
        """Messages behind the newest entry."""
        self._stated: dict[_Name, list[_Stated]] = {}
        self._waiting: dict[bytes, tuple[_Name, int]] = {}
        """Recorded messages that were not met yet: hash -> alert and revision, position of the entry."""
        self._sequence = 0
        self._first = self._latest = 0
        """Positions of the first and the newest entry whose message was met."""
        self._loose: list[int] = []
        """Messages that no entry knows, behind the last one that an entry knows."""
        self._rows: set[_Name] = set()
        self._bounds = (0, 0)
        """The first and the last entry of the log that a recorded judgement knew."""

    def learn(self, entry: Entry) -> None:
        """Take note of what an entry of the journal records; every other entry is passed over."""
        if entry.type != _TYPE or entry.source != SOURCE or entry.repeats is not None:
            return
        try:
            event = decode(entry.body).event
        except (ContractBroken, FromTheFuture):
            return
        if not isinstance(event, AlertRecorded):
            return
        name, hash_ = (event.alert_id, event.revision), bytes.fromhex(event.message_hash)
        self._stated.setdefault(name, []).append(_Stated(entry.position, event.position, hash_))
        self._waiting[hash_] = name, entry.position
        self._bounds = min(self._bounds[0] or event.position, event.position), max(self._bounds[1], event.position)
        self.recorded += 1

    def message(self, sequence: int, body: bytes, hash_: bytes) -> Fault | None:
        """Check the next message of ALERTS; ``hash_`` is its SHA-256."""
        self._sequence += 1
        if sequence != self._sequence:
            return Fault(self._sequence, ALERTS, "缺少这一条")
        name = _name_of(body)
        stated = self._stated.get(name, []) if name is not None else []
        if hash_ in {one.message_hash for one in stated}:
            return self._met(hash_)
        if stated:
            return Fault(sequence, ALERTS, f"{_CHANGED}（日志位置 {stated[-1].entry}）")
        self._loose.append(sequence)
        return None

    def end_of_messages(self, last: int) -> Fault | None:
        """Check what only the end of ALERTS shows; ``last`` is the sequence that the stream itself says was its last."""
        if self._sequence < last:
            return Fault(self._sequence + 1, ALERTS, "缺少这一条")
        if self._waiting:
            early = sum(position < self._first for _, position in self._waiting.values())
            if early and self.older:  # what looked older is what these were made into
                return Fault(max(0, self.older - early) + 1, ALERTS, _CHANGED)
            if self._loose:
                return Fault(self._loose[0], ALERTS, _CHANGED)
            (alert, revision), position = min(self._waiting.values(), key=lambda one: one[1])
            return Fault(position, ALERTS, f"缺少日志这一位置所记的消息（预警 {alert} 第 {revision} 版）")
        self.newer = len(self._loose)
        return None

    def revision(self, row: Revision) -> Fault | None:
        """Check the next row of the monitor's revisions."""
        name = (row.alert_id, row.revision)
        self._rows.add(name)
        stated = self._stated.get(name, [])
        fits = next((one for one in stated if one.message_hash == row.message_hash), None)
        if fits is not None:
            fault = row.fault or (None if fits.known == row.position else "position 列与日志所记的不符")
            return None if fault is None else _of_row(row, fits.entry, fault)
        if stated:
            return _of_row(row, stated[-1].entry, _CHANGED if row.message_hash else row.fault or _CHANGED)
        if self._bounds[0] <= row.position < self._bounds[1]:
            return _of_row(row, row.position, _UNRECORDED)
        return None if row.fault is None else _of_row(row, row.position, row.fault)

    def end_of_revisions(self) -> Fault | None:
        """Check what only the end of the monitor's revisions shows."""
        missing = {name: stated[0].entry for name, stated in self._stated.items() if name not in self._rows}
        if not missing:
            return None
        alert, revision = name = min(missing, key=lambda one: missing[one])
        return Fault(missing[name], REVISIONS, f"缺少日志这一位置所记的预警 {alert} 第 {revision} 版")

    def _met(self, hash_: bytes) -> Fault | None:
        """Take note of a recorded message; one that comes again was published again after a crash."""
        found = self._waiting.pop(hash_, None)
        if found is None:
            return None
        if self._loose and self._latest:
            return Fault(self._loose[0], ALERTS, _UNRECORDED)
        self.older += len(self._loose)
        self._loose = []
        if found[1] < self._latest:
            return Fault(self._sequence, ALERTS, f"次序与日志不符（日志位置 {found[1]}）")
        self._latest = found[1]
        self._first = self._first or found[1]
        return None


def _of_row(row: Revision, position: int, what: str) -> Fault:
    return Fault(position, REVISIONS, f"预警 {row.alert_id} 第 {row.revision} 版：{what}")


def _name_of(body: bytes) -> _Name | None:
    try:
        found = _MESSAGE.decode(body).data
    except msgspec.MsgspecError:
        return None
    return found.alert_id, found.revision
