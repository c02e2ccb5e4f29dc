"""What processes cost: the CPU time of a service and of the servers that run below this process."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_SERVERS = {"nats-server": "nats", "postgres": "postgres"}


class _Stat(NamedTuple):
    name: str
    parent: int
    seconds: float


def cpu(**services: int) -> dict[str, float]:
    """Return the CPU seconds so far of each named process (name=pid), of both servers, and of this one (``bench``)."""
    used = defaultdict[str, float](float, bench=sum(os.times()[:2]))
    stats = dict(_stats())
    for name, pid in services.items():
        used[name] += stats[pid].seconds
    for pid, stat in stats.items():
        if stat.name in _SERVERS and _is_ours(pid, stats):
            used[_SERVERS[stat.name]] += stat.seconds
    return dict(used)


def memory(*pids: int) -> float:
    """Return the MB that processes hold, what they share counted once among all who share it."""
    held = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
            held += next(int(line.split()[1]) for line in lines.splitlines() if line.startswith("Pss:"))
    return held / 1024


def _stats() -> Iterator[tuple[int, _Stat]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            head, _, tail = (entry / "stat").read_text().rpartition(")")
            fields = tail.split()
            seconds = sum(map(int, fields[11:15])) / _TICKS  # with the children that have ended
            yield int(entry.name), _Stat(head.partition("(")[2], int(fields[1]), seconds)


def _is_ours(pid: int, stats: Mapping[int, _Stat]) -> bool:
    while pid in stats:
        pid = stats[pid].parent
        if pid == os.getpid():
            return True
    return False
