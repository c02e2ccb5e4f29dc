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


def main() -> int:
    """Run them, and tell which are unstable."""
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
