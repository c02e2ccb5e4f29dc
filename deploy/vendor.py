"""Copy the console's browser libraries from ``node_modules`` to where it serves them, if each is the file we know.

Run as ``python -m deploy.vendor``. The list ``vendor.sha256`` has a line for each file: checksum, name, place.
"""

import hashlib
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTED = Path(__file__).with_name("vendor.sha256")
TARGET = ROOT / "services" / "console" / "static" / "vendor"


def copy(source: Path, target: Path, listed: str) -> list[str]:
    """Copy the listed files from ``source`` to ``target``, replacing what is there; give one line for each wrong file.

    Where a file is missing or has another checksum, nothing is copied.
    """
    entries = [line.split() for line in listed.splitlines()]
    wrong = [f"{place}:{fault}" for checksum, _, place in entries if (fault := _fault(source / place, checksum))]
    if wrong:
        return wrong
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for _, name, place in entries:
        shutil.copyfile(source / place, target / name)
    return []


def _fault(path: Path, checksum: str) -> str | None:
    if not path.is_file():
        return "缺少这个文件"
    if hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
        return "校验和不符"
    return None


def main() -> int:
    """Copy, and say what is wrong; 1 when anything is."""
    wrong = copy(ROOT / "node_modules", TARGET, LISTED.read_text("ascii"))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
