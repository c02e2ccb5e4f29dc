"""``jianfu <service>``: one service against given servers."""

import argparse

from deploy.chinese import ChineseParser
from deploy.commands import Commands, ledger

NEEDS_SERVERS = ("NATS_URL", "DATABASE_URL", "JIANFU_PUBLIC_KEY_FILE")
SERVICES = {
    "intake": ("只运行收录服务", NEEDS_SERVERS),
    "ledger": ("只运行台账服务", NEEDS_SERVERS),
    "monitor": ("只运行监测服务", NEEDS_SERVERS),
    "notify": ("只运行通知与线索移交服务", (*NEEDS_SERVERS, "CLUES_NATS_URL")),
    "console": ("只运行控制台", ("JIANFU_PUBLIC_KEY_FILE", "INTAKE_URL", "LEDGER_URL", "MONITOR_URL", "NOTIFY_URL")),
}
"""What each command says of itself, and the environment it cannot do without."""


def register(commands: Commands) -> None:
    """Add one command for each service."""
    for name in SERVICES:
        parser = add(commands, name)
        if name == "ledger":
            ledger.add_actions(parser)


def add(commands: Commands, name: str) -> ChineseParser:
    """Add the command of one service."""
    title, needs = SERVICES[name]
    parser = commands.add_parser(name, help=title, description=f"{title}。需要环境变量：{'、'.join(needs)}。")
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Become the service; 2 when its environment is incomplete."""
    import os
    import runpy
    import sys

    missing = [name for name in SERVICES[arguments.command][1] if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"缺少环境变量：{'、'.join(missing)}\n")
        return 2
    runpy.run_module(f"services.{arguments.command}", run_name="__main__", alter_sys=True)
    return 0
