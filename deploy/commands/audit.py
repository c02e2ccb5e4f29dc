"""``jianfu audit …``: whether the log is as it was signed, and proofs of single acts to take away."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.chinese import ChineseParser
from deploy.commands import Commands

if TYPE_CHECKING:
    from services.ledger.auditing import Verified


def register(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="核验日志未被改动，导出单件证明", description="核验日志，导出证明。")
    actions = audit.add_subparsers(title="命令", metavar="命令", required=True)
    _add_verify(
        actions.add_parser(
            "verify",
            help="重算两份日志的每一条正文，核对哈希链与签名",
            description="重算日志与事件流中每一条正文的哈希，核对哈希链、各列与签名检查点，指出第一条有问题的。系统须在运行。",
        )
    )
    _add_export(
        actions.add_parser(
            "export",
            help="导出一件行为的证明",
            description="把一件行为的事实、到签名检查点的哈希链与签名写成一个文件。",
        )
    )


def _add_verify(parser: ChineseParser) -> None:
    from deploy.copies import add_public_key, add_servers

    add_servers(parser)
    add_public_key(parser)
    parser.add_argument(
        "--against", type=Path, action="append", default=[], metavar="文件", help="另行保存的证明文件，可重复"
    )
    parser.set_defaults(run=run_verify)


def _add_export(parser: ChineseParser) -> None:
    from deploy.copies import add_public_key, add_servers

    parser.add_argument("act", metavar="编号", help="行为的编号(act_id)")
    parser.add_argument("--out", type=Path, required=True, metavar="文件", help="写到哪里")
    add_servers(parser)
    add_public_key(parser)
    parser.set_defaults(run=run_export)


def run_verify(arguments: argparse.Namespace) -> int:
    """Audit both copies; 1 when an entry is bad."""
    import asyncio

    from deploy import copies
    from deploy.embedded.errors import Unusable
    from kit.errors import Rejected
    from services.ledger import auditing, witnesses

    keys = copies.public_keys(arguments)

    async def verify() -> "Verified":
        async with copies.open_copies(copies.database_address(arguments), copies.nats_address(arguments)) as both:
            return await auditing.verify(both.pool, both.nc.jetstream(), keys, witnessed=witnessed)

    try:
        witnessed = witnesses.read(arguments.against, keys)
    except Rejected as error:
        raise Unusable(error.detail) from error
    found = asyncio.run(verify())
    print(told(found, has_key=bool(keys)))
    return 1 if found.fault else 0


def told(found: "Verified", *, has_key: bool) -> str:
    """Say what came of an audit."""
    speed = f"{found.entries / found.seconds:,.0f}" if found.seconds else "-"
    lines = [
        f"核对日志 {found.entries} 条、事件流 {found.messages or 0} 条，用时 {found.seconds:.1f} 秒(每秒 {speed} 条)。"
    ]
    if found.checkpoints:
        lines.append(f"签名检查点 {found.checkpoints} 个相符，其后尚有 {found.uncovered} 条未签名。")
    elif not has_key:
        lines.append("没有日志公钥，也就没有签名可核对：只能证明两份一致，不能证明都未被重写。")
    else:
        lines.append("没有签名检查点：只能证明两份一致，不能证明都未被重写。")
    if found.unread:
        lines.append(f"事件流中另有 {found.unread} 条台账尚未读到。")
    lines.append(
        f"第一条有问题的：位置 {found.fault.position}，{found.fault.copy}，{found.fault.what}。"
        if found.fault
        else "没有发现问题。"
    )
    return "\n".join(lines)


def run_export(arguments: argparse.Namespace) -> int:
    """Write the proof of an act."""
    import asyncio

    from deploy import copies
    from deploy.embedded.errors import Unusable
    from kit.db import connect_pool
    from kit.errors import Rejected
    from services.ledger import exporting

    keys = copies.public_keys(arguments)

    async def export() -> str:
        async with await connect_pool(
            copies.database_address(arguments), size=2, schema="ledger", name="ledger-audit"
        ) as pool:
            return await exporting.proof_of(pool, arguments.act, keys)

    try:
        text = asyncio.run(export())
        arguments.out.write_text(text, "utf-8")
    except Rejected as error:
        raise Unusable(error.detail) from error
    except OSError as error:
        raise Unusable(f"未能导出({type(error).__name__})。系统在运行吗？文件可写吗？") from error
    print(f"已写到 {arguments.out}。核验：python verify_proof.py {arguments.out} journal.pub")
    return 0
