"""Tie a process to its parent; as a script: ``tether.py PARENT SIGNAL UID COMMAND…`` runs a command so tied.

Linux sends SIGNAL to the command when PARENT dies in any way, ``kill -9`` included. UID 0 means: stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def tie(parent: int, signal_number: int) -> None:
    """Have the kernel send us ``signal_number`` when our parent dies; exit if ``parent`` is already gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:  # it died before we were tied: nobody would ever signal us
        sys.exit(1)


def main() -> None:
    """Give up root if asked, tie this process to its parent, and become the command."""
    parent, signal_number, uid = (int(word) for word in sys.argv[1:4])
    command = sys.argv[4:]
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    tie(parent, signal_number)  # after the change of user, which would undo it
    os.execv(command[0], command)  # noqa: S606  the command is the caller's own and no shell is wanted


if __name__ == "__main__":
    main()
