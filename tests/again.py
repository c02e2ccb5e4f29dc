"""Run again what failed in the last run, when it was little: ``python -m tests.again``.

A test of real servers may fail because the machine stood still. What fails twice fails; what passes the second time is named as
unstable, so that somebody mends it, and does not stop what is being tested.
"""

import json
import subprocess
import sys
from pathlib import Path

_MOST = 3
"""More failures than these are no accident."""
_FAILED = Path(".pytest_cache/v/cache/lastfailed")
_ENDED = Path(".pytest_cache/v/jianfu/ended")
"""How the last run ended; see ``tests.bounds``."""
_WHOLE = 1
"""Pytest's exit code of a run that came to its end with failures; one that was interrupted has left tests out."""


def main() -> int:
    """Run them, and tell which are unstable."""
    if not _ENDED.exists() or json.loads(_ENDED.read_text("utf-8")) != _WHOLE:
        print("not run again: the last run did not come to its end")
        return 1
    failed = list(json.loads(_FAILED.read_text("utf-8"))) if _FAILED.exists() else []
    if not 0 < len(failed) <= _MOST:
        print(f"not run again: {len(failed)} tests failed, and only {_MOST} or fewer may be unstable")
        return 1
    code = subprocess.call([sys.executable, "-m", "pytest", "-q", *failed])
    print(
        *(f"UNSTABLE, to be mended: {name} failed once{'' if code else ' and then passed'}" for name in failed),
        sep="\n",
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
