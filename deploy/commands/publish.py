"""``jianfu publish``: hand a file of events to intake."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from deploy.commands import Commands
from deploy.target import add_target, find

FAULTS_SHOWN = 50


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "publish",
        help="把事件文件（每行一个 CloudEvent）交给收录服务",
        description="把事件文件（NDJSON，每行一个 CloudEvent）分批交给收录服务。可以重复执行：已收录的不会重复。",
    )
    parser.add_argument("file", type=Path, metavar="文件", help="文件名；- 表示标准输入")
    add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send the file; 0 when every line is a fact now, 1 when some lines are not."""
    import asyncio

    from deploy.embedded.errors import Unusable
    from deploy.publishing import TITLES, Summary, publish

    def progress(summary: Summary) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r已处理 {summary.counts.total()} 行")

    def complain(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    target = find(arguments, "intake", "admin")
    try:
        source = nullcontext(sys.stdin.buffer) if str(arguments.file) == "-" else arguments.file.open("rb")
    except OSError as error:
        raise Unusable(f"读不了文件 {arguments.file}({error.strerror})。") from error
    with source as lines:
        summary = asyncio.run(publish(lines, target, progress=progress, say=complain))
    for fault in summary.faults[:FAULTS_SHOWN]:
        print(fault)
    if len(summary.faults) > FAULTS_SHOWN:
        print(f"……另有 {len(summary.faults) - FAULTS_SHOWN} 行未收录")
    print(
        ",".join(f"{TITLES.get(result, result)} {count} 行" for result, count in summary.counts.items()) or "文件是空的"
    )
    return 0 if summary.clean else 1
