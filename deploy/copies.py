"""Both copies of the log, and the public key that proves them: of a data folder, or of given servers."""

import argparse
import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.chinese import ChineseParser
from deploy.commands import add_home
from deploy.embedded.errors import Unusable

if TYPE_CHECKING:
    from nats.aio.client import Client

    from kit.db import Pool
    from services.ledger.proof import PublicKeys

_PATIENCE = 5.0
"""Seconds to wait for NATS."""


@dataclass(frozen=True)
class Copies:
    """A pool on the ledger's schema and a connection to the account of the stream."""

    pool: "Pool"
    nc: "Client"


def add_servers(parser: ChineseParser) -> None:
    """Let a command take a data folder, or the addresses of servers; these carry passwords, so also by environment."""
    add_home(parser)
    parser.add_argument("--database", metavar="地址", help="台账的数据库（默认取自 DATABASE_URL 或数据目录）")
    parser.add_argument("--nats", metavar="地址", help="消息服务器（默认取自 NATS_URL 或数据目录）")


def add_public_key(parser: ChineseParser) -> None:
    """Let a command take the file of the journal's public keys."""
    parser.add_argument("--public-key", type=Path, metavar="文件", help="日志公钥（默认为数据目录里的 journal.pub）")


def database_address(arguments: argparse.Namespace) -> str:
    """Give the address of the ledger's database; ``Unusable`` if none is known."""
    from deploy.database import address_on_disk

    found: str | None = arguments.database or os.environ.get("DATABASE_URL")
    return found or address_on_disk(arguments.home, "ledger")


def monitor_address(arguments: argparse.Namespace) -> str | None:
    """Give the address of the monitor's database, ``None`` where servers are given and this one is not."""
    from deploy.database import address_on_disk

    if found := arguments.monitor_database or os.environ.get("MONITOR_DATABASE_URL"):
        return str(found)
    given = arguments.database or os.environ.get("DATABASE_URL")
    return None if given else address_on_disk(arguments.home, "monitor")


def nats_address(arguments: argparse.Namespace, user: str = "auditor") -> str:
    """Give the address of the NATS server for one of the embedded server's users; ``Unusable`` if none is known."""
    from deploy.embedded.nats import address

    found: str | None = arguments.nats or os.environ.get("NATS_URL")
    if found:
        return found
    root: Path = arguments.home
    try:
        port = json.loads((root / "ports.json").read_text("utf-8"))["nats"]
    except (OSError, KeyError, ValueError) as error:
        raise Unusable(f"数据目录 {root} 里没有运行过系统。请先运行 jianfu up，或设置 NATS_URL。") from error
    return address(root, user, port)


def public_keys(arguments: argparse.Namespace) -> "PublicKeys":
    """Read the public keys that prove checkpoints; none where there is no file and none was named."""
    from deploy.tokens import journal_public_file
    from kit.auth import Keys

    named: Path | None = arguments.public_key
    path = named or journal_public_file(arguments.home)
    if named is None and not path.exists():
        return {}
    try:
        return Keys.load(path).public
    except (OSError, ValueError) as error:
        raise Unusable(f"读不出公钥 {path}。") from error


@contextlib.asynccontextmanager
async def open_copies(database: str, nats_url: str) -> AsyncIterator[Copies]:
    """Connect to both while the block lasts; ``Unusable`` where one is not there."""
    from kit.db import connect_pool
    from kit.nats import close, connect

    try:
        async with await connect_pool(database, size=3, schema="ledger", name="ledger-audit", scans=True) as pool:
            nc = await connect(nats_url, name="auditor", patience=_PATIENCE)
            try:
                yield Copies(pool, nc)
            finally:
                await close(nc)
    except OSError as error:
        raise Unusable(f"连不上服务器({type(error).__name__})。系统在运行吗？") from error
