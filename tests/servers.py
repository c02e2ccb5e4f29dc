"""A PostgreSQL and a NATS server for the tests: given ones, in containers, or embedded, in this order.

- ``TEST_PG_DSN`` (a superuser) and ``TEST_NATS_URL`` name given servers; ``TEST_CLUES_NATS_URL``
  the account for clues, if it is another. The tests delete every stream of these accounts.
- Else containers, where a Docker engine answers within two seconds.
- Else the embedded servers, without waiting for the disk, in a temporary folder.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.accounts import ADMIN, CLUES_ADMIN
from deploy.embedded.servers import running

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2.15"
PASSWORD = "only-for-tests"


@dataclass(frozen=True)
class Addresses:
    """Where the servers of this test session are; ``kind`` is given, containers or embedded."""

    kind: str
    postgres: str
    nats: str
    clues: str


@contextlib.contextmanager
def servers() -> Iterator[Addresses]:
    """Give running servers while the block lasts."""
    if (postgres := os.environ.get("TEST_PG_DSN")) and (nats := os.environ.get("TEST_NATS_URL")):
        yield Addresses("given", postgres, nats, os.environ.get("TEST_CLUES_NATS_URL", nats))
        return
    source = _containers() if _docker_answers() else _embedded()
    with source as addresses:
        yield addresses


@contextlib.contextmanager
def _embedded() -> Iterator[Addresses]:
    with tempfile.TemporaryDirectory(prefix="jianfu-") as folder, running(Path(folder), fast=True) as both:
        yield Addresses("embedded", both.postgres.url, both.nats.url(ADMIN.name), both.nats.url(CLUES_ADMIN.name))


def _docker_answers() -> bool:
    """Tell whether a Docker engine is there; its client is loaded only if something could answer."""
    if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    import docker

    try:
        return bool(docker.from_env(timeout=2).ping())
    except docker.errors.DockerException:
        return False


@contextlib.contextmanager
def _containers() -> Iterator[Addresses]:
    from testcontainers.core.container import DockerContainer

    accounts = "\n".join(
        f'{name.upper()} {{ jetstream: enabled, users: [ {{ user: {name}, password: "{PASSWORD}" }} ] }}'
        for name in ("app", "clues")
    )
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(f"jetstream {{}}\nmax_payload: 8MB\naccounts {{\n{accounts}\n}}\n")
        config.flush()
        Path(config.name).chmod(0o644)
        postgres = DockerContainer(POSTGRES_IMAGE).with_env("POSTGRES_PASSWORD", PASSWORD).with_exposed_ports(5432)
        nats = DockerContainer(NATS_IMAGE).with_volume_mapping(config.name, "/nats.conf").with_command("-c /nats.conf")
        with postgres.with_command("postgres -c fsync=off") as pg, nats.with_exposed_ports(4222) as bus:
            bus_at = f"{bus.get_container_host_ip()}:{bus.get_exposed_port(4222)}"
            addresses = Addresses(
                "containers",
                f"postgresql://postgres:{PASSWORD}@{pg.get_container_host_ip()}:{pg.get_exposed_port(5432)}/postgres",
                f"nats://app:{PASSWORD}@{bus_at}",
                f"nats://clues:{PASSWORD}@{bus_at}",
            )
            _await_log(pg, "ready to accept connections", times=2)  # the image starts its server twice
            _await_log(bus, "Server is ready", times=1)
            yield addresses


def _await_log(container: object, text: str, *, times: int) -> None:
    end = time.monotonic() + 60
    while b"".join(container.get_logs()).count(text.encode()) < times:  # type: ignore[attr-defined]  # untyped package
        if time.monotonic() > end:
            raise RuntimeError(f"no {text!r} in the container's log")
        time.sleep(0.2)
