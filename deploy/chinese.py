"""The command line's parser, speaking Chinese."""

import argparse
import sys
from typing import Any, NoReturn

USAGE_ERROR = 2

PHRASES = {
    "the following arguments are required: ": "缺少参数：",
    "unrecognized arguments": "不认识的参数",
    "invalid choice": "不在可选范围内",
    "choose from": "可选",
    "expected one argument": "需要一个值",
    "expected at least one argument": "至少需要一个值",
    "invalid int value": "应为整数",
    "invalid date value": "应为日期，例如 2026-01-31",
    "not allowed with argument": "不能同时使用",
    "one of the arguments": "必须给出其一",
    "is required": "",
    "argument ": "参数 ",
}
"""What argparse says, and what we say instead."""


class ChineseParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose help and errors are in Chinese; subparsers are of the same kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what ``ArgumentParser`` takes."""
        super().__init__(*args, **kwargs | {"add_help": False, "allow_abbrev": False})
        self._positionals.title = "参数"
        self._optionals.title = "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份帮助")

    def format_usage(self) -> str:
        """Give the usage line."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        """Give the whole help."""
        return super().format_help().replace("usage: ", "用法：", 1)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and exit with 2."""
        for english, chinese in PHRASES.items():
            message = message.replace(english, chinese)
        sys.stderr.write(f"{self.format_usage()}命令行有误：{message}\n")
        sys.exit(USAGE_ERROR)
