"""``jianfu restore journal|stream``: one copy of the log anew from the other."""

import argparse
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.commands import Commands
from deploy.copies import add_public_key, add_servers

if TYPE_CHECKING:
    from deploy.copies import Copies
    from services.ledger.restoring import Restored


def register(commands: Commands) -> None:
    """Add the command."""
    restore = commands.add_parser(
        "restore", help="由日志与事件流中的一份重建另一份", description="两份日志中有一份损坏时，由另一份重建它。"
    )
    actions = restore.add_subparsers(title="命令", metavar="命令", required=True)
    journal = actions.add_parser(
        "journal",
        help="清空台账，由事件流重建",
        description="先核对事件流与签名检查点，相符才清空台账并从头读取，最后核验。系统须已停止。用 --database 时，角色须能清空这些表。",
    )
    journal.add_argument("--sm3", action="store_true", help="哈希算法是 SM3(LEDGER_HASH=sm3)")
    journal.add_argument(
        "--against", type=Path, action="append", default=[], metavar="文件", help="另行保存的证明文件，可重复"
    )
    journal.add_argument("--cut", action="store_true", help="日志比事件流长时，舍弃多出的条目")
    journal.set_defaults(run=run_journal)
    stream = actions.add_parser(
        "stream",
        help="由台账的日志重建事件流",
        description="先核验日志，通过才把正文按原次序、原编号发布到空的事件流，最后核验。系统须已停止。",
    )
    stream.set_defaults(run=run_stream)
    for parser in (journal, stream):
        parser.add_argument("--yes", action="store_true", help="确认取代现有的那一份")
        add_servers(parser)
        add_public_key(parser)


def run_journal(arguments: argparse.Namespace) -> int:
    """Empty the ledger and read it again from the stream."""
    from deploy import copies
    from deploy.embedded.errors import Unusable
    from services.ledger import restoring, witnesses

    if not arguments.yes:
        raise Unusable("这会清空台账的全部数据表，再由事件流重建。确认请加 --yes。")
    keys = copies.public_keys(arguments)

    async def work(both: "Copies") -> "Restored":
        return await restoring.restore_journal(
            both.pool,
            both.nc.jetstream(),
            keys,
            algorithm="sm3" if arguments.sm3 else "sha256",
            witnessed=witnesses.read(arguments.against, keys),
            cut=arguments.cut,
        )

    return _run(arguments, work)


def run_stream(arguments: argparse.Namespace) -> int:
    """Publish the journal's bodies into an empty stream."""
    from deploy import copies
    from services.ledger import restoring

    keys = copies.public_keys(arguments)

    async def work(both: "Copies") -> "Restored":
        return await restoring.restore_stream(both.nc, both.pool, keys, replace=arguments.yes)

    return _run(arguments, work)


def _run(arguments: argparse.Namespace, work: "Callable[[Copies], Awaitable[Restored]]") -> int:
    import asyncio

    from deploy import copies
    from deploy.embedded.errors import Unusable
    from kit.collector import calm
    from kit.errors import Rejected

    calm()

    async def connected(database: str, nats_url: str) -> "Restored":
        async with copies.open_copies(database, nats_url) as both:
            return await work(both)

    try:
        with _servers(arguments) as (database, nats_url):
            done = asyncio.run(connected(database, nats_url))
    except Rejected as error:
        raise Unusable(error.detail) from error
    print(f"已重建并核验：{done.entries} 条，签名检查点 {done.checkpoints} 个相符。")
    return 0


@contextlib.contextmanager
def _servers(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Give the addresses for who may empty tables and make streams; a data folder's servers run while the block lasts."""
    from deploy import copies
    from deploy.embedded.accounts import ADMIN
    from deploy.embedded.servers import running

    if given := arguments.nats or os.environ.get("NATS_URL"):
        yield copies.database_address(arguments), given
        return
    with running(arguments.home) as servers:
        yield servers.postgres.url, servers.nats.url(ADMIN.name)
