"""Derive the demo's real documents once from the collected data: ``python -m deploy.demo.derive FOLDER``.

FOLDER holds ``real_documents.jsonl`` (metadata, one document per line), ``documents/index.csv`` with ``<n>.txt``
(texts) and ``divisions.csv`` (区划代码); their provenance is told in ``data/README.md``. Written is
``data/real_documents.ndjson``: the units, then the documents, as CloudEvents. Nothing is guessed: what a row or a text
does not decide is left out.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from contracts.documents import Basis, DocumentIssued, DocumentRevoked, Section, Sketch
from contracts.event import Json
from contracts.lexicons import METHOD, read_phrases, read_sections
from contracts.phrases import Phrase
from contracts.reference import UnitRegistered
from contracts.text import COUNT_METHOD, SKETCH_METHOD, count_characters, sketch
from deploy.demo import DATA
from deploy.demo.events import cloud_event, moment
from deploy.demo.issuers import Issuer, Places, read_issuer
from deploy.demo.reading import body_of, form_of, genre_of, is_statute, no_matching, requires_matching, revoked_by

TARGET: Final = DATA / "real_documents.ndjson"
CONGRESS: Final = "人民代表大会"
NORMATIVE: Final = re.compile("规(?:范)?〔")
"""How the 机关代字 of 规范性文件 ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document that is taken over, with its issuer and, where there is one, its text."""

    fields: Mapping[str, Any]
    issuer: Issuer
    dated: date
    text: str | None


def taken(rows: Iterable[Mapping[str, Any]], places: Places, texts: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows that are documents issued by an office on a known day and at a known place.

    Left out: regulations of people's congresses (no 公文 of an office), rows without 成文日期 (a day of publication is
    not it), issuers whose place cannot be told from their name.
    """
    for row in rows:
        issuer = None if CONGRESS in row["issuer"] else read_issuer(row["issuer"], places)
        if issuer is not None and row["issued_on"]:
            yield Row(row, issuer, date.fromisoformat(row["issued_on"]), texts.get(row["title"]))


def document(row: Row) -> Json:
    """Return the document as an event."""
    fields, text = row.fields, row.text
    number = fields["doc_no"]
    body = body_of(text, (fields["issuer"], row.issuer.name)) if text else None
    event = DocumentIssued(
        heading=fields["title"],
        doc_no=number,
        dated=row.dated,
        issuer_name=fields["issuer"],
        issuer_rank=row.issuer.rank,
        co_issuers=tuple(row.issuer.with_units),
        genre=genre_of(fields["kind"], fields["title"]),
        form=None if fields["kind"] == "令" else form_of(fields["title"]),
        doc_class="规范性" if fields["kind"] == "令" or NORMATIVE.search(number or "") else None,
        char_count=count_characters(body) if body else None,
        count_method=COUNT_METHOD if body else None,
        sketch=Sketch(method=SKETCH_METHOD, values=sketch(body)) if body else None,
        implements=tuple(_bases(fields["implements"])),
        has_contact_name=True if fields["has_contact"] else None,
        has_contact_phone=True if fields["has_contact"] else None,
        no_matching=no_matching(text) if text else None,
        requires_matching=requires_matching(text) if text else None,
        phrases=_phrases(body, fields["title"]) if body else None,
        sections=_sections(body) if body else None,
    )
    known = max(row.dated, date.fromisoformat(fields["published_on"] or fields["issued_on"]))
    return cloud_event(
        event,
        source=source_of(fields),
        id_=number or f"{fields['title'][:100]} {row.dated}",
        time=moment(row.dated, 9),
        recorded=moment(known, 18),
        place=row.issuer.place,
        unit=row.issuer.unit,
    )


def _phrases(body: str, heading: str) -> tuple[Phrase, ...]:
    found = read_phrases(body, heading)
    return tuple(
        Phrase.model_validate({"lexicon": one.lexicon, "count": len(one.sentences), "method": METHOD}) for one in found
    )


def _sections(body: str) -> tuple[Section, ...]:
    found = read_sections(body)
    return tuple(Section.model_validate({"kind": kind, "char_count": count_characters(text)}) for kind, text in found)


def revocation(row: Row) -> Json | None:
    """Return the fact that the document revokes another, where its text says so."""
    found = revoked_by(row.text, row.dated) if row.text else None
    if found is None:
        return None
    number, day = found
    return cloud_event(
        DocumentRevoked(doc_no=number, revoked_on=day),
        source=source_of(row.fields),
        id_=f"revokes {number}",
        time=moment(day, 0),
        recorded=moment(max(day, row.dated), 18),
        place=row.issuer.place,
        unit=row.issuer.unit,
    )


def units(rows: Sequence[Row], places: Places) -> Iterator[Json]:
    """Yield the registration of every issuer and its superiors, from the day of the earliest document known here."""
    first: dict[str, tuple[Issuer, date]] = {}
    for row in rows:
        for unit in (row.issuer, *row.issuer.above(places)):
            known = first.get(unit.unit)
            first[unit.unit] = (unit, min(row.dated, known[1]) if known else row.dated)
    for _, (unit, day) in sorted(first.items()):
        event = UnitRegistered(
            unit=unit.unit,
            name=unit.name,
            kind=unit.kind,
            level=unit.level,
            place=unit.place,
            superior=unit.superior,
            valid_from=day,
        )
        at = moment(day, 0)
        yield cloud_event(
            event, source="/real/units", id_=unit.unit, time=at, recorded=at, place=unit.place, unit=unit.unit
        )


def source_of(fields: Mapping[str, Any]) -> str:
    """Return the CloudEvents source of a row: where its metadata come from."""
    return "/real/" + str(fields["source_repo"]).replace(" ", "-")


def _bases(names: Iterable[str]) -> Iterator[Basis]:
    for name in names:
        title = name.removeprefix("《").removesuffix("》")
        if title == name:
            yield Basis(doc_no=name)
        elif not is_statute(title):
            yield Basis(title=title)


def main(arguments: Sequence[str]) -> int:
    """Write the file from the folder named on the command line."""
    folder = Path(arguments[0])
    with (folder / "divisions.csv").open(encoding="utf-8", newline="") as file:
        places = Places((line["code"], line["name"]) for line in csv.DictReader(file))
    with (folder / "documents" / "index.csv").open(encoding="utf-8", newline="") as file:
        texts = {
            line["title"]: (folder / "documents" / f"{line['n']}.txt").read_text("utf-8")
            for line in csv.DictReader(file)
        }
    lines = (folder / "real_documents.jsonl").read_text("utf-8").splitlines()
    rows = list(taken((json.loads(line) for line in lines), places, texts))
    rows.sort(key=lambda row: (row.dated, row.fields["doc_no"] or "", row.fields["title"]))
    events = [*units(rows, places), *(document(row) for row in rows)]
    events.extend(event for row in rows if (event := revocation(row)) is not None)
    TARGET.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), "utf-8")
    print(f"{len(rows)} documents of {len(lines)} rows, {len(events) - len(rows)} other facts -> {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
