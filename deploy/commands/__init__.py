"""One file for each family of subcommands; each has ``register`` and loads what it needs only when it runs."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

from deploy.chinese import ChineseParser

Command: TypeAlias = Callable[[argparse.Namespace], int]
"""Runs with the parsed arguments and gives the exit code."""

Commands: TypeAlias = "argparse._SubParsersAction[ChineseParser]"  # noqa: SLF001  argparse has no public name for it
"""Where a family adds its parsers."""

HOME = Path(".jianfu")


def add_home(parser: ChineseParser) -> None:
    """Let the command take the data folder."""
    parser.add_argument("--home", type=Path, default=HOME, metavar="目录", help=f"数据目录（默认 ./{HOME}）")


def day(text: str) -> date:
    """Read a date of the command line; raise ``ValueError``."""
    return date.fromisoformat(text)


def place(text: str) -> str:
    """Read a jurisdiction code of the command line; raise ``ValueError``."""
    from contracts.jurisdiction import NATION, is_code

    if text != NATION and not is_code(text):
        raise ValueError
    return text


day.__name__ = "date"  # what the parser calls a value that is none
