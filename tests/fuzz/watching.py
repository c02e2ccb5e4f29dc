"""What a run must not change: processes live, memory is flat, and of what is secret there is no trace."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from deploy.access import SERVICES
from tests.fuzz.inputs import LEAK
from tests.system.running import Running

GROWTH: Final = 48 * 1024
"""KiB by which a service's memory may grow after it has warmed up, whatever comes."""
SHARE: Final = 0.25
"""The same as a share of what it had: the larger of the two counts."""
OF_A_FACT: Final = {"monitor": 8}
"""KiB that a valid fact may take beside: the monitor keeps acts and their summaries up to a bound, whoever sent them."""
_WATCHED: Final = (*SERVICES, "nats")


def resident(system: Running) -> dict[str, int]:
    """Return the resident memory of each process in KiB; PostgreSQL's processes share theirs, so they are left out."""
    return {name: _rss(pid) for name, pid in system.children().items() if name in _WATCHED}


def _rss(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


@dataclass
class Watch:
    """Processes and their memory at the beginning, when warm, and at the end."""

    pids: Mapping[str, int]
    memory: list[dict[str, int]] = field(default_factory=list)

    @classmethod
    def of(cls, system: Running) -> "Watch":
        """Begin to watch."""
        return cls(system.children(), [resident(system)])

    def look(self, system: Running) -> None:
        """Note the memory of this moment."""
        self.memory.append(resident(system))

    def deaths(self, system: Running) -> list[str]:
        """Return which processes are not those of the beginning."""
        now = system.children()
        return [name for name, pid in self.pids.items() if now.get(name) != pid]

    def grown(self, stored: int) -> list[str]:
        """Return whose memory grew by more than it may between the moment when it was warm and the last."""
        warm, last = self.memory[1], self.memory[-1]
        return [
            name
            for name, size in last.items()
            if size - warm[name] > max(GROWTH, SHARE * warm[name]) + OF_A_FACT.get(name, 0) * stored
        ]

    def report(self) -> str:
        """Say it to a person, in MiB."""
        lines = ["  内存 memory (MiB): 开始 start / 预热后 warm / 结束 end"]
        lines += [
            f"    {name:<10}" + " / ".join(f"{at.get(name, 0) / 1024:7.1f}" for at in self.memory)
            for name in self.pids
            if name in self.memory[0]
        ]
        return "\n".join(lines)


async def traces(system: Running) -> list[str]:
    """Return where the mark of the secret inputs stands: in a table, or in any file of the data folder."""
    found = []
    for service in SERVICES:
        if service == "console":
            continue
        db = await asyncpg.connect(system.database(service))
        try:
            tables = await db.fetch(
                "select table_name as name from information_schema.tables where table_schema = $1", service
            )
            for table in tables:
                sql = f'select count(*) from {service}."{table["name"]}" t where t::text like $1 or t::text like $2'
                if await db.fetchval(sql, f"%{LEAK}%", f"%{LEAK.encode().hex()}%"):
                    found.append(f"{service}.{table['name']}")
        finally:
            await db.close()
    grep = await asyncio.create_subprocess_exec("grep", "-rlaF", LEAK, str(system.root), stdout=asyncio.subprocess.PIPE)
    return [*found, *(await grep.communicate())[0].decode().splitlines()]


async def parked(system: Running) -> list[str]:
    """Return the facts that were taken and that a reader could not read."""
    found = []
    for service, sql in (
        ("ledger", "select position, code, field, detail from ledger.parked limit 20"),
        ("monitor", "select * from monitor.parked limit 20"),
        ("notify", "select * from notify.parked limit 20"),
    ):
        db = await asyncpg.connect(system.database(service))
        try:
            found += [f"{service} {dict(row)}" for row in await db.fetch(sql)]
        finally:
            await db.close()
    return found
