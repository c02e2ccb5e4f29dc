"""发文台账: one row is a document that the unit issued."""

import re
from datetime import date
from typing import Final, get_args

from contracts.doc_no import parse_doc_no
from contracts.documents import Genre
from contracts.event import Json
from services.intake.imports.drafts import Draft, Incomplete, midnight, stated, units
from services.intake.imports.rows import Row

_PLAIN: Final = (
    "heading", "signed_on", "printed_on", "printed_by", "issuer_name", "matter", "urgency", "carrier", "doc_class",
    "copies", "pages", "attachments", "plan_item", "approval_ref",
)  # fmt: skip
_ENDING: Final = re.compile(rf"的?({'|'.join(get_args(Genre))})(?:[\((（\[【].*[\))）\]】])?$")
_COUNTED_BY: Final = "台账填报"
"""The count method of a ledger's 字数: whoever keeps it counted somehow."""
_LONGEST_RAW: Final = 100
_LONGEST_HEADING: Final = 500


def translate(row: Row) -> Draft:
    """Return the document of a row; raise ``Incomplete`` when it bears no date."""
    dated = next((on for name in ("dated", "signed_on", "printed_on") if isinstance(on := row.get(name), date)), None)
    if dated is None:
        raise Incomplete("dated", "缺少成文日期(或签发、印发日期)")
    heading, typed = str(row.get("heading")), row.get("doc_no")
    number = parse_doc_no(typed) if isinstance(typed, str) else None
    data = stated({name: row.get(name) for name in _PLAIN})
    data |= stated({
        "dated": dated,
        "doc_no": str(number) if number else typed,
        "doc_no_raw": str(typed)[:_LONGEST_RAW] if number and str(number) != typed else None,
        "genre": row.get("genre") or _genre(heading),
        "addressees": units(row.get("addressees")),
        "copied_to": units(row.get("copied_to")),
        "implements": [_basis(text) for text in _list(row.get("implements"))],
        "char_count": row.get("char_count"),
        "count_method": None if row.get("char_count") is None else _COUNTED_BY,
    })  # fmt: skip
    identity = ("doc_no", str(number)) if number else ("heading", heading, str(typed or ""), dated.isoformat())
    return Draft(identity, midnight(dated), data)


def _genre(heading: str) -> str | None:
    """Return the 文种 that a title ends with."""
    found = _ENDING.search(heading) if len(heading) <= _LONGEST_HEADING else None
    return found[1] if found else None


def _basis(text: str) -> Json:
    number = parse_doc_no(text)
    return {"doc_no": str(number)} if number else {"title": text.strip("《》")}


def _list(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
