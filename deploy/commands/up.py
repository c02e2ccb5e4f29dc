"""``jianfu up`` and ``jianfu demo``: the whole system on this machine."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.commands import HOME, Commands, add_home

if TYPE_CHECKING:
    from deploy.supervisor import System

DEMO_HOME = HOME / "demo"


def register(commands: Commands) -> None:
    """Add both commands."""
    up = commands.add_parser("up", help="启动整个系统（自带 NATS 与 PostgreSQL）", description="启动整个系统。")
    add_home(up)
    _add_common(up)
    up.set_defaults(run=run_up)
    demo = commands.add_parser(
        "demo", help="启动整个系统，灌入真实公文和一年的脚本，列出发现的问题", description="演示整个系统。"
    )
    demo.add_argument("--home", type=Path, default=DEMO_HOME, metavar="目录", help=f"数据目录（默认 ./{DEMO_HOME}）")
    stay = demo.add_mutually_exclusive_group()
    stay.add_argument("--stay", action="store_true", default=None, help="演示后继续运行（在终端里默认如此）")
    stay.add_argument("--no-stay", action="store_false", dest="stay", help="演示后停止")
    _add_common(demo)
    demo.set_defaults(run=run_demo)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="端口", help="控制台的端口（默认沿用上次的）")
    parser.add_argument("--tls", action="store_true", help="本机各进程与 NATS 之间也用 TLS（证书自动生成）")
    parser.add_argument("--with-parent", action="store_true", help="启动它的进程结束时一并停止")


def run_up(arguments: argparse.Namespace) -> int:
    """Run everything until told to stop."""

    async def show(system: "System") -> None:
        say(f"已就绪。控制台：{system.urls['console']}")
        for name, url in system.urls.items():
            say(f"  {name:<8} {url}")
        _show_links(system)
        say(f"数据与日志在 {arguments.home.absolute()}。按 Ctrl-C 停止。")

    return _run(arguments, show)


def run_demo(arguments: argparse.Namespace) -> int:
    """Run everything, show what it finds in the demo's input, and stay for a person at a terminal."""
    import os

    stay = sys.stdin.isatty() and sys.stdout.isatty() if arguments.stay is None else arguments.stay
    # the scripted year brings its own days; today's would end its loans at once
    os.environ["INTAKE_TELLS_DAYS"] = "false"

    async def play(system: "System") -> int | None:
        from deploy.demo import main as demo

        code = await demo.run(system, say, stay=stay)
        if code == 0 and stay:
            say("系统继续运行，可在浏览器中查看。按 Ctrl-C 停止。")
            return None
        say("演示结束。")
        return code

    return _run(arguments, play)


def _show_links(system: "System") -> None:
    say(f"登录控制台（链接只能用一次，半小时内有效；再要一个：{system.login_command}）：")
    for role, title in (("operator", "操作员"), ("discipline", "纪检")):
        say(f"  {title} {system.login_link(role)}")


def _run(arguments: argparse.Namespace, then: "Callable[[System], Awaitable[int | None]]") -> int:
    import asyncio
    import os
    import signal

    from deploy.embedded import tether
    from deploy.embedded.ports import demand
    from deploy.embedded.servers import running
    from deploy.supervisor import supervise

    if arguments.with_parent:
        tether.tie(os.getppid(), signal.SIGTERM)
    if arguments.port is not None:
        demand(arguments.port, "控制台")
    say("正在启动 NATS 与 PostgreSQL……")
    with running(arguments.home, tls=arguments.tls) as servers:
        if arguments.port is not None:
            servers.ports.remember("console", arguments.port)
        say("正在启动各服务……")
        return asyncio.run(supervise(servers, say, then))


def say(line: str) -> None:
    """Tell the person at the terminal one line, at once."""
    print(line, flush=True)
