"""Loopback ports: free ones, the same as last time where possible."""

import json
import socket
from pathlib import Path

from deploy.embedded.errors import Unusable

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # what servers do: TIME_WAIT does not count as taken
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def demand(port: int, purpose: str) -> int:
    """Give back a port that a person asked for; ``Unusable`` if nothing can listen there."""
    if not is_free(port):
        raise Unusable(f"{purpose}的端口 {port} 无法使用（已被占用或没有权限）。请换一个端口。")
    return port


class Ports:
    """The ports of one data folder, by the name of who listens."""

    def __init__(self, memory: Path) -> None:
        """Remember in the JSON file ``memory``, an object of name to port; a broken file is as good as none."""
        self._memory = memory
        self._known = _read(memory)
        self._given: set[int] = set()

    def choose(self, name: str) -> int:
        """Give the port used last time if it is free, else a free one, and remember it."""
        port = self._known.get(name, 0)
        if not port or port in self._given or not is_free(port):
            port = self._unused()
        self.remember(name, port)
        return port

    def remember(self, name: str, port: int) -> None:
        """Keep a port for the next run."""
        self._given.add(port)
        self._known[name] = port
        self._memory.write_text(json.dumps(self._known, indent=1), "utf-8")

    def _unused(self) -> int:
        while True:
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                port = int(probe.getsockname()[1])
            if port not in self._known.values():
                return port


def _read(memory: Path) -> dict[str, int]:
    try:
        known = json.loads(memory.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): int(port) for name, port in known.items()} if isinstance(known, dict) else {}
