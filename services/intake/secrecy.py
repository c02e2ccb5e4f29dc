"""The secrecy gate: what looks classified is refused before anything of it is stored (条例 26, 保密法).

It errs on the side of refusing: a mark, a level that stands alone, a level with a term, or any value of a field made
for secrecy. Words such as 国家秘密 or 保密工作 inside a sentence pass.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LEVEL: Final = "(?:绝密|机密|秘密|絕密|機密|祕密)"
_GAPS: Final = re.compile(r"[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_MARK: Final = re.compile(
    rf"★|^[^\w]*{_LEVEL}级?(?:件|文件)?[^\w]*$"
    rf"|{_LEVEL}[☆*※✩⭐]"
    rf"|{_LEVEL}级?(?:长期|[0-9]{{1,2}}年|[一二三四五六七八九十两]{{1,3}}年|[0-9]{{1,2}}个?月)"
    rf"|(?:密级|保密等级|秘密等级|密等|涉密等级)[^\w]*(?:为|是)?[^\w]*{_LEVEL}"
)
_FIELDS: Final = frozenset({
    "secrecylevel", "secrecyterm", "secretlevel", "secretterm", "secrecy", "secret", "classification", "keepperiod",
    "密级", "秘密等级", "保密等级", "涉密等级", "密等", "保密期限", "密级和保密期限", "密级及保密期限", "密级期限",
})  # fmt: skip
_HARMLESS: Final = frozenset({
    "", "无", "否", "公开", "内部", "普通", "一般", "非密", "不涉密", "非涉密", "无密级", "未定密", "平件", "无期限",
    "/", "-", "--", "—", "——",
    "none", "null", "no", "public", "normal", "internal", "unclassified", "false",
})  # fmt: skip
_HINTS: Final = ("密".encode(), "★".encode(), b"secre", b"classification", b"keep")
"""One of these is in every item that the close look would refuse; bytes, because looking for them is the hot path."""
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENCODINGS: Final = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")


def is_secret(value: object, body: bytes) -> bool:
    """Tell whether any string or field of a parsed item looks classified; ``body`` is the item as UTF-8 JSON.

    The body only tells quickly that there is nothing to look at: its JSON must not escape letters.
    """
    lower = body.lower()
    return any([hint in lower for hint in _HINTS]) and _walk(value)  # noqa: C419 - a list is faster than a generator


def is_secret_field(name: str) -> bool:
    """Tell whether a field or column is made for a level of secrecy or its term."""
    return _squeeze(name).lower().replace("_", "").replace("-", "") in _FIELDS


def is_secret_value(value: object) -> bool:
    """Tell whether the value of such a field says anything but that there is no secrecy."""
    return value is not None and value is not False and _squeeze(str(value)).lower() not in _HARMLESS


def is_marked(text: str) -> bool:
    """Tell whether a text carries a mark or level of secrecy."""
    return ("密" in text or "★" in text) and _MARK.search(_squeeze(text)) is not None


def may_be_secret(raw: bytes) -> bool:
    """Tell whether bytes that cannot be parsed might carry a mark, in any encoding in use; nobody can look closer."""
    for encoding in _ENCODINGS:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), raw.decode(encoding, errors="ignore"))
        if "★" in text or re.search(_LEVEL, _squeeze(text)):
            return True
    return False


def _walk(value: object) -> bool:
    """Look at everything in a parsed JSON value; a stack of its own, so that depth cannot end it."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            if is_marked(part):
                return True
        elif isinstance(part, dict):
            if _in_fields(part.items()):
                return True
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return False


def _in_fields(pairs: Iterable[tuple[str, object]]) -> bool:
    return any(is_marked(key) or (is_secret_field(key) and is_secret_value(value)) for key, value in pairs)


def _squeeze(text: str) -> str:
    """Return the text in compatible form without the white space and invisible characters that part 机 and 密."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text))
