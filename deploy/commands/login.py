"""``jianfu login``: a link that opens the running console."""

import argparse

from deploy.commands import Commands, add_home

ROLES = {"operator": "操作员", "discipline": "纪检", "office": "发文单位", "admin": "管理员"}


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "login", help="生成控制台登录链接", description="生成登录链接：只能用一次，半小时内有效。"
    )
    titles = "、".join(f"{role} {title}" for role, title in ROLES.items())
    parser.add_argument(
        "role", nargs="?", default="operator", choices=ROLES, metavar="角色", help=f"{titles}（默认 operator）"
    )
    add_home(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the link to standard output."""
    from datetime import timedelta

    from deploy import tokens
    from deploy.target import local_url
    from kit.auth import Role

    console = local_url(arguments.home, "console")
    token = tokens.local(arguments.home, Role(arguments.role), lifetime=timedelta(hours=12))
    print(tokens.login_link(arguments.home, console, token))
    return 0
