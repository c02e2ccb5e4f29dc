"""Both servers of one data folder, together."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.home import Home, held
from deploy.embedded.nats import Nats
from deploy.embedded.ports import Ports
from deploy.embedded.postgres import Postgres


@dataclass(frozen=True)
class Servers:
    """Two running servers and the data folder they use."""

    home: Home
    ports: Ports
    postgres: Postgres
    nats: Nats


@contextlib.contextmanager
def running(root: Path, *, fast: bool = False, tls: bool = False) -> Iterator[Servers]:
    """Run both servers on the data folder ``root`` while the block lasts; ``Unusable`` where that cannot be.

    ``fast`` is for tests: nothing waits for the disk, so a crash of the machine may lose everything. ``tls`` lets NATS be
    reached by TLS only; the embedded PostgreSQL is built without it.
    """
    with held(root) as home, contextlib.ExitStack() as stack:
        ports = Ports(home.ports)
        nats = Nats(home, ports.choose("nats"), ports.choose("nats-monitoring"), fast=fast, tls=tls)
        postgres = Postgres(home, ports.choose("postgres"), fast=fast)
        for server in (nats, postgres):
            stack.callback(server.stop)
            server.start()
        yield Servers(home, ports, postgres, nats)
