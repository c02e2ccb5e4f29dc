"""A batch: its messages read and chained, before anything is known of what the database holds."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from kit.reader import Delivery
from services.ledger.chain import Algorithm, link
from services.ledger.columns import plain_text
from services.ledger.facts import ByEvent, Opened, Trouble, open_envelope, read_fact
from services.ledger.projecting import Placed
from services.ledger.store import Entry, Parked

_BREATH: Final = 50
"""Messages that are read before the loop may move what waits: about 2 ms."""


class Batch:
    """Messages that follow each other, as the journal's rows and as the facts to project."""

    def __init__(self, algorithm: Algorithm, deliveries: Sequence[Delivery], previous: bytes) -> None:
        """Take messages that stand behind the entry whose hash is ``previous``."""
        self._algorithm = algorithm
        self.deliveries = deliveries
        self.previous = previous
        self.head = previous
        """The hash of the last entry."""
        self.keys: list[str] = []
        """The ids of the facts and of what they concern."""
        self.entries: list[Entry] = []
        self.placed: list[Placed] = []
        self.parked: list[Parked] = []

    async def read(self, ledgers: ByEvent) -> None:
        """Read the messages, and let others have their turn now and then."""
        first: dict[str, int] = {}
        for number, delivery in enumerate(self.deliveries):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            opened = open_envelope(delivery.body)
            name, position = opened.fact_id, delivery.seq
            copied = None if name is None else first.setdefault(name, position)
            repeats = None if copied == position else copied
            self._chain(position, delivery.body, opened, repeats)
            if repeats is None:
                self._take(delivery, opened, ledgers)

    def meet(self, known: Mapping[str, int | None]) -> None:
        """Turn what the database holds already (id -> its position) into entries that repeat it and nothing more."""
        before = {name: position for name, position in known.items() if position is not None}
        if before:
            self.entries = [
                entry._replace(repeats=before[entry.fact_id]) if entry.fact_id in before else entry
                for entry in self.entries
            ]
            self.placed = [one for one in self.placed if one.reading.fact.fact_id not in before]
            self.parked = [one for one in self.parked if one.fact_id not in before]

    def _chain(self, position: int, body: bytes, opened: Opened, repeats: int | None) -> None:
        previous, self.head = self.head, link(self._algorithm, self.head, position, body)
        header = opened.header
        if header is None:
            self.entries.append(Entry(position, body, self._algorithm, previous, self.head))
            return
        self.entries.append(
            Entry(
                position,
                body,
                self._algorithm,
                previous,
                self.head,
                opened.fact_id,
                repeats,
                header.source,
                plain_text(header.id),
                plain_text(header.type),
                header.time,
                header.recordedtime,
                header.jurisdiction,
                header.unitid,
            )
        )

    def _take(self, delivery: Delivery, opened: Opened, ledgers: ByEvent) -> None:
        said = read_fact(opened, ledgers)
        if isinstance(said, Trouble):
            self.parked.append(_parked(delivery, opened, said))
            self.keys.extend([opened.fact_id] if opened.fact_id else [])
        else:
            self.placed.append(Placed(delivery.seq, said))
            self.keys.extend(said.keys)


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
