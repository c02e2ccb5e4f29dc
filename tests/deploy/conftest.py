"""A data folder whose cluster is made once, and a look at which processes use a folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.servers import running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data folder that both servers have used before; a test leaves it with nothing running on it."""
    root = tmp_path_factory.mktemp("home")
    with running(root, fast=True):
        pass
    return root


@pytest.fixture
def command_lines() -> Callable[[Path], list[str]]:
    """Give a function to the command lines of the living processes that name a folder."""

    def using(folder: Path) -> list[str]:
        return [line for line in map(_command_line, Path("/proc").glob("[0-9]*")) if str(folder) in line]

    return using


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()  # empty for a zombie
    except OSError:
        return ""
