"""``jianfu ledger …``: what can be done with the ledgers besides running the service."""

import argparse

from deploy.chinese import ChineseParser
from deploy.commands import add_home


def add_actions(parser: ChineseParser) -> None:
    """Add the subcommands to the service's command."""
    actions = parser.add_subparsers(title="命令", metavar="命令")
    rebuild = actions.add_parser(
        "rebuild",
        help="从日志重建台账，核对一致后切换",
        description="在现有台账旁边从日志重建，核对一致才切换；其间照常查询。数据库取自 DATABASE_URL 或数据目录。",
    )
    rebuild.add_argument("ledger", nargs="?", metavar="台账", help="例如 documents;不给则重建全部")
    rebuild.add_argument("--accept", action="store_true", help="与现有台账不一致时也切换")
    add_home(rebuild)
    rebuild.set_defaults(run=run_rebuild)


def run_rebuild(arguments: argparse.Namespace) -> int:
    """Rebuild beside the live ledgers and switch where both are equal; 1 where they are not."""
    import asyncio
    import os

    from deploy.database import address_on_disk
    from deploy.embedded.errors import Unusable
    from kit.errors import Rejected
    from services.ledger import rebuild

    address = os.environ.get("DATABASE_URL") or address_on_disk(arguments.home, "ledger")
    try:
        return asyncio.run(rebuild.main(address, arguments.ledger, accept=arguments.accept))
    except Rejected as error:
        raise Unusable(error.detail) from error
    except OSError as error:
        raise Unusable(f"连不上数据库（{type(error).__name__}）。系统在运行吗？") from error
