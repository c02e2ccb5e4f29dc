"""A log file that does not grow without end."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_BYTES = 10 * 1024 * 1024


class LogFile:
    """Appends to a file; when it has grown too large, the old half is kept as ``NAME.1`` and a new file begun."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Append to ``path``; together with the kept file at most about twice ``most_bytes`` lie on disk."""
        self._path = path
        self._most = most_bytes
        self._file = path.open("ab", buffering=0)

    def __enter__(self) -> Self:
        """Use as a context manager: the file is closed at the end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    def write(self, lines: bytes) -> None:
        """Append what a process wrote; what a full disk does not take is lost, which is no reason to stop the process."""
        with contextlib.suppress(OSError):
            if self._file.tell() + len(lines) > self._most:
                self._begin_anew()
            self._file.write(lines)

    def _begin_anew(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        old, self._file = self._file, self._path.open("ab", buffering=0)
        old.close()
