"""What a sender is told about each item, over HTTP and NATS alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.intake.domain import Candidate, Outcome, Reason, Refused, Result


@dataclass(slots=True)
class ReasonShown:
    """Why an item was not accepted."""

    code: str
    field: str | None
    detail: str


@dataclass(slots=True)
class WarningShown:
    """What to look at although the item was taken."""

    field: str
    detail: str


@dataclass(slots=True)
class ItemResult:
    """What became of one item of a request."""

    index: int
    source: str | None
    id: str | None
    fact_id: str | None
    result: Result
    reason: ReasonShown | None
    position: int | None
    warnings: list[WarningShown]


@dataclass(slots=True)
class Results:
    """What became of each item, in the order of the request."""

    results: Sequence[ItemResult]

    def to_json(self) -> bytes:
        """Return the answer to a batch."""
        return msgspec.json.encode(self)


CONFLICT = Reason("conflict", "同一来源和编号此前已收录过不同的内容，已隔离待处理", "id")


def of_outcome(index: int, fact: Candidate, outcome: Outcome) -> ItemResult:
    """Tell what became of a valid fact."""
    return ItemResult(
        index=index,
        source=fact.source,
        id=fact.id,
        fact_id=fact.fact_id,
        result=outcome.result,
        reason=_shown(CONFLICT) if outcome.result == "conflict" else None,
        position=outcome.position,
        warnings=[WarningShown(field=warn.field, detail=warn.detail) for warn in fact.warnings],
    )


def of_refusal(index: int, refused: Refused) -> ItemResult:
    """Tell why an item is no fact."""
    return ItemResult(
        index=index,
        source=refused.source,
        id=refused.id,
        fact_id=None,
        result="rejected",
        reason=_shown(refused.reason),
        position=None,
        warnings=[],
    )


def _shown(reason: Reason) -> ReasonShown:
    return ReasonShown(code=reason.code, field=reason.field, detail=reason.detail)
