"""``jianfu prepare``: tables and streams on given servers, before services are run there one by one."""

import argparse

from deploy.commands import Commands

NEEDS = ("NATS_URL", "CLUES_NATS_URL", "DATABASE_URL")


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "prepare",
        help="在给定的服务器上建好数据表和流",
        description=f"在给定的服务器上建好数据表和流；可以重复执行，升级后也要执行。需要环境变量：{'、'.join(NEEDS)}。",
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Apply all migrations and make the streams; 2 when the environment is incomplete."""
    import asyncio
    import os
    import sys

    from deploy import database, streams

    missing = [name for name in NEEDS if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"缺少环境变量：{'、'.join(missing)}\n")
        return 2

    async def prepare() -> None:
        for service in database.OWNERS:
            for name in await database.migrate_service(os.environ["DATABASE_URL"], service):
                print(f"{service} {name}")
        for name, done in await streams.ensure(os.environ["NATS_URL"], os.environ["CLUES_NATS_URL"]):
            print(f"{name} {done}")

    asyncio.run(prepare())
    return 0
