"""``jianfu quarantine``: what intake refused, and trying it once more."""

import argparse
from datetime import datetime
from typing import Any

from deploy.commands import Commands
from deploy.target import add_target, find


def register(commands: Commands) -> None:
    """Add the command with its two subcommands."""
    parser = commands.add_parser("quarantine", help="查看、重试被隔离的事件", description="被隔离的事件。")
    actions = parser.add_subparsers(title="命令", metavar="命令", required=True)
    listing = actions.add_parser("list", help="列出被隔离的事件及原因")
    add_target(listing)
    listing.set_defaults(run=run_list)
    replay = actions.add_parser("replay", help="重新收录一件或全部")
    replay.add_argument("id", nargs="?", metavar="编号", help="不给则逐件重试全部")
    add_target(replay)
    replay.set_defaults(run=run_replay)


def run_list(arguments: argparse.Namespace) -> int:
    """Print one line for each event; 1 when there is any."""
    from services.console.wording import CODES, moment

    items = _all(arguments)
    for item in items:
        reason = item["reason"]
        at = moment(datetime.fromisoformat(item["received_at"]))
        print(f"{item['id']}  {at}  {CODES.get(reason['code'], reason['code'])}  {reason['detail']}")
    print(f"共 {len(items)} 件被隔离")
    return 1 if items else 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Try again; 1 when anything is still refused."""
    from deploy.asking import ask

    ids = [arguments.id] if arguments.id else [item["id"] for item in _all(arguments)]
    target = find(arguments, "intake", "admin")
    refused = 0
    for one in ids:
        taken = ask(target, "POST", f"/v1/quarantine/{one}/replay").json().get("result") in {"accepted", "duplicate"}
        refused += not taken
        print(f"{one}  {'已收录' if taken else '仍未收录'}")
    return 1 if refused else 0


def _all(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from deploy.asking import ask_for_all

    return ask_for_all(find(arguments, "intake", "admin"), "/v1/quarantine")
