"""What an adapter computes from a text, so that the text itself never leaves the office: its length and its sketch.

Both methods carry an id that is stored beside the value; another method gets another id and is never compared with
this one. A sketch is taken of a document's own wording: what it cites, and what every document says, is left out first.
Only the standard library is used: the whole file may be copied into an adapter.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

COUNT_METHOD: Final = "han-punct-run-1"
"""汉字 and CJK punctuation count one each, a run of Latin letters or digits counts one; white space counts nothing."""

SKETCH_METHOD: Final = "fmh-han8-own-s16-2"
"""FracMinHash of every 8-ideograph shingle of the own wording (``own_wording``), as UTF-8 (24 bytes).

Kept is a shingle whose CRC-32 is below 2**32 / 16; its value is the upper 60 bits of its 64-bit BLAKE2b.
No longer made is ``fmh-han5-s16-1``: 64-bit BLAKE2b of the 5-ideograph shingles of the whole text, kept below 2**64 / 16.
"""

SHINGLE: Final = 8
SCALE: Final = 16
MOST_VALUES: Final = 4096
"""A sketch is cut to its smallest values past this count (a text of about 65,000 characters)."""

_VALUE_BITS: Final = 60
_WIDTH: Final = 3
"""Bytes of an ideograph of the basic plane in UTF-8."""
_BYTES: Final = SHINGLE * _WIDTH
_IDEOGRAPHS: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]+")
_COUNTED: Final = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇\u3001-\u3006\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65‘’“”…—–·]"
    "|[A-Za-z0-9\uff10-\uff19]+"
)

_CITED: Final = (
    r"《[^《》\n]{1,150}》第[^。；，\n]{1,12}条[^。；，\n]{0,8}规定[：:][^。\n]{1,300}。",  # the law, word by word
    r"《[^《》\n]{1,150}》(?:[(（][^()（）\n]{1,40}号[)）])?",
    r"“[^“”\n]{1,200}”",
    r'"[^"\n]{1,100}"',
    *(rf"{opening}\d{{4}}[〕】\]]\d{{1,5}}号" for opening in ("〔", "【", r"\[")),
)
"""Names and numbers of documents, quotations, the words of a law; bounded, for a whole text in quotation marks is none."""

_FORMULAS: Final = (
    "以习近平新时代中国特色社会主义思想为指导",
    r"党的[一二三四五六七八九十]+[大届][^。；\n]{0,40}?精神",
    "党中央、?国务院(?:的|关于)?(?:各项|重大)?(?:决策部署|部署要求)?",
    "统筹推进(?:“五位一体”)?总体布局和?协调推进(?:“四个全面”)?战略布局",
    "坚持以人民为中心(?:的发展思想)?",
    r"现(?:将[^。；\n]{0,80}|予以?)?(?:印发|转发|下发)(?:给你们)?[，,]?(?:请[^。\n]{0,40})?",
    r"现[就将]?[^。；\n]{0,60}[如以]下[^。；：:\n]{0,6}[：:]",
    "各省、自治区、直辖市(?:人民政府)?(?:，国务院各部委、各直属机构)?",
    "地方各级人民政府|各地区、?各(?:有关)?部门|各有关(?:部门和)?单位",
    *(
        rf"{opening}[^（）()\n]{{2,80}}(?:负责|牵头|配合|按职责分工)[^（）()\n]{{0,20}}[)）]"
        for opening in ("（", r"\(")
    ),
    "特此(?:通知|通告|函告|批复|报告)",
    r"联系(?:人|电话|方式)[：:][^。；\n]{0,60}",
    r"\n[ \t\u3000]*(?:[0-9]{4}|[一二][〇○零0一二三四五六七八九]{3})年[^。；\n]{1,5}月[^。；\n]{1,5}日[ \t\u3000]*(?=\n|$)",
)
"""What every document says, whatever its matter: found four times or more in 47 public documents, none of them compared in the tests."""
_NOT_OWN: Final = re.compile("|".join((*_CITED, *_FORMULAS)))
"""Every alternative begins with one fixed character, so that the search passes over all places where none begins: a fifth of the time."""


def count_characters(body: str) -> int:
    """Return the 字数 of a body by ``COUNT_METHOD``; the caller leaves out 版头, 版记 and 附件."""
    return len(_COUNTED.findall(body))


def own_parts(body: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a body that are neither cited nor said by every document: of these an author can copy."""
    start = 0
    for found in _NOT_OWN.finditer(body):
        yield start, found.start()
        start = found.end()
    yield start, len(body)


