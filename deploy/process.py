"""One service as a child process: started, watched, started again when it dies."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from deploy.embedded.child import tethered
from deploy.logfile import LogFile

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 8.0
STEADY = 10.0
"""After so many seconds alive, a death is treated as the first one again."""
PATIENCE = 15.0
"""Seconds a service has to end by itself."""
LAST_PATIENCE = 15.0
"""Seconds the kernel has to end a service that was killed: longer is a broken disk, and better told than waited for."""

Say = Callable[[str], None]
"""Tells the person at the terminal one line."""


class Process:
    """A service's process and its successors; output goes to ``log``."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, log: Path, say: Say
    ) -> None:
        """Plan ``command`` with this whole environment; nothing happens before ``run``."""
        self.name = name
        self.log = log
        self.deaths = 0
        self._command = command
        self._environment = environment
        self._say = say
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Keep the service running until cancelled, then end it."""
        pause = FIRST_PAUSE
        with LogFile(self.log) as log:
            while True:
                started = time.monotonic()
                try:
                    code = await self._once(log)
                finally:
                    await self._end()
                self.deaths += 1
                if time.monotonic() - started > STEADY:
                    pause = FIRST_PAUSE
                self._say(f"服务 {self.name} 意外退出（{_reason(code)}），{pause:g} 秒后重新启动。日志：{self.log}")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                self._say(f"服务 {self.name} 正在重新启动。")

    async def _once(self, log: LogFile) -> int:
        """Start the process, copy what it writes, and give its exit code."""
        self._process = await asyncio.create_subprocess_exec(
            *tethered(self._command, signal_number=signal.SIGKILL),  # it has nobody left to answer to: no long goodbye
            env=dict(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        output = cast("asyncio.StreamReader", self._process.stdout)  # there, because it was asked for
        while chunk := await output.read(65536):
            log.write(chunk)
        return await self._process.wait()

    async def _end(self) -> None:
        """Ask the process to end, and make it."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.communicate()  # also drains the pipe, on which a last word could block
        except TimeoutError:
            process.kill()
            async with asyncio.timeout(LAST_PATIENCE):
                await process.wait()


def _reason(code: int) -> str:
    return f"信号 {signal.Signals(-code).name}" if code < 0 else f"退出码 {code}"
