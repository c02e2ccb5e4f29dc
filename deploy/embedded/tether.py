"""Run a command that must not outlive its parent: ``tether.py PARENT SIGNAL UID COMMAND…`` (a script, not imported).

Linux sends SIGNAL to the command when PARENT dies in any way, ``kill -9`` included. UID 0 means: stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Give up root if asked, tie this process to its parent, and become the command."""
    parent, signal_number, uid = (int(word) for word in sys.argv[1:4])
    command = sys.argv[4:]
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    if sys.platform == "linux":  # after the change of user, which would clear it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:  # it died before we were tied: nobody would ever signal us
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  the command is the caller's own and no shell is wanted


if __name__ == "__main__":
    main()
