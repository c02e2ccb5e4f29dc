"""``jianfu policy``: the rule book's own checks, why it says what of an act, and what another pack would say."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.chinese import ChineseParser
from deploy.commands import Commands, add_home, day, place
from deploy.target import add_target, find

if TYPE_CHECKING:
    from services.monitor.policy import Report


def register(commands: Commands) -> None:
    """Add the command with its subcommands."""
    parser = commands.add_parser(
        "policy",
        help="检验、锁定、签署、解释、回测、影子运行规则",
        description="规则的检验、锁定、签署、解释、回测与影子运行。",
    )
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    actions.add_parser("test", help="运行每条规则自带的案例").set_defaults(run=run_test)
    actions.add_parser("lock", help="把规则的版本与指纹写入锁文件").set_defaults(run=run_lock)
    _add_explain(
        actions.add_parser(
            "explain",
            help="逐条规则解释一件行为",
            description="每条规则对一件行为说什么：判定、条款、数字、缺项与例外。",
        )
    )
    _add_backtest(
        actions.add_parser(
            "backtest",
            help="用真实日志比对两个规则包",
            description="在同一辖区先后按两个规则包判定全部已有行为，逐条规则列出预警的差别。只读事实，不影响正在运行的监测。",
        )
    )
    _add_shadow(
        actions.add_parser(
            "shadow",
            help="让候选规则与现行规则并行判定",
            description="候选规则从头判定已有的行为，此后与现行规则并行判定每一件，只记录两边预警的差别，不发预警、不通知、不移交。",
        )
    )
    _add_sign(
        actions.add_parser(
            "sign",
            help="作者或审批人签署规则",
            description="用自己的密钥签署现行规则文件。部署要求签署时，作者与审批人都签了规则才生效。"
            "生成密钥：openssl genpkey -algorithm ed25519 -out 文件；公钥：openssl pkey -in 文件 -pubout",
        )
    )
    _add_release(
        actions.add_parser("release", help="核对规则发布", description="像监测启动时一样核对两人的签名与规则文件。")
    )


def _add_sign(parser: ChineseParser) -> None:
    parser.add_argument(
        "--as", dest="part", required=True, choices=("author", "approver"), help="author 作者，approver 审批人"
    )
    parser.add_argument("--key", type=Path, required=True, metavar="文件", help="本人的 Ed25519 私钥（PEM）")
    _add_release_file(parser)
    parser.set_defaults(run=run_sign)


def _add_release(parser: ChineseParser) -> None:
    parser.add_argument(
        "--author-keys", type=Path, metavar="文件", help="作者公钥（默认取自 JIANFU_RELEASE_AUTHOR_KEYS）"
    )
    parser.add_argument(
        "--approver-keys", type=Path, metavar="文件", help="审批人公钥（默认取自 JIANFU_RELEASE_APPROVER_KEYS）"
    )
    _add_release_file(parser)
    parser.set_defaults(run=run_release)


def _add_release_file(parser: ChineseParser) -> None:
    parser.add_argument(
        "--release", type=Path, metavar="文件", help="发布文件（默认取自 JIANFU_RELEASE_FILE，否则 ./release.json）"
    )


def _add_explain(parser: ChineseParser) -> None:
    parser.add_argument("act", metavar="编号", help="行为的编号（act_id）")
    parser.add_argument("--all", action="store_true", help="也列出没有意见的规则及其原因")
    add_target(parser)
    parser.set_defaults(run=run_explain)


def _add_backtest(parser: ChineseParser) -> None:
    parser.add_argument("--against", required=True, metavar="规则包", help="与哪个规则包对照")
    _add_candidate(parser)
    parser.add_argument("--from", dest="since", type=day, metavar="日期", help="行为发生日起")
    parser.add_argument("--to", dest="until", type=day, metavar="日期", help="行为发生日止")
    parser.add_argument("--dry-run", action="store_true", help="只打印，不存入监测")
    _add_database(parser)
    parser.set_defaults(run=run_backtest)


def _add_candidate(parser: ChineseParser) -> None:
    parser.add_argument("--pack", required=True, metavar="规则包", help="要试的规则包")
    parser.add_argument("--place", type=place, metavar="区划代码", help="在哪里施行（默认为对照规则包的辖区）")
    parser.add_argument("--rules", type=Path, metavar="目录", help="要试的规则文件，同名的代替现行的")
    parser.add_argument("--packs", type=Path, metavar="目录", help="要试的规则包文件，同名的代替现行的")


def _add_database(parser: ChineseParser) -> None:
    parser.add_argument("--database", metavar="地址", help="监测的数据库（默认取自 MONITOR_DATABASE_URL 或数据目录）")
    add_home(parser)


def _add_shadow(parser: ChineseParser) -> None:
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    start = actions.add_parser("start", help="开始影子运行，代替原有的候选规则")
    start.add_argument("--against", metavar="规则包", help="代替哪个现行规则包（默认为同名的规则包）")
    _add_candidate(start)
    _add_database(start)
    start.set_defaults(run=run_shadow_start)
    show = actions.add_parser("show", help="进度与两边预警的差别")
    _add_database(show)
    show.set_defaults(run=run_shadow_show)
    stop = actions.add_parser("stop", help="结束影子运行，删除所记录的差别")
    _add_database(stop)
    stop.set_defaults(run=run_shadow_stop)


def run_test(_: argparse.Namespace) -> int:
    """Run every case of every rule; 1 when one fails."""
    from services.monitor import policy

    return _tell(policy.test())


def run_lock(_: argparse.Namespace) -> int:
    """Write the lock file; 1 when a rule changed without a new version."""
    from services.monitor import policy

    return _tell(policy.lock())


def run_explain(arguments: argparse.Namespace) -> int:
    """Print what every rule says of an act; 1 when one is violated."""
    from deploy import explaining
    from deploy.asking import ask

    sheet = ask(find(arguments, "monitor", "operator"), "GET", f"/v1/acts/{arguments.act}/verdicts").json()
    print("\n".join(explaining.told(sheet, everything=arguments.all)))
    return int(explaining.is_violated(sheet))


def run_backtest(arguments: argparse.Namespace) -> int:
    """Compare two packs over the facts; 1 when their alerts differ."""
    from deploy import backtesting

    return backtesting.run(arguments, _address(arguments))


def run_shadow_start(arguments: argparse.Namespace) -> int:
    """Let a candidate judge beside the live book."""
    from deploy import shadowing

    return shadowing.start(arguments, _address(arguments))


def run_shadow_show(arguments: argparse.Namespace) -> int:
    """Print how a candidate's findings differ from the live alerts; 1 when they do."""
    from deploy import shadowing

    return shadowing.show(arguments, _address(arguments))


def run_shadow_stop(arguments: argparse.Namespace) -> int:
    """End a candidate; 1 when there is none."""
    from deploy import shadowing

    return shadowing.stop(arguments, _address(arguments))


def _address(arguments: argparse.Namespace) -> str:
    import os

    from deploy.database import address_on_disk

    return arguments.database or os.environ.get("MONITOR_DATABASE_URL") or address_on_disk(arguments.home, "monitor")


def run_sign(arguments: argparse.Namespace) -> int:
    """Sign the book as its author or approver."""
    from deploy import releasing

    return releasing.run_sign(arguments)


def run_release(arguments: argparse.Namespace) -> int:
    """Check the signed release; 1 when it does not let the book judge."""
    from deploy import releasing

    return releasing.run_release(arguments)


def _tell(report: "Report") -> int:
    print(report.text)
    return report.status
