"""The Python library ``eventsourcing`` with its PostgreSQL persistence, storing the same acts: an event of an aggregate each.

Fair to it: it only stores. It reads no stream, and makes no rows, counts, chain or checkpoint; its application is given the
acts already read, and saves many in one transaction where asked to.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.harness import portions
from kit.reader import Delivery


class Act(Aggregate):
    """An act as the library knows it: one that happened."""

    @event("Happened")
    def __init__(self, fact: dict[str, object]) -> None:
        """Keep the fact."""
        self.fact = fact


def take(address: str, found: Sequence[Delivery], *, at_once: int) -> None:
    """Store acts, so many in one transaction."""
    url = urlsplit(address)
    app = Application[UUID](
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": url.path[1:],
            "POSTGRES_HOST": url.hostname or "",
            "POSTGRES_PORT": str(url.port),
            "POSTGRES_USER": url.username or "",
            "POSTGRES_PASSWORD": url.password or "",
        }
    )
    for some in portions(found, at_once):
        app.save(*[Act(msgspec.json.decode(one.body)) for one in some])
    app.close()
