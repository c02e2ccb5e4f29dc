"""Which running system a command talks to, and who it says it is."""

import argparse
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deploy.chinese import ChineseParser
from deploy.commands import add_home
from deploy.embedded.errors import Unusable
from deploy.embedded.ports import LOOPBACK
from kit.secret_files import read_secret

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class Target:
    """A service's base address and a token for it."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that proves who we are."""
        return {"Authorization": f"Bearer {self.token}"}


def add_target(parser: ChineseParser) -> None:
    """Let a command take an address and a data folder; a token is never taken from the command line, which all see."""
    add_home(parser)
    parser.add_argument(
        "--url",
        metavar="地址",
        help="服务的地址（默认读取数据目录里的端口）；令牌取自 JIANFU_TOKEN_FILE 所指文件或 JIANFU_TOKEN",
    )


def find(arguments: argparse.Namespace, service: str, role: str) -> Target:
    """Give the service named on the command line, else the one that runs on the data folder.

    Without ``JIANFU_TOKEN_FILE`` or ``JIANFU_TOKEN`` the folder's own key signs a token for ``role``. ``Unusable`` where either is missing.
    """
    home: Path = arguments.home
    return Target(arguments.url or local_url(home, service), _given() or _signed(home, role))


def _given() -> str | None:
    """Return the token that the caller named: in a file that only he may read, or in the environment."""
    if path := os.environ.get("JIANFU_TOKEN_FILE"):
        try:
            return read_secret(Path(path)).decode("ascii").strip()
        except (OSError, ValueError) as error:
            raise Unusable(f"读不出令牌文件 {path}，或其他用户也能读它（应为 0600）。") from error
    return os.environ.get("JIANFU_TOKEN")


def local_url(home: Path, service: str) -> str:
    """Give the address of a service that runs on a data folder; ``Unusable`` if none ever did."""
    try:
        port = json.loads((home / "ports.json").read_text("utf-8"))[service]
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise Unusable(f"数据目录 {home} 里没有运行过 {service}。请先运行 jianfu up,或用 --url 给出地址。") from error
    return f"http://{LOOPBACK}:{port}"


def _signed(home: Path, role: str) -> str:
    from deploy import tokens
    from kit.auth import Role

    return tokens.local(home, Role(role), lifetime=LIFETIME)
