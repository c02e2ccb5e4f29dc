"""Whether both copies of the log are what was signed: re-hashes every body and names the first bad entry. Pure.

The journal's entries come in the order of their positions, each with the body that the stream holds there. Where both
copies are sound by themselves and differ, the next signed checkpoint tells which of them was changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from contracts.catalog import ContractBroken, FromTheFuture, decode
from contracts.log import LogCheckpointed
from services.ledger.chain import ALGORITHMS, GENESIS, Algorithm, link
from services.ledger.columns import plain_text
from services.ledger.facts import open_envelope
from services.ledger.proof import TYPE, PublicKeys, Signed, is_genuine, stated
from services.ledger.store import Entry

JOURNAL: Final = "日志（PostgreSQL）"
STREAM: Final = "事件流（FACTS）"
TABLE: Final = "检查点表（PostgreSQL）"
BOTH: Final = "日志与事件流"
_COLUMNS: Final = ("fact_id", "source", "id", "type", "time", "recorded", "jurisdiction", "unit")
_FIRST: Final = Entry._fields.index("source")
"""Of the columns that an entry has beside its body and its proof, in the order of ``_COLUMNS`` behind the first."""
_DIFFER: Final = "两份正文不同；其后没有签名检查点，无法判断哪一份被改动"
_BROKEN_BEHIND: Final = "正文与事件流不同，其后的哈希链断开"


class Fault(NamedTuple):
    """The first bad entry: where, in which copy, and what is wrong."""

    position: int
    copy: str
    what: str


class Copied(NamedTuple):
    """What the journal says of an entry that another one repeats."""

    fact_id: str | None
    repeats: int | None


class Auditor:
    """Follows the chain; every method returns the first fault, after which it is of no more use."""

    def __init__(
        self,
        table: Sequence[Signed],
        keys: PublicKeys,
        *,
        witnessed: Sequence[Signed] = (),
        doubled: Iterable[int] = (),
    ) -> None:
        """Take the table of checkpoints in order, and genuine checkpoints that were kept elsewhere.

        ``doubled`` are positions of entries that stand for a fact that an earlier entry stands for, too.
        """
        self.position = 0
        self.head = GENESIS
        self.checkpoints = 0
        """Signed checkpoints that the chain met."""
        self.unsigned = 0
        """Entries behind the last of them, but for those that state checkpoints."""
        self.signed_at: datetime | None = None
        """When the newest of the checkpoints that facts state was signed."""
        self._keys = keys
        self._table = {one.position: one for one in table}
        self._marks = {one.position: one.hash for one in (*table, *witnessed) if is_genuine(one, keys)}
        self._found = sorted(
            [*_of_table(table, keys), *(Fault(one, JOURNAL, "同一事实另有首条，repeats 列被改动") for one in doubled)],
            reverse=True,
        )
        self._stated: set[int] = set()
        self._met = 0
        self._parted: int | None = None
        """Since which position both copies are sound and differ."""
        self._other_head = GENESIS
        """The chain over what the stream holds, since then."""

    def check(
        self, entries: Sequence[Entry], bodies: Mapping[int, bytes] | None, copied: Mapping[int, Copied]
    ) -> Fault | None:
        """Check the next entries of the journal; ``bodies`` of the stream by position, ``None``: it is not looked at."""
        for entry in entries:
            fault = self._next(entry, bodies, copied) or self._known_by_now()
            if fault is not None:
                return fault
        return None

    def finish(self, reader: tuple[int, bytes]) -> Fault | None:
        """Check what only the end shows; ``reader``: position and hash up to which the ledger says that it has read."""
        if self._parted is not None:
            return Fault(self._parted, BOTH, _DIFFER)
        beyond = max([reader[0], *self._marks])
        if beyond > self.position:
            return Fault(self.position + 1, JOURNAL, f"缺少这一条及其后的条目（检查点到 {beyond}）")
        if reader != (self.position, self.head):
            return Fault(self.position, JOURNAL, "台账的读取进度（checkpoint 表）与日志末条不符")
        newest = max(self._stated, default=0)
        if unstated := sorted(one for one in self._table if one < newest and one not in self._stated):
            return Fault(unstated[0], BOTH, "缺少声明此检查点的事实")
        return self._found[-1] if self._found else None

    def _next(self, entry: Entry, bodies: Mapping[int, bytes] | None, copied: Mapping[int, Copied]) -> Fault | None:
        position, previous = self.position + 1, self.head
        if entry.position != position:
            return Fault(self._parted or position, JOURNAL, "缺少这一条" if self._parted is None else _BROKEN_BEHIND)
        other = entry.body if bodies is None else bodies.get(position)
        fault = self._chain_fault(entry, other)
        if fault is None and self._parted is None:
            fault = _columns_fault(entry, copied)
        if fault is None and other is None:
            fault = (
                Fault(position, STREAM, "缺少这一条") if self._parted is None else Fault(self._parted, BOTH, _DIFFER)
            )
        if fault is not None or other is None:
            return fault
        if self._parted is None and other != entry.body:
            self._parted, self._other_head = position, previous
        if self._parted is not None:
            self._other_head = link(_algorithm(entry), self._other_head, position, other)
            return self._judged(position)
        if entry.type == TYPE:
            return self._judged(position) or self._checkpoint_fault(entry)
        self.unsigned += 1
        return self._judged(position)

    def _chain_fault(self, entry: Entry, other: bytes | None) -> Fault | None:
        """Move the head of the chain over an entry, if it follows from the one before and its body."""
        previous = self.head
        if entry.algorithm in ALGORITHMS and entry.prev_hash == previous:
            head = link(entry.algorithm, previous, entry.position, entry.body)
            if head == entry.hash:
                self.position, self.head = entry.position, head
                return None
        if self._parted is not None:
            return Fault(self._parted, JOURNAL, _BROKEN_BEHIND)
        return _broken(entry, previous, other)

    def _judged(self, position: int) -> Fault | None:
        """Compare the chain with a signed hash, and where the copies parted tell which one was changed."""
        signed = self._marks.get(position)
        if signed is None:
            return None
        if self._parted is not None:
            if self._other_head == signed:
                return Fault(self._parted, JOURNAL, f"正文被改写，其后的哈希被重算（与位置 {position} 的签名不符）")
            if self.head == signed:
                return Fault(self._parted, STREAM, "正文被改动")
            return Fault(self._parted, BOTH, f"两份正文不同，且都与位置 {position} 的签名不符")
        if self.head != signed:
            since = f"位置 {self._met} 之后" if self._met else "开头以来"
            return Fault(position, BOTH, f"与签名检查点不符：{since}的条目被改写并重算了哈希")
        self._met = position
        self.checkpoints += 1
        self.unsigned = 0
        return None

    def _checkpoint_fault(self, entry: Entry) -> Fault | None:
        """Check a fact that states a checkpoint."""
        try:
            fact = decode(entry.body)
        except (ContractBroken, FromTheFuture):
            return Fault(entry.position, BOTH, "无法读取的检查点")
        event, self.signed_at = fact.event, fact.time
        if not isinstance(event, LogCheckpointed):
            return Fault(entry.position, BOTH, "无法读取的检查点")
        signed = stated(event)
        if not is_genuine(signed, self._keys) or signed.position >= entry.position:
            return Fault(entry.position, BOTH, "检查点的签名不成立")
        self._stated.add(signed.position)
        if signed.position not in self._table:
            return Fault(signed.position, TABLE, f"缺少这个检查点（位置 {entry.position} 的事实声明了它）")
        if self._table[signed.position] != signed:
            return Fault(signed.position, TABLE, f"与位置 {entry.position} 的事实所声明的不同")
        return None

    def _known_by_now(self) -> Fault | None:
        """Return a fault found before the chain came to its position."""
        if self._found and self._found[-1].position <= self.position and self._parted is None:
            return self._found[-1]
        return None


def _broken(entry: Entry, head: bytes, other: bytes | None) -> Fault:
    """Say what of an entry does not fit the chain behind ``head``."""
    position = entry.position
    fits = {name for name in ALGORITHMS if link(name, head, position, entry.body) == entry.hash}
    if fits:
        what = f"{'prev_hash' if entry.algorithm in fits else 'algorithm'} 列被改动"
    elif entry.prev_hash != head:
        what = "不接续上一条：prev_hash 与上一条的 hash 不符"
    elif other == entry.body:
        what = "hash 列被改动：与两份正文都不符"
    elif other is not None and any(link(name, head, position, other) == entry.hash for name in ALGORITHMS):
        what = "body 列被改动：与哈希不符，而事件流中的正文与哈希相符"
    else:
        what = "body 列与哈希不符"
    return Fault(position, JOURNAL, what)


def _of_table(table: Sequence[Signed], keys: PublicKeys) -> Iterable[Fault]:
    before = 0
    for one in table:
        if one.key_id not in keys:
            yield Fault(one.position, TABLE, "签名所用的密钥不在给出的公钥之中")
        elif not is_genuine(one, keys):
            yield Fault(one.position, TABLE, "签名不成立：这个检查点被改动")
        elif one.position - one.entries != before:
            yield Fault(one.position - one.entries, TABLE, "缺少这个检查点")
        before = one.position


def _columns_fault(entry: Entry, copied: Mapping[int, Copied]) -> Fault | None:
    """Compare the columns beside the body with it."""
    derived = derived_columns(entry.body)
    held = (entry.fact_id, *entry[_FIRST:])
    if derived != held:
        column = next(name for name, want, have in zip(_COLUMNS, derived, held, strict=True) if want != have)
        return Fault(entry.position, JOURNAL, f"{column} 列与正文不符")
    if entry.repeats is None:
        return None
    first = copied.get(entry.repeats)
    if first is None or entry.repeats >= entry.position or first != Copied(entry.fact_id, None):
        return Fault(entry.position, JOURNAL, "repeats 列所指的不是这一事实的首条")
    return None


def _algorithm(entry: Entry) -> Algorithm:
    return "sm3" if entry.algorithm == "sm3" else "sha256"


Derived = tuple[
    str | None, str | None, str | None, str | None, datetime | None, datetime | None, str | None, str | None
]


def derived_columns(body: bytes) -> Derived:
    """Return what the journal's columns say of a body, in the order of ``_COLUMNS``; nothing of one that cannot be read."""
    opened = open_envelope(body)
    header, name = opened.header, opened.fact_id
    if header is None:
        return (None,) * 8
    return (
        name,
        header.source,
        plain_text(header.id),
        plain_text(header.type),
        header.time,
        header.recordedtime,
        header.jurisdiction,
        header.unitid,
    )
