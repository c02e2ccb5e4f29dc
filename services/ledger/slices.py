"""A slice of a batch: its messages read and chained, before anything is known of what the database holds."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kit.reader import Delivery
from services.ledger.chain import Algorithm, link
from services.ledger.columns import plain_text
from services.ledger.facts import ByEvent, Opened, Reading, Trouble, open_envelope, read_fact
from services.ledger.projecting import Placed
from services.ledger.store import Entry, Parked

_BREATH: Final = 50
"""Messages that are read before the loop may move what waits: about 2 ms."""


class _Read(NamedTuple):
    """One message with all that can be told from its bytes, and its link of the chain."""

    delivery: Delivery
    opened: Opened
    said: Reading | Trouble
    prev_hash: bytes
    hash: bytes
    repeats: int | None
    """The position of the first copy in this slice, if this is another one."""


class Slice:
    """Messages that follow each other."""

    def __init__(self, algorithm: Algorithm, head: bytes) -> None:
        """Begin behind the entry whose hash is ``head``."""
        self._algorithm = algorithm
        self._read: list[_Read] = []
        self.head = head
        """The hash of the last entry."""
        self.first = 0
        """The position of the first one."""

    async def read(self, deliveries: Sequence[Delivery], ledgers: ByEvent) -> None:
        """Read the messages, and let others have their turn now and then."""
        self.first = deliveries[0].seq
        seen: dict[str, int] = {}
        for number, delivery in enumerate(deliveries):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            opened = open_envelope(delivery.body)
            previous, self.head = self.head, link(self._algorithm, self.head, delivery.seq, delivery.body)
            name = opened.fact_id
            first = delivery.seq if name is None else seen.setdefault(name, delivery.seq)
            repeats = None if first == delivery.seq else first
            said = read_fact(opened, ledgers)
            self._read.append(_Read(delivery, opened, said, previous, self.head, repeats))

    def keys(self) -> Iterator[str]:
        """Yield the ids of the facts and of what they concern."""
        for one in self._read:
            if isinstance(one.said, Reading):
                yield from one.said.keys
            elif one.opened.fact_id is not None:
                yield one.opened.fact_id

    def entries(self, known: Mapping[str, int | None]) -> Iterator[Entry]:
        """Yield the journal's rows; ``known``: id -> the position of the same fact before this slice."""
        for delivery, (header, name, _), _said, previous, digest, repeats in self._read:
            proof = (delivery.seq, delivery.body, self._algorithm, previous, digest)
            if header is None or name is None:
                yield Entry(*proof)
            else:
                first = known.get(name) or repeats
                envelope = (header.source, plain_text(header.id), plain_text(header.type), header.time)
                yield Entry(*proof, name, first, *envelope, header.recordedtime, header.jurisdiction, header.unitid)

    def placed(self, known: Mapping[str, int | None]) -> list[Placed]:
        """Return the facts that are here for the first time."""
        return [
            Placed(delivery.seq, said)
            for delivery, _, said, _, _, repeats in self._read
            if isinstance(said, Reading) and repeats is None and known.get(said.fact.fact_id) is None
        ]

    def parked(self, known: Mapping[str, int | None]) -> list[Parked]:
        """Return those that cannot be projected and are here for the first time."""
        return [
            _parked(one.delivery, one.opened, one.said)
            for one in self._read
            if isinstance(one.said, Trouble) and one.repeats is None and known.get(one.opened.fact_id or "") is None
        ]


def _parked(delivery: Delivery, opened: Opened, trouble: Trouble) -> Parked:
    header = opened.header
    return Parked(
        delivery.seq,
        delivery.subject,
        opened.fact_id,
        plain_text(header.type) if header else None,
        header.jurisdiction if header else None,
        trouble.code,
        trouble.field,
        plain_text(trouble.detail),
        delivery.time,
    )
