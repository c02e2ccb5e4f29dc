"""A wall clock that a test may set: preloaded into the system's processes.

NATS is not among them: it asks the kernel without a library that could stand between.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SOURCE: Final = Path(__file__).with_suffix(".c")
_FILE: Final = "clock"


def prepare(folder: Path) -> Mapping[str, str]:
    """Return the environment that puts processes under the clock of ``folder``; empty where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return {}
    library = folder / "clock.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, _SOURCE], check=True, timeout=60)
    set_off(folder, 0)
    return {"LD_PRELOAD": str(library), "TEST_CLOCK_FILE": str(folder / _FILE)}


def is_there(folder: Path) -> bool:
    """Tell whether processes are under the clock of ``folder``."""
    return (folder / _FILE).exists()


def set_off(folder: Path, seconds: int) -> None:
    """Let the clock be so many seconds ahead of the machine's, at once and for every process."""
    path = folder / _FILE
    with path.open("r+b" if path.exists() else "xb", buffering=0) as file:
        file.write(seconds.to_bytes(8, "little", signed=True))
