"""The data folder: where things lie in it, who holds it, and the secrets made for it."""

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import Unusable
from kit.secret_files import Exposed, read_secret

ENOUGH_BYTES = 500 * 1024 * 1024
"""With less free space than this PostgreSQL and JetStream would stop soon after the start."""

LOG_BYTES = 10 * 1024 * 1024


def _new_password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Home:
    """One data folder, held by this process; ``lock`` is the open lock file that the servers inherit."""

    root: Path
    lock: int

    @property
    def secrets(self) -> Path:
        """The folder of generated secrets, readable by its owner only."""
        return self.root / "secrets"

    @property
    def ports(self) -> Path:
        """The file that remembers the ports of the last run."""
        return self.root / "ports.json"

    def log(self, name: str) -> Path:
        """Give the log file of a process; one that has grown too large is put aside first."""
        path = self.root / "logs" / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def secret(self, name: str, make: Callable[[], str] = _new_password) -> str:
        """Read a generated secret, by default a password, making it on the first call; ``Unusable`` if others may too."""
        path = self.secrets / name
        if not path.exists():
            write_secret(path, make())
        try:
            return read_secret(path).decode("ascii")
        except Exposed as error:
            raise Unusable(f"密钥文件 {path} 的权限过宽，其他用户可读。请执行：chmod 600 {path}") from error


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextlib.contextmanager
def held(root: Path, *, patience: float = 5.0) -> Iterator[Home]:
    """Make the data folder if need be and hold it until the block ends; ``Unusable`` where that cannot be.

    The servers inherit the lock, so it is free only when the last of them is gone, also after ``kill -9`` of their
    parent: that is what ``patience`` (seconds) waits for.
    """
    root = root.absolute()
    try:
        for folder in (root, root / "secrets", root / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(
            f"数据目录 {root} 不可写（{error.strerror}）。请换一个目录（--home），或检查磁盘与权限。"
        ) from error
    try:
        _take(lock, root, patience)
        if (free := shutil.disk_usage(root).free) < ENOUGH_BYTES:
            raise Unusable(
                f"数据目录 {root} 所在磁盘只剩 {free // 2**20} MB,至少需要 {ENOUGH_BYTES // 2**20} MB。请先清理磁盘。"
            )
        yield Home(root, lock)
    finally:
        os.close(lock)


def _take(lock: int, root: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace") or "未知"
        if time.monotonic() > end:
            raise Unusable(
                f"数据目录 {root} 正被另一个 jianfu 使用（进程号 {holder}）。请先停止它，或用 --home 指定别的目录。"
            )
        time.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