def own_ideographs(body: str) -> Iterator[tuple[int, str]]:
    """Yield the runs of ideographs of the own wording, each with its place in the body."""
    for start, end in own_parts(body):
        for found in _IDEOGRAPHS.finditer(body, start, end):
            yield found.start(), found.group()


def own_wording(body: str) -> str:
    """Return the ideographs of the own wording, of which the shingles are made."""
    return "".join(_IDEOGRAPHS.findall(_NOT_OWN.sub("", body)))


def sketch(body: str) -> tuple[int, ...]:
    """Return the ascending sketch values of a text by ``SKETCH_METHOD``; short texts may give few or none."""
    kept = _kept(own_wording(body).encode())
    values = b"".join([hashlib.blake2b(one, digest_size=8).digest() for one in kept])
    shift = 64 - _VALUE_BITS
    return tuple(sorted([value >> shift for value in struct.unpack(f">{len(kept)}Q", values)])[:MOST_VALUES])


def containment(part: Iterable[int], whole: Iterable[int]) -> float | None:
    """Estimate the share of ``part``'s shingles found in ``whole`` (0..1); ``None`` when ``part`` has no values."""
    inner = frozenset(part)
    if not inner:
        return None
    return len(inner & frozenset(whole)) / len(inner)


def _kept(data: bytes) -> set[bytes]:
    """Return the shingles of ideographs in UTF-8 whose CRC-32 is kept: its upper four bits are zero.

    A CRC is linear: it is the exclusive or of what each byte adds by its place, and of what zeros give. So it is worked out for all
    shingles at once, in long integers that have a byte for each ideograph, and only kept shingles are cut out.
    """
    count = len(data) // _WIDTH - SHINGLE + 1
    if count < 1:
        return set()
    sums = 0
    for place, tables in enumerate(_ADDED):
        for byte, table in enumerate(tables):
            column = data[byte::_WIDTH][place : place + count + _HALF]
            sums ^= int.from_bytes(column.translate(table), "little")
    sums ^= sums >> 8 * _HALF + 4  # the second half of a shingle is in the upper bits of where that half begins
    checks = (sums & int.from_bytes(b"\x0f" * count, "little")).to_bytes(count, "little")
    kept, at = set[bytes](), checks.find(_ZERO)
    while at >= 0:
        kept.add(data[at * _WIDTH : at * _WIDTH + _BYTES])
        at = checks.find(_ZERO, at + 1)
    return kept


def _upper(place: int, value: int) -> int:
    """Return what a byte at that place of a shingle adds to the upper four bits of its CRC-32."""
    return (zlib.crc32(bytes([*bytes(place), value, *bytes(_BYTES - place - 1)])) ^ zlib.crc32(bytes(_BYTES))) >> 28


_HALF: Final = SHINGLE // 2
_ZERO: Final = zlib.crc32(bytes(_BYTES)) >> 28
"""The sum of a shingle that is kept: what its bytes add cancels what zeros give."""
_ADDED: Final = tuple(
    tuple(
        bytes(_upper(at, value) | _upper(at + _HALF * _WIDTH, value) << 4 for value in range(256))
        for at in range(place * _WIDTH, (place + 1) * _WIDTH)
    )
    for place in range(_HALF)
)
"""By ideograph of the first half of a shingle and its byte: what each value adds there, and, four bits up, half a shingle later."""
