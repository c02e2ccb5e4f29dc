"""What a real document's title and text say, by words, with care for negation; ``None`` is "not decided". Pure."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from contracts.documents import Form, Genre

_GENRES: Final[dict[str, Genre]] = {
    "令": "命令",
    "通知": "通知",
    "意见": "意见",
    "函": "函",
    "批复": "批复",
    "决定": "决定",
    "通报": "通报",
    "报告": "报告",
}
_FORMS: Final[tuple[Form, ...]] = ("实施意见", "实施细则", "实施方案", "工作方案", "办法", "规定", "要点")
_ANNEX: Final = re.compile(r"^\s*附\s*件\s*(?:[:：]|[0-9一二三四五六七八九十]*\s*$|[0-9])")
_DATE_LINE: Final = re.compile(
    r"^[\s　]*(?:[0-9]{4}|[一二][〇○零0一二三四五六七八九]{3})\s*年\s*.{1,4}月\s*.{1,4}日[\s　]*$"
)
_REMARK: Final = re.compile(r"^[\s　]*[（(].{0,8}公开发布[)）][\s　]*$")
_SENTENCE: Final = re.compile(r"[。；;\n]")
_LOWER: Final = re.compile(
    r"(?:各地区|各省|各级|各市|各县|地方各级|各试点城市|试点城市|试点地区|各区|各镇|各街道|本地区、本部门)"
)
_MAKE: Final = re.compile(r"(?:制定|制订|出台|研究制定)")
_MATCHING: Final = re.compile(
    r"(?:实施方案|实施细则|实施办法|实施意见|工作方案|推广方案|治理方案|配套政策|配套文件|配套措施|贯彻意见)"
)
_MUST: Final = re.compile(r"(?:要|应|须|于20[0-9]{2}年)")
_ONLY_MAY: Final = re.compile(r"(?:可以?(?:根据|结合|出台|制定)|可结合|鼓励|有条件的|不得|不再|无需|不必|另行制定)")
_FORBIDS: Final = re.compile(
    r"(?:不再|不得|不要|无需|不必)(?:另行|层层)?(?:制定|出台|印发)[^。；]{0,12}(?:配套|实施细则|实施方案|实施意见|贯彻意见)"
)
_QUOTED: Final = re.compile(r"《[^》]*》")
_UNDOES: Final = re.compile(r"关于(?:废止|停止执行|修改|调整)")
_STATUTE: Final = re.compile(r"(?:法|宪法|条例|决定|决议)$")
_REVOKES: Final = re.compile(
    r"(?:自(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日起|即日起)废止《[^》]*》[（(](?P<number>[^（()）]+号)[）)]"
)


def genre_of(kind: str, title: str) -> Genre | None:
    """Return the 文种: as collected, for the names that are one of the fifteen."""
    return _GENRES.get(kind) or next((genre for word, genre in _GENRES.items() if title.endswith(word)), None)


def form_of(title: str) -> Form | None:
    """Return what a 通知 or 意见 carries, by the end of the title or of the name in it; none for a revocation."""
    if _UNDOES.search(title):
        return None
    names = [name.strip("《》") for name in _QUOTED.findall(title)] or [title]
    bare = re.sub(r"[（(][^（()）]*[）)]$|的通知$", "", names[-1])
    return next((form for form in _FORMS if bare.endswith(form)), None)


def is_statute(title: str) -> bool:
    """Tell whether a named basis is a law or regulation: a legal ground, no upper document to be implemented."""
    return _STATUTE.search(title) is not None


def revoked_by(text: str, dated: date) -> tuple[str, date] | None:
    """Return the 发文字号 that a document says it revokes, and from which day; ``None`` when it says no such thing."""
    found = _REVOKES.search(text.replace("\n", ""))
    if found is None:
        return None
    day = date(int(found["y"]), int(found["m"]), int(found["d"])) if found["y"] else dated
    return found["number"], day


def body_of(text: str, issuer_names: Sequence[str]) -> str:
    """Return the 正文: without 主送机关, signature, date, 附注 and everything from the first 附件 line on.

    What a 通知 prints (《…办法》) is part of its 正文; an 附件 is not.
    """
    lines = text.splitlines()
    annex = next((number for number, line in enumerate(lines) if _ANNEX.match(line)), len(lines))
    kept = lines[:annex]
    if kept and re.search(r"[:：]\s*$", kept[0]):
        kept = kept[1:]
    signatures = {name.replace(" ", "") for name in issuer_names}
    return "\n".join(
        line
        for line in kept
        if not _DATE_LINE.match(line) and not _REMARK.match(line) and re.sub(r"[\s　]", "", line) not in signatures
    )


def requires_matching(text: str) -> bool | None:
    """Tell whether it expressly demands 配套文件 of lower bodies; open where the words come up in any other way."""
    near = [sentence for sentence in _sentences(text) if _MAKE.search(sentence) and _MATCHING.search(sentence)]
    if any(_LOWER.search(one) and _MUST.search(one) and not _ONLY_MAY.search(one) for one in near):
        return True
    return None if near else False


def no_matching(text: str) -> bool:
    """Tell whether it declares that no 配套文件 shall be made."""
    return any(_FORBIDS.search(sentence) for sentence in _sentences(text))


def _sentences(text: str) -> list[str]:
    return _SENTENCE.split(_QUOTED.sub("《》", text))
