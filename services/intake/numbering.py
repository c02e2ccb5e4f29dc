"""What a sender that numbers its events says of a request: whose events these are, their numbers, and how many exist. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kit.errors import Forbidden, Rejected
from kit.tokens import Principal
from services.intake.authority import may_speak

SPOOL: Final = "jianfu-spool"
SOURCE: Final = "jianfu-source"
FIRST: Final = "jianfu-first"
KEPT: Final = "jianfu-kept"
HEADERS: Final[Mapping[str, str]] = {
    SPOOL: "The id of the file in which the sender keeps its events: 26 characters 0-9 and a-v.",
    SOURCE: "The one source of all events of the request.",
    FIRST: "The number of the first event; the others follow without gap. Each source of a spool counts from 1.",
    KEPT: "The highest number of this source that the sender has kept so far.",
}
"""Header -> what it says; all four or none."""

_ID: Final = re.compile(r"[0-9a-v]{26}")
_SOURCE: Final = re.compile(r"[!-~]{1,256}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a request's events: ``first`` and those that follow."""

    spool: str
    source: str
    first: int
    kept: int


def numbers_of(headers: Mapping[str, str], items: int, who: Principal) -> Numbers | None:
    """Return what the headers of a request of so many items say of their numbers; None when the sender does not number.

    Raises ``Rejected`` that names the header, or ``Forbidden`` for a source that ``who`` may not speak for.
    """
    if SPOOL not in headers:
        return None
    found = Numbers(
        spool=_matching(headers, SPOOL, _ID, "应为 26 位的暂存区编号"),
        source=_matching(headers, SOURCE, _SOURCE, "应为事件的来源"),
        first=int(_matching(headers, FIRST, _NUMBER, "应为从 1 起的序号")),
        kept=int(_matching(headers, KEPT, _NUMBER, "应为已保存的最大序号")),
    )
    if found.kept < found.first + items - 1:
        raise Rejected("已保存的最大序号不应小于本次最后一件的序号", code="invalid", field=KEPT)
    if not may_speak(who, found.source):
        raise Forbidden("此凭证无权以该来源报送", field=SOURCE)
    return found


def _matching(headers: Mapping[str, str], name: str, form: re.Pattern[str], expected: str) -> str:
    value = headers.get(name, "")
    if form.fullmatch(value) is None:
        raise Rejected(expected, code="invalid", field=name)
    return value
