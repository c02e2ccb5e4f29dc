"""What an adapter computes from a text, so that the text itself never leaves the office: its length and its sketch.

Both methods carry an id that is stored beside the value; another method gets another id and is never compared with
this one.
Only the standard library is used: the whole file may be copied into an adapter.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

COUNT_METHOD: Final = "han-punct-run-1"
"""汉字 and CJK punctuation count one each, a run of Latin letters or digits counts one; white space counts nothing."""

SKETCH_METHOD: Final = "fmh-han5-s16-1"
"""FracMinHash: 64-bit BLAKE2b of every 5-ideograph shingle, kept when its value is below 2**64 / 16."""

SHINGLE: Final = 5
SCALE: Final = 16
MOST_VALUES: Final = 4096
"""A sketch is cut to its smallest values past this count (a text of about 65,000 characters)."""

_LIMIT: Final = 2**64 // SCALE
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]")
_COUNTED: Final = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇\u3001-\u3006\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65‘’“”…—–·]"
    "|[A-Za-z0-9\uff10-\uff19]+"
)


def count_characters(body: str) -> int:
    """Return the 字数 of a body by ``COUNT_METHOD``; the caller leaves out 版头, 版记 and 附件."""
    return len(_COUNTED.findall(body))


def sketch(body: str) -> tuple[int, ...]:
    """Return the ascending sketch values of a text by ``SKETCH_METHOD``; short texts may give few or none."""
    han = "".join(_HAN.findall(body))
    grams = {han[i : i + SHINGLE] for i in range(len(han) - SHINGLE + 1)}
    hashed = (int.from_bytes(hashlib.blake2b(g.encode(), digest_size=8).digest(), "big") for g in grams)
    return tuple(sorted(value for value in hashed if value < _LIMIT)[:MOST_VALUES])


def containment(part: Iterable[int], whole: Iterable[int]) -> float | None:
    """Estimate the share of ``part``'s shingles found in ``whole`` (0..1); ``None`` when ``part`` has no values."""
    inner = frozenset(part)
    if not inner:
        return None
    return len(inner & frozenset(whole)) / len(inner)
