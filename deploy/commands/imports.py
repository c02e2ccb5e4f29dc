"""``jianfu import``: hand a ledger file to intake."""

import argparse
from pathlib import Path
from typing import Any

from deploy.commands import Commands, place
from deploy.target import add_target, find

KINDS = {"documents": "发文台账", "meetings": "会议台账"}
COUNTS = {
    "rows": "数据行",
    "accepted": "已收录",
    "duplicate": "重复",
    "conflict": "冲突",
    "rejected": "未收录",
    "secret": "涉密未收",
    "skipped": "跳过（合计、空行等）",
}
"""The counts of a report and what they are called."""
ROWS_SHOWN = 50


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "import",
        help="导入发文台账、会议台账（.xlsx .xls .csv）",
        description="把一份台账文件交给收录服务，逐行列出读不懂的地方。可以重复执行：已收录的不会重复。",
    )
    parser.add_argument("file", type=Path, metavar="文件", help="台账文件：.xlsx、.xls 或 .csv")
    kinds = "、".join(f"{kind} {title}" for kind, title in KINDS.items())
    parser.add_argument("--kind", required=True, choices=KINDS, metavar="种类", help=kinds)
    parser.add_argument("--jurisdiction", type=place, required=True, metavar="区划代码", help="台账是哪个辖区的")
    parser.add_argument("--unit", required=True, metavar="单位标识", help="台账是哪个单位的")
    parser.add_argument("--year", type=int, required=True, metavar="年份", help="日期缺年份时按这一年理解")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不收录")
    add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send the file; 0 when every row was understood, 1 when some were not."""
    from deploy.asking import ask
    from deploy.embedded.errors import Unusable

    form = {
        "kind": arguments.kind,
        "jurisdiction": arguments.jurisdiction,
        "unit": arguments.unit,
        "year": str(arguments.year),
        "dry_run": "true" if arguments.dry_run else "false",
    }
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise Unusable(f"读不了文件 {arguments.file}({error.strerror})。") from error
    files = {"file": (arguments.file.name, content)}
    return _show(ask(find(arguments, "intake", "admin"), "POST", "/v1/imports", data=form, files=files).json())


def _show(report: dict[str, Any]) -> int:
    """Print the counts, how each sheet was understood, and the faults."""
    print(
        "，".join(f"{title} {report[name]}" for name, title in COUNTS.items())
        + ("（只检查）" if report["dry_run"] else "")
    )
    for sheet in report["sheets"]:
        columns = "；".join(f"{header} → {column}" for header, column in sheet["columns"].items())
        print(f"工作表 {sheet['sheet']}，第 {sheet['first_row']} 行起：{columns}")
        if sheet["unused"]:
            print(f"  没有用到的列：{'、'.join(sheet['unused'])}")
    for notice in report["notices"]:
        print(notice)
    errors = report["errors"]
    for error in errors[:ROWS_SHOWN]:
        field = f"{error['field']}：" if error["field"] else ""
        print(f"{error['sheet']} 第 {error['row']} 行：{field}{error['detail']}")
    if len(errors) > ROWS_SHOWN:
        print(f"……另有 {len(errors) - ROWS_SHOWN} 处")
    return 1 if errors or report["conflict"] or report["rejected"] else 0
