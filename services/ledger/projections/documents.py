"""发文台账: every document that an office issued."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple

from contracts.documents import DocumentIssued, DocumentRevoked
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger

_NORMAL: Final = re.compile(r"^(?P<code>[\u4e00-\u9fffA-Za-z]{1,12})〔(?P<year>(?:19|20)\d{2})〕(?P<number>\d{1,5})号$")
"""A 发文字号 as the contract writes every one that it can read."""


class Document(NamedTuple):
    """What the ledger shows of one document."""

    heading: Annotated[str, Title("标题", searched=True)]
    doc_no: Annotated[str | None, Title("发文字号", searched=True)]
    doc_no_code: Annotated[str | None, Title("发文机关代字")]
    doc_no_year: Annotated[int | None, Title("字号年份")]
    doc_no_number: Annotated[int | None, Title("发文顺序号")]
    issuer_name: Annotated[str | None, Title("发文机关")]
    issuer_rank: Annotated[str | None, Title("发文主体")]
    genre: Annotated[str | None, Title("文种")]
    form: Annotated[str | None, Title("内容形式")]
    carrier: Annotated[str | None, Title("载体")]
    doc_class: Annotated[str | None, Title("文件类别")]
    direction: Annotated[str | None, Title("行文方向")]
    matter: Annotated[str | None, Title("事项")]
    printed_on: Annotated[date | None, Title("印发日期")]
    char_count: Annotated[int | None, Title("正文字数")]
    pages: Annotated[int | None, Title("页数")]
    addressees: Annotated[int, Title("主送单位数")]
    lowest_level: Annotated[int | None, Title("最低送达层级")]
    implements: Annotated[bool, Title("落实上级文件")]
    approval_ref: Annotated[str | None, Title("审批文号")]
    plan_item: Annotated[str | None, Title("计划项目")]
    revoked_on: Annotated[date | None, Title("废止日期")]


def _entity(fact: Fact) -> str | None:
    """Return the document; a revocation that names it only by 发文字号 belongs to no row."""
    if isinstance(fact.event, DocumentRevoked):
        return fact.event.document.fact(fact.source) if fact.event.document else None
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    issued: tuple[Fact, DocumentIssued] | None = None
    revoked_on: date | None = None
    for fact in facts:
        if isinstance(fact.event, DocumentIssued):
            issued = (fact, fact.event)
        elif isinstance(fact.event, DocumentRevoked):
            revoked_on = fact.event.revoked_on if revoked_on is None else min(revoked_on, fact.event.revoked_on)
    return None if issued is None else _row(*issued, revoked_on)


def _row(fact: Fact, event: DocumentIssued, revoked_on: date | None) -> Row:
    number = _NORMAL.match(event.doc_no) if event.doc_no else None
    levels = [one.level for one in event.addressees if one.level is not None]
    cells = Document(
        heading=event.heading,
        doc_no=event.doc_no,
        doc_no_code=number["code"] if number else None,
        doc_no_year=int(number["year"]) if number else None,
        doc_no_number=int(number["number"]) if number else None,
        issuer_name=event.issuer_name,
        issuer_rank=event.issuer_rank,
        genre=event.genre,
        form=event.form,
        carrier=event.carrier,
        doc_class=event.doc_class,
        direction=event.direction,
        matter=event.matter,
        printed_on=event.printed_on,
        char_count=event.char_count,
        pages=event.pages,
        addressees=len(event.addressees),
        lowest_level=max(levels) if levels else None,
        implements=bool(event.implements),
        approval_ref=event.approval_ref,
        plan_item=event.plan_item,
        revoked_on=revoked_on,
    )
    return Row(fact.jurisdiction, fact.unit, event.dated, "doc", cells)


LEDGER: Final = Ledger(
    name="documents",
    title="发文台账",
    rank=1,
    families={"doc": "发文"},
    events=(DocumentIssued, DocumentRevoked),
    columns=columns_of(Document),
    entity=_entity,
    fold=_fold,
)
