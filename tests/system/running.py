"""The real system as its own processes: ``jianfu up`` on a data folder, with a way to kill and to freeze each part of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from deploy import database, tokens
from deploy.embedded.accounts import ADMIN, CLUES_ADMIN
from deploy.embedded.nats import address
from deploy.embedded.ports import LOOPBACK
from kit.auth import Principal, Role
from tests.eventually import eventually

SERVICES: Final = ("intake", "ledger", "monitor", "notify", "console")
SERVERS: Final = ("nats", "postgres")
TARGETS: Final = (*SERVICES, *SERVERS)
"""Everything that may be killed: the supervisor's children."""

_SIGNS: Final = {
    **{f"services.{name}": name for name in SERVICES},
    "/nats-server\0": "nats",
    "/bin/postgres\0": "postgres",
}
"""What in a child's command line tells which one it is."""
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Running:
    """A running system; ``root`` is its data folder."""

    root: Path
    process: subprocess.Popen[bytes]
    said: Path
    """What the supervisor told the terminal."""

    def url(self, service: str) -> str:
        """Return a service's base address."""
        return f"http://{LOOPBACK}:{self.port(service)}"

    def bearer(self, role: str, place: str = "00", units: tuple[str, ...] = ()) -> dict[str, str]:
        """Return the header of somebody's token."""
        sources = frozenset({"/"}) if role == "adapter" else frozenset[str]()
        who = Principal(f"{role}@test", Role(role), place, frozenset(units), sources)
        return {"authorization": f"Bearer {tokens.issue(self.root, who, lifetime=_HOUR)}"}

    def database(self, service: str) -> str:
        """Return the address at which a service reads and writes its schema."""
        return database.address_on_disk(self.root, service)

    @property
    def nats(self) -> str:
        """The administrator's address of the account with facts and alerts."""
        return self.nats_of(ADMIN.name)

    @property
    def clues(self) -> str:
        """The administrator's address of the account for clues."""
        return self.nats_of(CLUES_ADMIN.name)

    def nats_of(self, user: str) -> str:
        """Return a NATS user's address."""
        return address(self.root, user, self.port("nats"))

    def port(self, name: str) -> int:
        """Return the port at which a service or server listens."""
        return int(json.loads((self.root / "ports.json").read_text("utf-8"))[name])

    def tail(self, name: str) -> str:
        """Return the end of a service's or server's log."""
        return (self.root / "logs" / f"{name}.log").read_text("utf-8", errors="replace")[-4000:]

    def complaints(self) -> str:
        """Return the last lines of every service's log that tell of trouble."""
        return "\n".join(
            line[:2000]
            for name in SERVICES
            for line in [one for one in self.tail(name).splitlines() if '"level":"info"' not in one][-5:]
        )

    def children(self) -> dict[str, int]:
        """Return the living children of the supervisor by name; one that just died is not there."""
        found: dict[str, int] = {}
        for folder in _processes():
            if _parent(folder) == self.process.pid:
                with contextlib.suppress(OSError):
                    line = (folder / "cmdline").read_text("utf-8")
                    found |= {name: int(folder.name) for sign, name in _SIGNS.items() if sign in line}
        return found

    def family(self, target: str) -> list[int]:
        """Return the process ids of a child and of its own children."""
        own = self.children()[target]
        return [own, *(int(folder.name) for folder in _processes() if _parent(folder) == own)]

    def send(self, target: str, number: signal.Signals) -> int | None:
        """Send a signal to a child; return its process id, None when it is not there just now."""
        pid = self.children().get(target)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pid

    def kill(self, target: str) -> bool:
        """Kill a child with -9; tell whether it was there."""
        return self.send(target, signal.SIGKILL) is not None

    async def troubles(self) -> dict[str, str]:
        """Return what keeps each service that is not ready from being so."""
        found: dict[str, str] = {}
        async with httpx.AsyncClient(timeout=5) as client:
            for service in SERVICES:
                try:
                    answer = await client.get(f"{self.url(service)}/readyz")
                except httpx.TransportError as error:
                    found[service] = type(error).__name__
                else:
                    if answer.status_code != httpx.codes.OK:
                        found[service] = answer.text
        return found

    async def ready(self, *, within: float) -> None:
        """Wait until every service is ready."""
        assert self.process.poll() is None, f"the supervisor has ended:\n{self.said.read_text('utf-8')[-4000:]}"
        await eventually(self._trouble, "", within=within)

    async def _trouble(self) -> str:
        return ", ".join(f"{service}: {why}" for service, why in (await self.troubles()).items())


@contextlib.asynccontextmanager
async def up(root: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """Run the whole system on ``root`` while the block lasts; ``environment`` is added to ours."""
    said = root.with_name(f"{root.name}.said")
    process = _start(root, said, {**os.environ, **(environment or {})})
    try:
        await eventually(lambda: process.poll() is not None or "按 Ctrl-C 停止" in said.read_text("utf-8"), within=180)
        assert process.poll() is None, said.read_text("utf-8")
        yield Running(root, process, said)
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()


def _start(root: Path, said: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "deploy.cli", "up", "--home", str(root), "--with-parent"]
    with said.open("wb") as out:
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def _processes() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*")


def _parent(folder: Path) -> int:
    """Return the parent's id of a process, 0 when it has just ended."""
    with contextlib.suppress(OSError):
        return int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
    return 0
