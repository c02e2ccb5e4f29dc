"""A log file that does not grow without end."""

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
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        """Use as a context manager: the file is closed at the end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    def write(self, lines: bytes) -> None:
        """Append what a process wrote."""
        if self._file.tell() + len(lines) > self._most:
            self._file.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._file = self._path.open("ab")
        self._file.write(lines)
        self._file.flush()
