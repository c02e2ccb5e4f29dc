"""``jianfu parked``: what ledger, monitor and notify could not read, and taking it in again."""

import argparse

from deploy.chinese import ChineseParser
from deploy.commands import Commands
from deploy.target import add_target, find

SERVICES = ("ledger", "monitor", "notify")


def register(commands: Commands) -> None:
    """Add the command with its two subcommands."""
    parser = commands.add_parser(
        "parked", help="查看、重新处理被搁置的消息", description="台账、监测和通知读不懂而逐条搁置的消息。"
    )
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    listing = actions.add_parser("list", help="列出被搁置的消息及原因")
    _add_service(listing)
    listing.set_defaults(run=run_list)
    replay = actions.add_parser("replay", help="按原有顺序重新处理现在读得懂的消息")
    _add_service(replay)
    replay.set_defaults(run=run_replay)


def _add_service(parser: ChineseParser) -> None:
    parser.add_argument("service", nargs="?", choices=SERVICES, metavar="服务", help="不给则逐个处理三个服务")
    add_target(parser)


def run_list(arguments: argparse.Namespace) -> int:
    """Print one line for each message; 1 when there is any."""
    from deploy.asking import ask_for_all

    count = 0
    for service in _asked(arguments):
        for item in ask_for_all(find(arguments, service, "admin"), "/v1/parked"):
            count += 1
            reason = item.get("reason") or f"{item['field']}: {item['detail']}"
            print(f"{service}  {item.get('stream', 'FACTS')} {item['position']}  {item['subject']}  {reason}")
    print(f"共 {count} 条被搁置")
    return 1 if count else 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Let each service try again; 1 when anything still cannot be read."""
    from deploy.asking import ask, ask_for_all

    left = 0
    for service in _asked(arguments):
        target = find(arguments, service, "admin")
        replayed = ask(target, "POST", "/v1/parked/replay").json()["replayed"]
        still = len(ask_for_all(target, "/v1/parked"))
        left += still
        print(f"{service}  已处理 {replayed} 条，仍搁置 {still} 条")
    return 1 if left else 0


def _asked(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Give the services to ask; ``Unusable`` where one address is given for all of them."""
    from deploy.embedded.errors import Unusable

    if arguments.service:
        return (arguments.service,)
    if arguments.url:
        raise Unusable("给出 --url 时，还要给出是哪个服务。")
    return SERVICES
