"""``jianfu token``: sign a token for a person or an adapter."""

import argparse

from deploy.commands import Commands, add_home, place

ROLES = ("adapter", "office", "operator", "discipline", "admin")
MOST_HOURS = 24 * 366


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "token", help="签发访问令牌", description="用数据目录里的密钥签发访问令牌，写到标准输出。"
    )
    parser.add_argument("role", choices=ROLES, metavar="角色", help="、".join(ROLES))
    parser.add_argument("--subject", required=True, metavar="名称", help="持有者，例如适配器或岗位的名称")
    parser.add_argument(
        "--jurisdiction", type=place, required=True, metavar="区划代码", help="看得到的区域；00 表示全部"
    )
    parser.add_argument("--unit", action="append", default=[], metavar="单位标识", help="限定单位，可重复")
    parser.add_argument("--source", action="append", default=[], metavar="来源", help="限定事件来源，可重复")
    parser.add_argument("--hours", type=int, default=12, metavar="小时", help="有效期（默认 12）")
    add_home(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the token to standard output."""
    from datetime import timedelta

    from deploy import tokens
    from deploy.embedded.errors import Unusable
    from kit.auth import Principal, Role

    if not 0 < arguments.hours <= MOST_HOURS:
        raise Unusable(f"有效期应为 1 至 {MOST_HOURS} 小时。")
    principal = Principal(
        subject=arguments.subject,
        role=Role(arguments.role),
        jurisdiction=arguments.jurisdiction,
        units=frozenset(arguments.unit),
        sources=frozenset(arguments.source),
    )
    print(tokens.issue(arguments.home, principal, lifetime=timedelta(hours=arguments.hours)))
    return 0
