"""What keeps the servers running: started until they run, and anew after a full disk; logs that cannot be written."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from deploy import supervisor
from deploy.embedded.errors import Unusable
from deploy.embedded.home import held
from deploy.embedded.nats import FAILED, Nats
from deploy.embedded.postgres import Postgres
from deploy.logfile import LogFile
from tests.eventually import eventually


class Weak:
    """A server that is dead and cannot be started the first times."""

    title = "PostgreSQL"
    alive = False

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def launch(self) -> None:
        self.failures -= 1
        self.asked = 0

    def answers(self) -> bool:
        if self.failures >= 0:
            raise Unusable("端口被占用")
        self.asked += 1
        self.alive = self.asked > 1  # it recovers for a while
        return self.alive


@pytest.mark.parametrize(("failures", "told"), [(0, 1), (2, 1), (9, 3)])
async def test_a_server_is_started_until_it_runs(monkeypatch, failures: int, told: int) -> None:
    monkeypatch.setattr(supervisor, "LOOK", 0.001)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.002)
    server = Weak(failures)
    said: list[str] = []
    keeping = asyncio.create_task(supervisor._keep_alive(cast("Postgres", server), said.append))
    await eventually(lambda: server.alive)
    keeping.cancel()
    assert (server.failures, len(said)) == (-1, told)


def test_a_stream_that_could_not_write_is_noticed_once(tmp_path: Path) -> None:
    with held(tmp_path) as home:
        nats = Nats(home, 4222, 8222)
        with (tmp_path / "logs" / "nats.log").open("wb", buffering=0) as log:
            log.write(b"[1] [INF] Server is ready\n")
            assert not nats.has_failed_to_store()
            log.write(b"[1] [ERR] " + FAILED[:12])
            assert not nats.has_failed_to_store()
            log.write(FAILED[12:] + b" on stream 'APP > FACTS': no space left on device\n")
            assert nats.has_failed_to_store()
            assert not nats.has_failed_to_store()


def test_a_disk_is_well_when_it_takes_something(tmp_path: Path) -> None:
    with held(tmp_path) as home:
        nats = Nats(home, 4222, 8222)
        assert not nats.can_store()
        (tmp_path / "nats").mkdir()
        assert nats.can_store()
        assert list((tmp_path / "nats").iterdir()) == []


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    with LogFile(Path("/dev/full")) as log:
        log.write(b"lost\n")
        log.write(b"lost too\n")
