"""``jianfu list``: lists and calendars of a jurisdiction as versioned facts."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.chinese import ChineseParser
from deploy.commands import Commands, day, place
from deploy.target import add_target, find

if TYPE_CHECKING:
    from deploy.listing import Read

_TOML = ".toml"
_FAULTS_SHOWN = 50


def register(commands: Commands) -> None:
    """Add the command with its subcommands."""
    parser = commands.add_parser(
        "list", help="载入清单与日历", description="把清单、无会日历、工作日历作为有版本的事实载入。"
    )
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    actions.add_parser("shipped", help="列出随附的清单").set_defaults(run=run_shipped)
    _add_load(
        actions.add_parser(
            "load",
            help="载入一份清单（.toml .xlsx .xls .csv 或随附清单的名称）",
            description="载入一份清单；同样内容再次载入不会重复，内容变了就是新的一版。表格要有“名称”一列，"
            "清单的种类、辖区、依据和日期由选项给出；TOML 自带这些。",
        )
    )


def _add_load(parser: ChineseParser) -> None:
    parser.add_argument("file", metavar="文件或名称", help="清单文件，或随附清单的名称（jianfu list shipped）")
    parser.add_argument("--kind", metavar="种类", help="如 不应出具证明清单、无会日历")
    parser.add_argument("--jurisdiction", type=place, metavar="区划代码", help="适用于哪个辖区")
    parser.add_argument("--unit", metavar="单位标识", help="由哪个单位发布（默认 区划代码.lists）")
    parser.add_argument("--basis", metavar="文号", help="依据")
    parser.add_argument("--valid-from", type=day, metavar="日期", help="何日起施行")
    parser.add_argument("--valid-to", type=day, metavar="日期", help="施行至何日")
    parser.add_argument("--published", dest="published_url", metavar="网址", help="在哪里公布")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不载入")
    add_target(parser)
    parser.set_defaults(run=run_load)


def run_shipped(_: argparse.Namespace) -> int:
    """Name the lists that ship with the product."""
    from deploy import listing

    for name, text in listing.shipped().items():
        read = listing.read_toml(text)
        place = listing.place_name(str(read.head["jurisdiction"]))
        print(f"{name}  {read.head['kind']}，{place}，{len(read.rows)} 项，{read.head['basis']}")
        print(f"    {read.head['remark']}")
    return 0


def run_load(arguments: argparse.Namespace) -> int:
    """State one list as a fact; 1 when something in it is wrong, and then nothing is stated."""
    import asyncio

    from deploy import listing
    from deploy.publishing import TITLES, publish
    from kit import clock

    read = _read(arguments)
    event = listing.event_of(read)
    for error in read.errors[:_FAULTS_SHOWN]:
        print(error)
    if len(read.errors) > _FAULTS_SHOWN:
        print(f"……另有 {len(read.errors) - _FAULTS_SHOWN} 处")
    if event is None:
        print("没有载入。")
        return 1
    named = f"{read.head.get('kind')}，{listing.place_name(str(read.head['jurisdiction']))}，{len(read.rows)} 项"
    if arguments.dry_run:
        print(f"{named}：没有发现问题（只检查）。")
        return 0
    line = listing.envelope(read, event, clock.now())
    target = find(arguments, "intake", "admin")
    summary = asyncio.run(publish([line], target, progress=lambda _: None, say=print))
    print("\n".join([*summary.faults, *(f"{named}：{TITLES.get(result, result)}" for result in summary.counts)]))
    return 0 if summary.clean else 1


def _read(arguments: argparse.Namespace) -> "Read":
    """Read the file, or the shipped list of that name; what the command line says of the list goes before."""
    import asyncio

    from deploy import listing
    from deploy.embedded.errors import Unusable
    from kit.errors import Rejected
    from services.intake.imports import files

    names = ("kind", "jurisdiction", "unit", "basis", "valid_from", "valid_to", "published_url")
    head = listing.head_of((name, getattr(arguments, name)) for name in names)
    path = Path(arguments.file)
    text = listing.shipped().get(arguments.file)
    try:
        if text is not None or path.suffix == _TOML:
            read = listing.read_toml(text if text is not None else path.read_text("utf-8"))
            read.head |= head
            return read
        return listing.read_table(asyncio.run(files.read(path.read_bytes())), head)
    except Rejected as error:
        raise Unusable(f"{path}：{error.detail}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"读不了文件 {path}（{type(error).__name__}）；随附的清单见 jianfu list shipped。") from error
