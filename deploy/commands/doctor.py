"""``jianfu doctor``: whether this machine, and the system on it, is all right."""

import argparse

from deploy.commands import Commands, add_home


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="检查本机与运行中的系统", description="逐项检查，给出结论和办法。")
    add_home(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each check; 1 when something is wrong."""
    import asyncio

    from deploy.checkup import Finding, examine

    def show(finding: Finding) -> None:
        print(f"{'正常' if finding.well else '异常'}  {finding.subject}：{finding.detail}")

    findings = asyncio.run(examine(arguments.home, show))
    bad = sum(not finding.well for finding in findings)
    print(f"共 {len(findings)} 项，{bad} 项异常")
    return 1 if bad else 0
