"""``jianfu ledger …``: what can be done with the ledgers besides running the service."""

import argparse

from deploy.chinese import ChineseParser
from deploy.commands import add_home


def add_actions(parser: ChineseParser) -> None:
    """Add the subcommands to the service's command."""
    actions = parser.add_subparsers(title="命令", metavar="命令")
    rebuild = actions.add_parser("rebuild", help="从日志重建台账,核对一致后切换", description="重建台账。")
    add_home(rebuild)
    rebuild.set_defaults(run=run_rebuild)


def run_rebuild(arguments: argparse.Namespace) -> int:
    """Rebuild beside the live ledgers and switch when both are equal; 1 when they are not."""
    import asyncio

    from deploy.database import address_on_disk
    from services.ledger import rebuild

    return asyncio.run(rebuild.main(address_on_disk(arguments.home, "ledger")))
