"""``jianfu alert``: an alert's dossier, made again from the facts."""

import argparse

from deploy.commands import Commands
from deploy.target import add_target, find


def register(commands: Commands) -> None:
    """Add the command with its subcommand."""
    parser = commands.add_parser("alert", help="重放预警", description="重放预警。")
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    replay = actions.add_parser("replay", help="由事实重新推导一条预警,逐字节输出", description="重放预警。")
    replay.add_argument("id", metavar="预警编号")
    add_target(replay)
    replay.set_defaults(run=run_replay)


def run_replay(arguments: argparse.Namespace) -> int:
    """Write the dossier made from the facts to standard output."""
    import sys

    import httpx

    from deploy.embedded.errors import Unusable

    target = find(arguments, "monitor", "operator")
    try:
        answer = httpx.get(f"{target.url}/v1/alerts/{arguments.id}/replay", headers=target.headers, timeout=60)
    except httpx.TransportError as error:
        raise Unusable(f"连不上监测服务({type(error).__name__})。") from error
    if not answer.is_success:
        raise Unusable(f"监测服务没有给出这条预警(HTTP {answer.status_code})。")
    sys.stdout.buffer.write(answer.content)
    return 0
