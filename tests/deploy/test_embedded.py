"""The embedded servers: safe data, nothing left behind, and a person told what is wrong."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats.errors
import pytest
from nats.aio.client import Client

from deploy.embedded.accounts import ADMIN, CLUES_ADMIN, USERS
from deploy.embedded.errors import Unusable
from deploy.embedded.home import held
from deploy.embedded.nats import Nats
from deploy.embedded.ports import Ports, demand, is_free
from deploy.embedded.postgres import Postgres
from deploy.embedded.servers import running
from kit.nats import connect
from tests.eventually import eventually

pytestmark = pytest.mark.connected

HOLDER = """
import sys, time
from pathlib import Path
from deploy.embedded.servers import running
with running(Path(sys.argv[1]), fast=True):
    print("running", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the servers in another process while the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "running\n"
            yield process
        finally:
            process.kill()


async def test_rows_and_messages_outlive_the_servers(home: Path) -> None:
    with running(home, fast=True) as servers:
        database = await asyncpg.connect(servers.postgres.url)
        await database.execute("create table kept as select 42 as answer")
        await database.close()
        bus = await connect(servers.nats.url(ADMIN.name), name="test")
        await bus.jetstream().add_stream(name="KEPT", subjects=["kept"])
        await bus.jetstream().publish("kept", b"42")
        await bus.close()
    with running(home, fast=True) as servers:
        database = await asyncpg.connect(servers.postgres.url)
        assert await database.fetchval("select answer from kept") == 42
        await database.execute("drop table kept")
        await database.close()
        bus = await connect(servers.nats.url(ADMIN.name), name="test")
        assert (await bus.jetstream().get_msg("KEPT", 1)).data == b"42"
        await bus.jetstream().delete_stream("KEPT")
        await bus.close()


async def test_outside_tests_every_write_reaches_the_disk(tmp_path: Path) -> None:
    with running(tmp_path) as servers:
        database = await asyncpg.connect(servers.postgres.url)
        settings = [
            await database.fetchval(f"show {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")
        ]
        await database.close()
    assert settings == ["on", "on", "on"]
    assert "sync_interval: always" in (tmp_path / "nats.conf").read_text()


async def test_the_two_accounts_share_nothing(home: Path) -> None:
    with running(home, fast=True) as servers:
        app, clues = (
            await connect(servers.nats.url(ADMIN.name), name="test"),
            await connect(servers.nats.url(CLUES_ADMIN.name), name="test"),
        )
        await clues.jetstream().add_stream(name="SECRET", subjects=["clues.>"])
        assert await app.jetstream().streams_info() == []
        await clues.jetstream().delete_stream("SECRET")
        await app.close()
        await clues.close()


async def test_a_service_publishes_only_what_is_its_own(home: Path) -> None:
    with running(home, fast=True) as servers:
        admin = await connect(servers.nats.url(ADMIN.name), name="test")
        await admin.jetstream().add_stream(name="FACTS", subjects=["facts.>"])
        intake, ledger = [await connect(servers.nats.url(name), name=name) for name in ("intake", "ledger")]
        await intake.jetstream().publish("facts.x", b"1")
        assert (await ledger.jetstream().get_msg("FACTS", 1)).data == b"1"
        for refused in (
            ledger.jetstream(timeout=0.2).publish("facts.x", b"2"),
            intake.jetstream(timeout=0.2).publish("alerts.x", b"2"),
            intake.jetstream(timeout=0.2).purge_stream("FACTS"),
            ledger.jetstream(timeout=0.2).delete_stream("FACTS"),
        ):
            with pytest.raises((TimeoutError, nats.errors.Error)):
                await refused
        assert (await admin.jetstream().stream_info("FACTS")).state.messages == 1
        await admin.jetstream().delete_stream("FACTS")
        for connection in (admin, intake, ledger):
            await connection.close()


async def test_strangers_are_refused(home: Path) -> None:
    with running(home, fast=True) as servers:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(servers.postgres.url, password="guessed")
        stranger = Client()
        with pytest.raises(nats.errors.Error, match="Authorization"):
            await stranger.connect(f"nats://{urlsplit(servers.nats.url(ADMIN.name)).netloc}", allow_reconnect=False)
        await stranger.close()


def test_no_password_is_on_a_command_line_or_in_a_log_or_readable_by_others(
    home: Path, command_lines: Callable[[Path], list[str]]
) -> None:
    with running(home, fast=True):
        lines = "\n".join(command_lines(home))
    secrets = list((home / "secrets").iterdir())
    logs = "".join(path.read_text("utf-8") for path in (home / "logs").iterdir())
    assert "nats-server" in lines
    assert "postgres" in lines
    assert len(secrets) == 1 + len(USERS)
    for secret in secrets:
        assert secret.read_text() not in lines + logs
    for path in [home, home / "nats.conf", home / "secrets", *secrets]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_nothing_is_left_after_kill_9_of_the_parent(
    home: Path, command_lines: Callable[[Path], list[str]]
) -> None:
    with another_process(home) as parent:
        assert any("nats-server" in line for line in command_lines(home))
        parent.kill()
        parent.wait(20)
        await eventually(lambda: [line for line in command_lines(home) if "python" not in line] == [])
    with running(home, fast=True) as servers:
        assert servers.postgres.alive


def test_a_second_instance_on_the_same_folder_is_refused(home: Path) -> None:
    with (
        another_process(home) as other,
        pytest.raises(Unusable, match=f"正被另一个 jianfu 使用.*{other.pid}"),
        held(home, patience=0.1),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unusable, match="不可写"), running(tmp_path / "file" / "home"):
        pass


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(Unusable, match="至少需要"), held(tmp_path):
        pass


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with held(home) as folder:
        ports = Ports(folder.ports)
        taken = ports.choose("nats")
        nats_server = Nats(folder, taken, ports.choose("nats-monitoring"), fast=True)
        nats_server.start()
        try:
            with pytest.raises(Unusable, match="PostgreSQL 没有启动"):
                Postgres(folder, taken, fast=True).start()
            with pytest.raises(Unusable, match=f"控制台的端口 {taken} 无法使用"):
                demand(taken, "控制台")
        finally:
            nats_server.stop()


def test_ports_stay_the_same_from_run_to_run_unless_taken(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = Ports(memory).choose("intake")
    assert Ports(memory).choose("intake") == first
    with_other = Ports(memory)
    assert with_other.choose("ledger") != first
    memory.write_text('{"intake": 1, "broken"')
    assert is_free(Ports(memory).choose("intake"))


def test_a_cluster_of_another_version_is_refused_with_the_reason(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "old")
    version = tmp_path / "old" / "postgres" / "data" / "PG_VERSION"
    version.write_text("9.6\n")
    with pytest.raises(Unusable, match=r"(?s)PostgreSQL 没有启动.*9.6"), running(tmp_path / "old", fast=True):
        pass


def test_a_start_that_was_killed_leaves_no_half_cluster(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "unfinished" / "base").mkdir(parents=True)
    with running(tmp_path, fast=True) as servers:
        assert servers.postgres.alive
    assert not (tmp_path / "postgres" / "unfinished").exists()


async def test_a_killed_server_recovers_its_data_when_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as servers:
        database = await asyncpg.connect(servers.postgres.url)
        await database.execute("create table kept as select 42 as answer")
        await database.close()
        for server in (servers.postgres, servers.nats):
            assert server._process
            os.kill(server._process.pid, signal.SIGKILL)
            server._process.wait(20)
            assert not server.alive
            await eventually(partial(_starts, server))  # PostgreSQL waits for its last child to go
        database = await asyncpg.connect(servers.postgres.url)
        assert await database.fetchval("select answer from kept") == 42
        await database.close()


def _starts(server: Postgres | Nats) -> bool:
    try:
        server.start()
    except Unusable:
        return False
    return True


@pytest.mark.skipif(os.geteuid() != 0, reason="只有 root 才需要换身份运行 PostgreSQL")
def test_root_without_user_namespaces_is_told_which_folder_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **options: None if name == "unshare" else which(name, **options))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Unusable, match="不能以 root 身份运行，而普通用户进不了"), running(closed / "home", fast=True):
        pass
