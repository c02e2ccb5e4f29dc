"""The command line's parser, speaking Chinese."""

import argparse
import itertools
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from kit.columns import width

USAGE_ERROR = 2

PHRASES = {
    "the following arguments are required: ": "缺少参数：",
    "unrecognized arguments: ": "不认识的参数：",
    "invalid choice: ": "不在可选范围内：",
    "choose from": "可选",
    "expected one argument": "需要一个值",
    "expected at least one argument": "至少需要一个值",
    "invalid int value: ": "应为整数，而不是 ",
    "invalid float value: ": "应为数，而不是 ",
    "invalid date value: ": "应为日期，例如 2026-01-31，而不是 ",
    "invalid place value: ": "应为 2、4、6、9 或 12 位区划代码，而不是 ",
    "not allowed with argument ": "不能同时使用的还有 ",
    "one of the arguments": "必须给出其一：",
    " is required": "",
}
"""What argparse says, and what we say instead."""
_ARGUMENT = re.compile(r"^argument ([^:]+): ")
_HEADING = re.compile(r"^(\S+):$", re.MULTILINE)
_PIECES = re.compile(r"[!-~]+|\s+|.")
"""What a line of text may be broken between: words of Latin letters, blanks, and every other character."""
_NOT_FIRST = frozenset("，。、；：！？）》」』”…")
"""Characters that do not begin a line."""


class _Aligned(argparse.HelpFormatter):
    """Help whose columns are aligned and whose lines are broken by what a terminal shows: wide characters take two."""

    def __init__(self, prog: str) -> None:
        """Leave room for our longest option."""
        super().__init__(prog, max_help_position=28)

    def add_argument(self, action: argparse.Action) -> None:
        """Add an option to the help and remember how wide it is."""
        super().add_argument(action)
        if action.help is not argparse.SUPPRESS:
            for one in itertools.chain((action,), self._iter_indented_subactions(action)):  # each at its own indent
                wide = width(self._format_action_invocation(one)) + self._current_indent
                self._action_max_length = max(self._action_max_length, wide)

    def _format_action(self, action: argparse.Action) -> str:
        """Take back the blanks that were counted in where a wide character stands."""
        head = self._format_action_invocation(action)
        text = super()._format_action(action)
        if action.nargs == argparse.PARSER:  # the title of the group says what its head would say again
            return text.split("\n", 1)[1]
        return text.replace(head + " " * (width(head) - len(head)), head, 1)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _broken(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in _broken(text, width - len(indent)))


def _broken(text: str, wide: int) -> list[str]:
    """Return a text as lines of at most that width; a closing mark stays with what it closes."""
    lines = [""]
    for piece in _PIECES.findall(" ".join(text.split())):
        if width(lines[-1] + piece) > wide and piece not in _NOT_FIRST:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


class ChineseParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose help and errors are in Chinese; subparsers are of the same kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what ``ArgumentParser`` takes."""
        settings = {"add_help": False, "allow_abbrev": False, "formatter_class": _Aligned}
        super().__init__(*args, **kwargs | settings)
        self._positionals.title = "参数"
        self._optionals.title = "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份帮助")
        self.set_defaults(of=self)

    def read(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Return what the command line says; what nobody knows is told with the usage of the command that was meant."""
        arguments, unknown = self.parse_known_args(argv)
        if unknown:
            meant: ChineseParser = arguments.of
            meant.error(f"unrecognized arguments: {' '.join(unknown)}")
        return arguments

    def format_usage(self) -> str:
        """Give the usage line."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        """Give the whole help."""
        return _HEADING.sub(r"\1：", super().format_help().replace("usage: ", "用法：", 1))

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and exit with 2."""
        message = _ARGUMENT.sub(r"参数 \1：", message)
        for english, chinese in PHRASES.items():
            message = message.replace(english, chinese)
        sys.stderr.write(f"{self.format_usage()}命令行有误：{message}\n")
        sys.exit(USAGE_ERROR)
