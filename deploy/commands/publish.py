"""``jianfu publish``: hand a file of events to intake, at once or by way of a spool that survives its absence."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from deploy.commands import Commands
from deploy.target import add_target, find

FAULTS_SHOWN = 50
WAITING = 75
"""Exit code (EX_TEMPFAIL of sysexits.h): everything is kept and something still waits."""
STDIN = "-"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "publish",
        help="把事件文件（每行一个 CloudEvent）交给收录服务",
        description="把事件文件（NDJSON，每行一个 CloudEvent）分批交给收录服务。可以重复执行：已收录的不会重复。"
        "用 --spool 时先签名保存在本机的暂存区，系统不在线也不丢失；以后再次执行（例如由 cron）即继续转发。"
        "退出码：0 全部转发并收录；1 有未收录的；75 已保存，还有待转发的。",
    )
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="文件", help="文件名；- 表示标准输入；用 --spool 时可以省略"
    )
    parser.add_argument("--spool", type=Path, metavar="目录", help="暂存区：先保存，再转发")
    parser.add_argument("--follow", action="store_true", help="不断保存并转发标准输入送来的每一行，直到输入结束")
    parser.add_argument("--status", action="store_true", help="只显示暂存区的情况")
    parser.add_argument("--key", type=Path, metavar="文件", help="签名用的 Ed25519 私钥（PEM），默认用暂存区自己的")
    parser.add_argument("--limit", type=int, default=256, metavar="MB", help="暂存区待转发事件的上限（默认 256）")
    parser.add_argument(
        "--patience", type=float, default=30.0, metavar="秒", help="转发时等待系统恢复的时间（默认 30）"
    )
    add_target(parser)
    parser.set_defaults(run=run, wrong=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Send the file; 0 when every line is a fact now, 1 when some lines are not, 75 when some are kept and wait."""
    if arguments.spool is not None:
        return _run_spool(arguments)
    if arguments.follow or arguments.status or arguments.file is None:
        arguments.wrong("缺少参数：文件；--follow 与 --status 须与 --spool 一起使用")
    return _run_at_once(arguments)


def _run_at_once(arguments: argparse.Namespace) -> int:
    import asyncio

    from deploy.publishing import TITLES, Summary, publish

    def progress(summary: Summary) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r已处理 {summary.counts.total()} 行")

    target = find(arguments, "intake", "admin")
    with _lines(arguments.file) as lines:
        summary = asyncio.run(publish(lines, target, progress=progress, say=_complain))
    for fault in summary.faults[:FAULTS_SHOWN]:
        print(fault)
    if len(summary.faults) > FAULTS_SHOWN:
        print(f"……另有 {len(summary.faults) - FAULTS_SHOWN} 行未收录")
    print(
        "，".join(f"{TITLES.get(result, result)} {count} 行" for result, count in summary.counts.items())
        or "文件是空的"
    )
    return 0 if summary.clean else 1


def _run_spool(arguments: argparse.Namespace) -> int:
    import asyncio

    from deploy.spool import running, telling
    from deploy.spool.spool import opened
    from deploy.target import Target

    def finds() -> Target:
        return find(arguments, "intake", "admin")

    with opened(arguments.spool, key_file=arguments.key, limit=arguments.limit * 1024 * 1024) as spool:
        before = telling.trouble(spool)
        if spool.half:
            _complain("上次保存被中断，去掉了写了一半的最后一行（它从未报告为已保存）。")
        if arguments.status:
            print(telling.status(spool))
            return WAITING if telling.waiting(spool) else 0
        if arguments.follow:
            source = sys.stdin.fileno()
            work = running.follow(spool, source, finds, patience=arguments.patience, say=_complain, told=_tell_durable)
        else:
            if arguments.file is not None:
                with _lines(arguments.file) as lines:
                    running.keep(spool, lines, _complain)
            work = running.forward_once(spool, finds, patience=lambda: arguments.patience, say=_complain)
        done = asyncio.run(work)
        print(telling.status(spool))
        if not done:
            return WAITING
        return 1 if telling.trouble(spool) > before else 0


def _lines(file: Path) -> AbstractContextManager[Iterable[bytes]]:
    from deploy.embedded.errors import Unusable

    try:
        return nullcontext(sys.stdin.buffer) if str(file) == STDIN else file.open("rb")
    except OSError as error:
        raise Unusable(f"读不了文件 {file}({error.strerror})。") from error


def _tell_durable(lines: int) -> None:
    """Tell the program behind the pipe up to which line everything is durable."""
    print(f"已保存至第 {lines} 行", flush=True)


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
