"""A supervised service: started again when it dies, ended when asked, its output kept."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from deploy import process
from deploy.logfile import LogFile
from deploy.process import Process
from tests.eventually import eventually

SLEEPER = "import time; print('started', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


@contextlib.asynccontextmanager
async def supervised(program: str, folder: Path, said: list[str]) -> AsyncIterator[Path]:
    """Run a program as a service while the block lasts; give its log."""
    log = folder / "ledger.log"
    service = Process("ledger", [sys.executable, "-c", program], os.environ, log=log, say=said.append)
    running = asyncio.create_task(service.run())
    try:
        yield log
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def starts(log: Path) -> int:
    return log.read_text().count("started") if log.exists() else 0


def living(program: str) -> list[int]:
    """Give the processes that run a program, tethers and zombies not counted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes()
            if program.encode() in line and b"tether.py" not in line:
                found.append(int(folder.name))
    return found


async def test_a_dead_service_is_started_again_and_the_person_told(tmp_path: Path) -> None:
    said: list[str] = []
    program = f"{SLEEPER} # again"
    async with supervised(program, tmp_path, said) as log:
        await eventually(lambda: starts(log), 1)
        os.kill(living(program)[0], signal.SIGKILL)
        await eventually(lambda: starts(log), 2)
    assert said == [
        f"服务 ledger 意外退出（信号 SIGKILL），1 秒后重新启动。日志：{log}",
        "服务 ledger 正在重新启动。",
    ]
    assert living(program) == []


async def test_a_service_that_cannot_start_is_tried_more_and_more_rarely(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE", 0.05)
    said: list[str] = []
    async with supervised("raise SystemExit(3)", tmp_path, said):
        await eventually(lambda: len(said) >= 5)
    assert [line.partition("，")[2][:4] for line in said if "意外" in line][:3] == ["0.05", "0.1 ", "0.2 "]
    assert "退出码 3" in said[0]


async def test_a_stubborn_service_is_killed_in_the_end(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.1)
    program = f"{STUBBORN} # stubborn"
    async with supervised(program, tmp_path, []) as log:
        await eventually(lambda: starts(log), 1)
    assert living(program) == []


async def test_a_service_that_writes_much_while_it_ends_does_not_block(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('x' * 10**6), sys.exit()))\n"
        "print('started', flush=True); time.sleep(600) # chatty"
    )
    async with supervised(program, tmp_path, []) as log:
        await eventually(lambda: starts(log), 1)
    assert living(program) == []


def test_a_log_file_keeps_its_last_part_and_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with LogFile(path, most_bytes=100) as log:
        for number in range(100):
            log.write(b"line %02d\n" % number)
    kept = (tmp_path / "a.log.1").read_bytes() + path.read_bytes()
    assert kept.endswith(b"line 99\n")
    assert b"line 88\n" in kept
    assert len(kept) <= 200
