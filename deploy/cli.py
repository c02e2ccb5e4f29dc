"""The command ``jianfu``: reads the command line and calls one file of ``deploy/commands``.

Only light modules are loaded here, so that the help comes at once; a command loads what it needs when it runs.
"""

import os
import sys
from collections.abc import Sequence

from deploy.chinese import ChineseParser
from deploy.commands import (
    Command,
    alert,
    audit,
    copies,
    doctor,
    imports,
    lists,
    login,
    parked,
    policy,
    prepare,
    publish,
    quarantine,
    restore,
    service,
    token,
    up,
)
from deploy.embedded.errors import Unusable

FAMILIES = (
    *(up, service, prepare, publish, imports, lists, policy, quarantine, parked, alert, copies, audit, restore),
    *(login, token, doctor),
)
"""In the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 1 done with findings, 2 not possible, 130 and 141 broken off."""
    parser = ChineseParser(prog="jianfu", description="减负：把每一件行政行为记成事实，形成台账和有据可查的预警。")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True, dest="command")
    for family in FAMILIES:
        family.register(commands)
    arguments = parser.read(argv)
    try:
        command: Command = arguments.run
        return command(arguments)
    except Unusable as error:
        sys.stderr.write(f"无法继续：{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output has seen enough; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
