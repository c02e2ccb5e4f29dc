"""Start and stop child processes that die with us."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")


def tethered(command: Sequence[str | Path], *, signal_number: signal.Signals, uid: int = 0) -> list[str]:
    """Wrap a command so that the kernel sends it ``signal_number`` when this process dies.

    The first word must be an absolute path. Start the result from the main thread: Linux ties a child to the thread
    that started it. ``uid`` other than 0 makes the command run as that user (only root may ask for it).
    """
    return [
        *(sys.executable, "-I", "-S", str(TETHER)),
        *(str(os.getpid()), str(int(signal_number)), str(uid)),
        *(str(word) for word in command),
    ]


def spawn(argv: Sequence[str], *, log: Path, keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a process of its own session with its output appended to ``log``; ``keep`` are open files it inherits."""
    with log.open("ab") as out:  # own session: a Ctrl-C in the terminal reaches us, and we stop the children in order
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=keep, start_new_session=True
        )


def stop(process: subprocess.Popen[bytes], *, signal_number: signal.Signals, patience: float) -> None:
    """End a process: ask with ``signal_number``, wait ``patience`` seconds, then kill and wait as long again."""
    if process.poll() is not None:
        return
    process.send_signal(signal_number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience)
