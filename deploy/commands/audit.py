"""``jianfu audit …``: whether the log is as it was signed, and proofs of single acts to take away."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.chinese import ChineseParser
from deploy.commands import Commands

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from kit.db import Pool
    from services.ledger.audit_alerts import Revision
    from services.ledger.auditing import Verified, VerifiedAlerts
    from services.ledger.proof import PublicKeys, Signed


def register(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="核验日志未被改动，导出单件证明", description="核验日志，导出证明。")
    actions = audit.add_subparsers(title="命令", metavar="命令", required=True)
    _add_verify(
        actions.add_parser(
            "verify",
            help="重算两份日志的每一条正文，核对哈希链、签名与预警",
            description="重算日志与事件流中每一条正文的哈希，核对哈希链、各列与签名检查点；再以日志所记的哈希核对预警流与监测的"
            "预警版本表。指出第一条有问题的。系统须在运行。",
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
    parser.add_argument(
        "--monitor-database", metavar="地址", help="监测的数据库（默认取自 MONITOR_DATABASE_URL 或数据目录）"
    )
    parser.set_defaults(run=run_verify)


def _add_export(parser: ChineseParser) -> None:
    from deploy.copies import add_public_key, add_servers

    parser.add_argument("act", metavar="编号", help="行为的编号（act_id）")
    parser.add_argument("--out", type=Path, required=True, metavar="文件", help="写到哪里")
    add_servers(parser)
    add_public_key(parser)
    parser.set_defaults(run=run_export)


def run_verify(arguments: argparse.Namespace) -> int:
    """Audit both copies of the log, then the alerts with it; 1 when an entry is bad."""
    import asyncio

    from deploy import copies
    from deploy.embedded.errors import Unusable
    from kit.errors import Rejected
    from services.ledger import witnesses

    keys = copies.public_keys(arguments)
    try:
        witnessed = witnesses.read(arguments.against, keys)
    except Rejected as error:
        raise Unusable(error.detail) from error
    found, alerts = asyncio.run(_verify(arguments, keys, witnessed))
    print(told(found, alerts, has_key=bool(keys)))
    return 1 if found.fault or (alerts and alerts.fault) else 0


async def _verify(
    arguments: argparse.Namespace, keys: "PublicKeys", witnessed: "Sequence[Signed]"
) -> "tuple[Verified, VerifiedAlerts | None]":
    from deploy import copies
    from kit.collector import calm
    from kit.db import connect_pool
    from services.ledger import auditing
    from services.ledger.audit_alerts import AlertAuditor

    calm()
    auditor = AlertAuditor()
    async with copies.open_copies(copies.database_address(arguments), copies.nats_address(arguments)) as both:
        js = both.nc.jetstream()
        found = await auditing.verify(both.pool, js, keys, witnessed=witnessed, learn=auditor.learn)
        if found.fault:
            return found, None  # the alerts are judged by the log: first it has to be sound
        address = copies.monitor_address(arguments)
        if address is None:
            return found, await auditing.verify_alerts(js, auditor, None)
        async with await connect_pool(address, size=2, schema="monitor", name="monitor-audit", scans=True) as monitor:
            return found, await auditing.verify_alerts(js, auditor, _revisions(monitor))


async def _revisions(monitor: "Pool") -> "AsyncIterator[Revision]":
    from services.ledger.audit_alerts import Revision
    from services.monitor import auditing

    async for one in auditing.revisions(monitor):
        yield Revision(*one)


def told(found: "Verified", alerts: "VerifiedAlerts | None", *, has_key: bool) -> str:
    """Say what came of an audit."""
    speed = f"{found.entries / found.seconds:,.0f}" if found.seconds else "-"
    lines = [
        f"核对日志 {found.entries} 条、事件流 {found.messages or 0} 条，用时 {found.seconds:.1f} 秒（每秒 {speed} 条）。",
        _told_of_signatures(found, has_key=has_key),
    ]
    if found.unread:
        lines.append(f"事件流中另有 {found.unread} 条台账尚未读到。")
    if alerts:
        lines += _told_of_alerts(alerts)
    fault = found.fault or (alerts and alerts.fault)
    lines.append(f"第一条有问题的：位置 {fault.position}，{fault.copy}，{fault.what}。" if fault else "没有发现问题。")
    return "\n".join(lines)


def _told_of_signatures(found: "Verified", *, has_key: bool) -> str:
    if found.checkpoints:
        at = f"，日志中最近一个签于 {found.signed_at.astimezone():%Y-%m-%d %H:%M:%S}" if found.signed_at else ""
        tail = f"其后的 {found.uncovered} 条尚未签名，只能证明两份一致" if found.uncovered else "全部条目均已签名"
        return f"签名检查点 {found.checkpoints} 个相符{at}；{tail}。"
    if not has_key:
        return "没有日志公钥，也就没有签名可核对：只能证明两份一致，不能证明都未被重写。"
    return "没有签名检查点：只能证明两份一致，不能证明都未被重写。"


def _told_of_alerts(alerts: "VerifiedAlerts") -> list[str]:
    rows = "，版本表未核对（没有给出监测的数据库）" if alerts.revisions is None else f"、版本表 {alerts.revisions} 行"
    lines = [f"核对预警：日志所记 {alerts.recorded} 次变更、预警流 {alerts.messages} 条{rows}。"]
    if alerts.older:
        lines.append(f"预警流开头另有 {alerts.older} 条早于日志记录预警之始，未能核对。")
    if alerts.newer:
        lines.append(f"预警流末尾另有 {alerts.newer} 条日志尚未记到。")
    return lines


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
