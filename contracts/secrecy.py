"""The secrecy gate: what looks classified is refused before anything of it is stored (条例 26, 保密法).

It errs on the side of refusing: a mark, a level that stands alone, a level with a term, or any value of a field made
for secrecy. Words such as 国家秘密 or 保密工作 inside a sentence pass.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

_LEVEL: Final = "(?:[绝絕絶]密|[机機]密|[秘祕]密)"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
"""Categories of what parts two letters unseen or lies upon one: white space, joiners, marks of direction, accents."""
_FILLERS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Blanks that Unicode calls letters or signs."""
_MARK: Final = re.compile(
    rf"★|^[^\w]*+{_LEVEL}[级級]?(?:件|文件)?[^\w]*+$"
    rf"|{_LEVEL}[☆*※✩✪✫✬✭✮✯✰⭐⭑🌟]"
    rf"|{_LEVEL}[级級]?(?:[长長]期|[0-9]{{1,2}}年|[一二三四五六七八九十两兩]{{1,3}}年|[0-9]{{1,2}}[个個]?月)"
    # nothing is given back: two runs of the same characters side by side would take time by the square of their length
    rf"|(?:密[级級]|保密等[级級]|秘密等[级級]|密等|涉密等[级級])[^\w]*+(?:[为為是][^\w]*+)?{_LEVEL}"
)
_FIELDS: Final = frozenset({
    "secrecylevel", "secrecyterm", "secretlevel", "secretterm", "secrecy", "secret", "classification", "keepperiod",
    "密级", "密級", "秘密等级", "保密等级", "涉密等级", "密等", "保密期限", "密级和保密期限", "密级及保密期限", "密级期限",
})  # fmt: skip
_HARMLESS: Final = frozenset({
    "", "无", "否", "公开", "内部", "普通", "一般", "非密", "不涉密", "非涉密", "无密级", "未定密", "平件", "无期限",
    "/", "-", "--", "—", "——",
    "none", "null", "no", "public", "normal", "internal", "unclassified", "false",
})  # fmt: skip
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[bfnrt])")
_PAIR: Final = re.compile(r'"([^"\\]{1,40})"\s*+:\s*+"?([^",}\]]{0,20})')
"""What looks like a field of JSON with the beginning of its value."""
_ENCODINGS: Final = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "utf-7", "big5hkscs")
"""In which offices write; nobody can look closer at what is in none of them."""


def is_secret(value: object, body: bytes) -> bool:
    """Tell whether any string or field of a parsed item looks classified; ``body`` is the item as UTF-8 JSON.

    The body only tells quickly that there is nothing to look at: its JSON must not escape letters.
    """
    return _hints(body) and _walk(value)


def _hints(body: bytes) -> bool:
    """Tell whether anything that the close look would refuse can be in an item; the hot path.

    A letter is found ten times as fast in text, a word of several in bytes.
    """
    text, lower = body.decode(), body.lower()
    return (
        "密" in text
        or "★" in text
        or b"secre" in lower
        or b"keep" in lower
        or b"classification" in lower
        or ("%" in text and (b"%e5%af%86" in lower or b"%e2%98%85" in lower))
    )


def is_secret_field(name: str) -> bool:
    """Tell whether a field or column is made for a level of secrecy or its term."""
    return _squeeze(name).lower().replace("_", "").replace("-", "") in _FIELDS


def is_secret_value(value: object) -> bool:
    """Tell whether the value of such a field says anything but that there is no secrecy."""
    return value is not None and value is not False and _squeeze(str(value)).lower() not in _HARMLESS


def is_marked(text: str) -> bool:
    """Tell whether a text carries a mark or level of secrecy, also in the percent-encoding of an address."""
    if "%" in text:
        text = unquote(text)
    return ("密" in text or "★" in text) and _MARK.search(_squeeze(text)) is not None


def may_be_secret(raw: bytes) -> bool:
    """Tell whether bytes that cannot be parsed might carry a mark, in any encoding in use; nobody can look closer."""
    for encoding in _ENCODINGS:
        text = _ESCAPE.sub(lambda found: chr(int(found[1] or "20", 16)), raw.decode(encoding, errors="ignore"))
        if "★" in text or re.search(_LEVEL, _squeeze(text)):
            return True
        if any(is_secret_field(pair[1]) and is_secret_value(pair[2].strip()) for pair in _PAIR.finditer(text)):
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
    """Return the text in compatible form without what is not seen."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKC", text)
        if letter not in _FILLERS and unicodedata.category(letter) not in _UNSEEN
    )
