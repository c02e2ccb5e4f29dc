"""Secrets that lie in files: read only where nobody else may read them."""

import stat
from pathlib import Path
from typing import Final

_OTHERS: Final = stat.S_IRWXO | stat.S_IWGRP


class Exposed(ValueError):
    """A file of a secret that others may read, or the group may change."""


def read_secret(path: Path) -> bytes:
    """Return what a file holds; raise ``Exposed`` where its mode lets others at it, ``OSError`` where it cannot be read.

    The group may read it: that is how secrets are mounted into containers.
    """
    with path.open("rb") as file:
        content = file.read()
        mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise Exposed(f"{path}: mode {mode:04o} lets others at a secret; expected 0600 or 0640")
    return content
