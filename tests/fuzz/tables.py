"""Hostile ledger files: bombs, entities, formulas, wrong encodings, marks of secrecy, and broken golden files."""

import functools
import io
import itertools
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.fuzz.facts import secret_text
from tests.fuzz.inputs import LEAK, Ask, Fate, Maker
from tests.intake import ledgers

FORM: Final = {"kind": "documents", "jurisdiction": "990101", "unit": "990101.fuzz", "year": "2026"}
HEADER: Final = ["文号", "标题", "成文日期", "份数"]
SHEET: Final = "xl/worksheets/sheet1.xml"
STRINGS: Final = "xl/sharedStrings.xml"
_numbers: Final = itertools.count(1)


def multipart(
    content: bytes, name: str | bytes = "a.xlsx", /, **fields: str | bytes
) -> tuple[dict[str, str | bytes], bytes]:
    """Return the headers and body of a form; nothing in it is escaped."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), _bytes(value))
        for key, value in {**FORM, **fields}.items()
    ]
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n--x--\r\n' % (
        _bytes(name),
        content,
    )
    return {"content-type": "multipart/form-data; boundary=x"}, b"".join(parts) + file


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def upload(
    kind: str, content: bytes, fate: Fate = "refused", name: str | bytes = "a.xlsx", /, **fields: str | bytes
) -> Ask:
    headers, body = multipart(content, name, **fields)
    return Ask(kind, "intake", "/v1/imports", body, headers, fate, role="operator")


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@functools.cache
def _golden() -> Sequence[bytes]:
    found = [ledgers.xls([HEADER, ["青办发[2026]1号", "甲", "2026-01-02", 3.0]], merged=(0, 0, 0, 1))]
    for path in sorted((Path(ledgers.__file__).parent / "golden").glob("*.toml")):
        case = tomllib.loads(path.read_text("utf-8"))
        found.append(ledgers.csv(case["csv"], case["encoding"]) if "csv" in case else ledgers.xlsx(case["sheets"]))
    return found


def golden() -> Sequence[bytes]:
    """Return the golden files, and one of the old binary form."""
    return _golden()


def book(*rows: Sequence[Any], **sheet: Any) -> bytes:
    return ledgers.xlsx([{"name": "a", "rows": [HEADER, *rows], **sheet}])


def row(heading: str) -> list[Any]:
    return ["", f"{heading}{next(_numbers)}", "2026-01-02", 3]


@functools.cache
def _bombs() -> Sequence[bytes]:
    parts = unzipped(book(row("甲")))
    xml = parts[SHEET]
    deep = b"<row>" * 100_000
    many = b'<row r="9"><c r="A9" t="s"><v>0</v></c></row>'
    laughs = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10) for number in range(1, 12)
    )
    return (
        zipped({**parts, SHEET: b"0" * 80_000_000}),
        zipped({**parts, **{f"xl/worksheets/sheet{number}.xml": xml for number in range(2, 1500)}}),
        zipped({**parts, **{f"p{number}": b"" for number in range(3000)}}),
        zipped(
            {
                **parts,
                SHEET: xml.replace(
                    b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                ),
            }
        ),
        zipped({**parts, SHEET: xml.replace(b"</sheetData>", deep + b"</sheetData>")}),
        zipped({**parts, SHEET: xml.replace(b"</sheetData>", many * 200_000 + b"</sheetData>")}),
        zipped({**parts, SHEET: laughs + b"]>" + xml.replace(b"</sheetData>", b"&a11;</sheetData>")}),
        zipped({**parts, STRINGS: b"<sst><si><t>" + b"x" * 50_000_000 + b"</t></si></sst>"}),
        ledgers.csv([["标题"] * 300] * 50, "utf-8"),
        b"\n" * 500_000,
        b",".join([b"a"] * 400_000),
        b'"' + b"a" * 2_000_000,
    )


def bomb(random: Random) -> Ask:
    """Bring what takes memory or time; where nobody looks at it, the row beside it may be taken."""
    return upload("file bomb", random.choice(_bombs()), "either")


def entity(random: Random) -> Ask:
    """Bring entities that name files, or a bomb where nobody looks: the row may be taken, with nothing of theirs in it."""
    parts = unzipped(book(row("甲")))
    if random.random() < 0.1:
        return upload("file entity", zipped({**parts, "inner.zip": zipped({"a": b"0" * 5_000_000})}), "either")
    target = random.choice((SHEET, STRINGS, "xl/workbook.xml", "[Content_Types].xml"))
    doctype = random.choice((
        b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>', b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE x [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>',
    ))  # fmt: skip
    if target in parts:
        parts[target] = doctype + parts[target].replace("甲".encode(), b"&x;")
    return upload("file entity", zipped(parts), "either")


def broken(random: Random) -> Ask:
    content = bytearray(random.choice(golden()))
    for _ in range(random.choice((1, 3, 20))):
        at = random.randrange(len(content) + 1) % (len(content) or 1)
        length = random.randrange(1, 60)
        choice = random.randrange(4)
        if choice == 0:
            content[at : at + 1] = bytes([random.randrange(256)])
        elif choice == 1:
            del content[at : at + length]
        elif choice == 2:
            content[at:at] = bytes(random.randrange(256) for _ in range(length))
        else:
            del content[max(8, at) :]
    kind = random.choice(("documents", "meetings"))
    return upload("file broken", bytes(content), "either", kind=kind)


FORMULAS: Final = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "\t=1",
    "＝1+1",
    "＋1",
    "＠x",
)


def cells(random: Random) -> Ask:
    """Bring cells of every wrong kind; what is a valid row is taken."""
    values = (
        *FORMULAS, "x" * 40_000, " " * 30_000 + "x", "万" * 30_000, "通知(" * 9000, "2026-02-30", "二〇二六年一月二日", "\u202e甲",
        1e308, -1, 0.5, True, 2**60, "45000", "99999999", "1e999", "NaN", "一百", "2026-01-02至", "12月", "<b>", "\u200b",
    )  # fmt: skip
    rows: list[list[Any]] = [[random.choice(values) for _ in HEADER] for _ in range(random.randrange(1, 20))]
    rows += [
        row(random.choice(FORMULAS)),
        ["", f"{random.choice(FORMULAS[2:])}{next(_numbers)}", "2026-01-02", random.choice(values)],
    ]
    merge = ["A2:B9", "C1:C40", "A1:XFD1", "A5:D5000"][: random.randrange(5)]
    if random.random() < 0.5:
        text = [
            [str(value).replace(",", " ").replace("\n", " ").replace('"', "") for value in one]
            for one in [HEADER, *rows]
        ]
        return upload("file cells", ledgers.csv(text, random.choice(("utf-8", "gb18030", "utf-16"))), "either", "a.csv")
    return upload("file cells", book(*rows, merge=merge), "either")


def encoding(random: Random) -> Ask:
    text = ",".join(HEADER) + f"\r\n,{row('甲')[1]},2026-01-02,1\r\n"
    content = random.choice((
        text.encode(random.choice(("utf-8", "gbk", "gb18030", "utf-16", "utf-8-sig"))), text.encode("utf-32"),
        text.encode("utf-16-le"), text.encode() + b"\0", text.encode("gbk")[:-1] + b"\xff\xff", b"\xff\xfe" + b"\0" * 999,
        text.encode().replace(b",", b"\0,"), b"", b" ", bytes(range(256)), b"<html><table>", b"%PDF-1.7", b"{\\rtf1", b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 3000,
    ))  # fmt: skip
    return upload("file encoding", content, "either", "a.csv")


def secret(random: Random) -> Ask:
    """Hide a mark in a name, a title, a header, a cell or the file's name; nothing of that row or file may stay."""
    mark = secret_text(random)
    bad = ["", mark, "2026-01-02", 3]
    choice = random.randrange(6)
    if choice == 0:
        return upload("file secret", book(bad), "refused")
    if choice == 1:
        return upload(
            "file secret",
            ledgers.xlsx([{"name": "a", "rows": [[mark], HEADER, ["", LEAK, "2026-01-02", 1]]}]),
            "refused",
        )
    if choice == 2:
        rows = [[*HEADER, "密级"], ["", LEAK, "2026-01-02", 1, random.choice(("机密", "内部机要", "秘 密"))]]
        return upload("file secret", ledgers.xlsx([{"name": "a", "rows": rows}]), "refused")
    if choice == 3:
        return upload("file secret", book(["", LEAK, "2026-01-02", 1]), "refused", f"{mark}.xlsx".replace("\t", " "))
    if choice == 4:
        text = [[str(value).replace(",", " ") for value in one] for one in (HEADER, bad)]
        return upload(
            "file secret", ledgers.csv(text, random.choice(("utf-8", "gb18030", "utf-16"))), "refused", "a.csv"
        )
    return upload("file secret", ledgers.xlsx([{"name": "★" + LEAK[:8], "rows": [HEADER, row(LEAK)]}]), "refused")


def form(random: Random) -> Ask:
    name = random.choice((*FORM, "file"))
    values = (
        "",
        "\0",
        "x" * 3000,
        "密",
        b"\xff",
        "-1",
        "99999999999999999999",
        "true",
        "../..",
        "00",
        "990101\r\nx: y",
    )
    headers, body = multipart(book(row("甲")), **({} if name == "file" else {name: random.choice(values)}))
    choice = random.randrange(6)
    if choice == 0:
        body = body[: random.randrange(len(body))]
    elif choice == 1:
        body = body.replace(
            b'name="' + name.encode() + b'"', random.choice((b'name=""', b"name", b'name="\xff"', b'name="a"; x="'))
        )
    elif choice == 2:
        headers = {
            "content-type": random.choice(
                ("multipart/form-data", "multipart/form-data; boundary=" + "y" * 300, "text/csv")
            )
        }
    elif choice == 3:
        body = b"--x\r\n" * random.choice((10, 100_000)) + body
    elif choice == 4:
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 3000 + body
    return Ask("file form", "intake", "/v1/imports", body, headers, "either", role="operator")


MAKERS: Final[Mapping[Maker, int]] = {bomb: 4, entity: 10, broken: 34, cells: 14, encoding: 14, secret: 14, form: 10}
