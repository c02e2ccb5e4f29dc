"""``jianfu policy``: the rule book's own checks."""

import argparse
from typing import TYPE_CHECKING

from deploy.commands import Commands

if TYPE_CHECKING:
    from services.monitor.policy import Report


def register(commands: Commands) -> None:
    """Add the command with its subcommands."""
    parser = commands.add_parser("policy", help="检验、锁定规则", description="规则文件的检验与锁定。")
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    actions.add_parser("test", help="运行每条规则自带的案例").set_defaults(run=run_test)
    actions.add_parser("lock", help="把规则的版本与指纹写入锁文件").set_defaults(run=run_lock)


def run_test(_: argparse.Namespace) -> int:
    """Run every case of every rule; 1 when one fails."""
    from services.monitor import policy

    return _tell(policy.test())


def run_lock(_: argparse.Namespace) -> int:
    """Write the lock file; 1 when a rule changed without a new version."""
    from services.monitor import policy

    return _tell(policy.lock())


def _tell(report: "Report") -> int:
    print(report.text)
    return report.status
