"""The files of kept lines: only appended to, durable before anything is said, cut into segments that go when they are done."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.embedded.errors import Unusable
from deploy.spool.state import sync_folder

SEGMENT: Final = 8 * 1024 * 1024
"""Bytes after which a new file is begun."""
_NAME: Final = re.compile(r"acts-([0-9]{8})\.log")


class Full(Unusable):
    """There is no room for more; what was kept before is kept."""


class Files:
    """The segments of one spool."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder that nobody else writes to; call ``mend`` before anything is appended."""
        self._folder = folder
        self._segments = sorted(int(found[1]) for one in folder.iterdir() if (found := _NAME.fullmatch(one.name)))
        self._sizes = {segment: self.path(segment).stat().st_size for segment in self._segments}

    @property
    def size(self) -> int:
        """Return the bytes of all segments."""
        return sum(self._sizes.values())

    def path(self, segment: int) -> Path:
        """Return where a segment lies."""
        return self._folder / f"acts-{segment:08}.log"

    def mend(self) -> bytes:
        """Cut off a half-written tail, which was never said to be kept, and return it."""
        if not self._segments:
            return b""
        last = self._segments[-1]
        content = self.path(last).read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._cut(last, whole)
        return content[whole:]

    def append(self, lines: bytes, *, first: int) -> None:
        """Add lines durably; raise ``Full`` when the disk does not take them, then none of them is there.

        ``first`` is the segment to begin with where there is none yet.
        """
        if not self._segments or self._sizes[self._segments[-1]] >= SEGMENT:
            self._begin(max(first, self._segments[-1] + 1 if self._segments else 1))
        segment = self._segments[-1]
        before = self._sizes[segment]
        try:
            with self.path(segment).open("ab", buffering=0) as file:
                written = 0
                while written < len(lines):
                    written += file.write(lines[written:])
                os.fsync(file.fileno())
        except OSError as error:
            self._cut(segment, before)
            raise Full(f"暂存区写不进磁盘（{error.strerror}），没有再保存。") from error
        self._sizes[segment] = before + len(lines)

    def lines(self, segment: int, offset: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (segment, offset behind it, line) of all lines from a place on, in order."""
        for one in self._segments:
            if one < segment:
                continue
            with self.path(one).open("rb") as file:
                file.seek(offset if one == segment else 0)
                while line := file.readline():
                    yield one, file.tell(), line

    def forget(self, segment: int) -> None:
        """Remove the segments before ``segment``."""
        for one in [one for one in self._segments if one < segment]:
            self.path(one).unlink(missing_ok=True)
            self._segments.remove(one)
            del self._sizes[one]
        sync_folder(self._folder)

    def ends_at(self, segment: int, offset: int) -> bool:
        """Tell whether nothing lies behind a place."""
        return not self._segments or (segment == self._segments[-1] and offset == self._sizes[segment])

    def _begin(self, segment: int) -> None:
        self.path(segment).touch(mode=0o600)
        sync_folder(self._folder)
        self._segments.append(segment)
        self._sizes[segment] = 0

    def _cut(self, segment: int, size: int) -> None:
        with self.path(segment).open("rb+") as file:
            file.truncate(size)
            os.fsync(file.fileno())
        self._sizes[segment] = size
