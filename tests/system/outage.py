"""What a server room does to a system: servers away or frozen, disks full or not writable, a clock that jumps."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from deploy.embedded.ports import LOOPBACK
from tests.eventually import eventually
from tests.system import clock
from tests.system.running import Running

Outage = Callable[[Running], AbstractAsyncContextManager[None]]
"""Goes on while its block lasts."""

DISK: Final = 1536 * 1024 * 1024
"""Bytes of the disk that tests may fill; nothing is taken of the real one before it is written."""


HOUR: Final = 3600
_CLOSE: Final = 60


class NotHere(Exception):
    """This machine does not let us make the outage; the Chinese text says what is missing."""


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a small disk of its own, or on the machine's where it does not let us have one."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK)
    mounted = _done("mkfs.ext4", "-q", "-m", "0", str(image)) and _done("mount", "-o", "loop", str(image), str(place))
    try:
        yield place
    finally:
        if mounted:
            _done("umount", "-l", str(place))
        image.unlink()


def _done(*command: str) -> bool:
    """Run a command; tell whether it is there and went well."""
    return shutil.which(command[0]) is not None and (
        subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0
    )


def away(target: str) -> Outage:
    """Return the outage in which a server is killed and cannot be started, because its port is taken."""

    @contextlib.asynccontextmanager
    async def outage(system: Running) -> AsyncIterator[None]:
        async with await _taken(system, target):
            yield

    return outage


async def _taken(system: Running, target: str) -> asyncio.Server:
    """Kill a server and listen in its place, closing every connection, before it can be started again."""

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    while True:
        system.kill(target)
        with contextlib.suppress(OSError):
            return await asyncio.start_server(hang_up, LOOPBACK, system.port(target), reuse_address=True)
        await asyncio.sleep(0.01)


def frozen(target: str) -> Outage:
    """Return the outage in which a server and its children stand still, their connections open."""

    @contextlib.asynccontextmanager
    async def outage(system: Running) -> AsyncIterator[None]:
        numbers = system.family(target)
        _signal(numbers, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(numbers, signal.SIGCONT)

    return outage


def _signal(numbers: list[int], number: signal.Signals) -> None:
    for pid in numbers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.asynccontextmanager
async def full(system: Running) -> AsyncIterator[None]:
    """Fill the disk on which the whole data folder lies."""
    if not system.root.parent.is_mount():
        raise NotHere("没有权限挂载测试用的小磁盘（mkfs.ext4、mount），没有试验写满磁盘")
    filler = system.root.parent / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(filler).free)
    filled = asyncio.create_task(_keep_full(filler))  # logs that are put aside make room
    try:
        yield
    finally:
        filled.cancel()
        filler.unlink()


async def _keep_full(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        while True:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def read_only(system: Running) -> AsyncIterator[None]:
    """Let nothing in the data folder be written, made or removed, not even through files that are open."""
    if not _done("chattr", "-R", "+i", str(system.root)):
        raise NotHere("没有权限把文件设为不可更改（chattr +i），没有试验只读磁盘")
    try:
        yield
    finally:
        _done("chattr", "-R", "-i", str(system.root))


def off_by(seconds: int) -> Outage:
    """Return the outage in which the clock is wrong by so much: it jumps there and in the end back."""

    @contextlib.asynccontextmanager
    async def outage(system: Running) -> AsyncIterator[None]:
        folder = system.root.parent
        if not clock.is_there(folder):
            raise NotHere("没有 C 编译器（cc），没有试验时钟跳变")
        clock.set_off(folder, seconds)
        try:
            await eventually(lambda: _is_off_by(system, seconds))
            yield
        finally:
            clock.set_off(folder, 0)

    return outage


async def _is_off_by(system: Running, seconds: int) -> bool:
    """Tell whether the database and a service have the wrong time by now."""
    db = await asyncpg.connect(system.database("intake"))
    try:
        database = float(await db.fetchval("select extract(epoch from now())"))
    finally:
        await db.close()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{system.url('intake')}/livez")
    service = parsedate_to_datetime(answer.headers["date"]).timestamp()
    return all(abs(told - time.time() - seconds) < _CLOSE for told in (database, service))


OUTAGES: Final[dict[str, Outage]] = {
    "NATS away": away("nats"),
    "PostgreSQL away": away("postgres"),
    "NATS frozen": frozen("nats"),
    "PostgreSQL frozen": frozen("postgres"),
    "disk full": full,
    "disk read-only": read_only,
    "clock an hour ahead": off_by(HOUR),
    "clock an hour behind": off_by(-HOUR),
}
