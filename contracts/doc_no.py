"""发文字号: 发文机关代字 + 〔年份〕 + 发文顺序号 (条例 第九条; GB/T 9704-2012 7.2.5)."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(
    r"^(?P<code>[\u4e00-\u9fffA-Za-z]{1,12})\s*[〔\[［（(【{｛]\s*(?P<year>(?:19|20)\d{2})\s*[〕\]］）)】}｝]\s*(?:第\s*)?"
    r"(?P<number>\d{1,5})\s*号$"
)

_NORMAL: Final = re.compile(
    r"^(?P<code>[\u4e00-\u9fffA-Za-z]{1,12})〔(?P<year>(?:19|20)[0-9]{2})〕(?P<number>[1-9][0-9]{0,4})号$"
)


@dataclass(frozen=True, slots=True, order=True)
class DocNo:
    """One 发文字号 in its three parts."""

    code: str
    year: int
    number: int

    def __str__(self) -> str:
        """Return the form of GB/T 9704: full year in 〔〕, no leading zero, no 第."""
        return f"{self.code}〔{self.year}〕{self.number}号"


def parse_doc_no(text: str) -> DocNo | None:
    """Read a 发文字号 as people type it (any bracket, full-width digits, leading zeros); ``None`` if it is none."""
    if found := _NORMAL.match(text):  # most have been through here before
        return DocNo(found["code"], int(found["year"]), int(found["number"]))
    return _read(text)


def normal_doc_no(text: str) -> str | None:
    """Return a 发文字号 in the form of GB/T 9704, as ``str`` of ``parse_doc_no``; ``None`` if it is none."""
    if _NORMAL.fullmatch(text):
        return text
    parsed = _read(text)
    return None if parsed is None else str(parsed)


def _read(text: str) -> DocNo | None:
    half = unicodedata.normalize("NFKC", text).replace("〔", "[").replace("〕", "]")
    found = _FORM.match(re.sub(r"\s+", "", half))
    if found is None:
        return None
    return DocNo(found["code"], int(found["year"]), int(found["number"]))
