"""``jianfu alert``: an alert's dossier, made again from the facts."""

import argparse

from deploy.commands import Commands
from deploy.target import add_target, find


def register(commands: Commands) -> None:
    """Add the command with its subcommand."""
    parser = commands.add_parser("alert", help="重放预警", description="重放预警。")
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    replay = actions.add_parser(
        "replay",
        help="由事实重新推导一条预警",
        description="由事实重新推导一条预警，把档案逐字节写到标准输出，并与存档核对。",
    )
    replay.add_argument("id", metavar="预警编号", help="预警的编号（alert_id）")
    replay.add_argument("--revision", type=int, metavar="版次", help="第几版（默认最新）")
    add_target(replay)
    replay.set_defaults(run=run_replay)


def run_replay(arguments: argparse.Namespace) -> int:
    """Write the dossier made from the facts to standard output; 1 when it differs from the stored one."""
    import sys

    from deploy.asking import ask

    query = {} if arguments.revision is None else {"revision": arguments.revision}
    answer = ask(find(arguments, "monitor", "operator"), "GET", f"/v1/alerts/{arguments.id}/replay", params=query)
    sys.stdout.buffer.write(answer.content)
    same = answer.headers.get("X-Same-Bytes") == "true"
    sys.stderr.write("与存档逐字节相同\n" if same else "与存档不同\n")
    return 0 if same else 1
