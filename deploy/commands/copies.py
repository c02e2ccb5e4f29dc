"""``jianfu copies``: who copied whom."""

import argparse
import os

from deploy.commands import Commands, add_home, day, place


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "copies",
        help="查找照抄外单位文件的文件",
        description="在一个辖区已入库的文件中，逐件查找与外单位在先文件大体相同的文件。只读事实，不影响正在运行的监测。",
    )
    parser.add_argument("--place", type=place, default="00", metavar="区划代码", help="辖区（默认全部）")
    parser.add_argument("--least", type=int, default=50, metavar="百分比", help="相同文字的最低份额（默认 50）")
    parser.add_argument("--from", dest="since", type=day, metavar="日期", help="后发文件的成文日期起")
    parser.add_argument("--to", dest="until", type=day, metavar="日期", help="后发文件的成文日期止")
    parser.add_argument("--database", metavar="地址", help="监测的数据库（默认取自 MONITOR_DATABASE_URL 或数据目录）")
    add_home(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print who copied whom; 1 when anybody did."""
    from deploy import copies_found
    from deploy.database import address_on_disk
    from deploy.embedded.errors import Unusable

    if not 1 <= arguments.least <= 100:  # noqa: PLR2004 - per cent
        raise Unusable("--least 应在 1 至 100 之间。")
    address = arguments.database or os.environ.get("MONITOR_DATABASE_URL") or address_on_disk(arguments.home, "monitor")
    return copies_found.run(arguments, address)
