"""证明台账: every demand for a certificate."""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from contracts.certificates import CertificateDemanded
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger


class Certificate(NamedTuple):
    """What the ledger shows of one demand."""

    item: Annotated[str, Title("证明事项", searched=True)]
    issuer_unit: Annotated[str | None, Title("要求出具单位")]
    issuer_kind: Annotated[str | None, Title("出具单位类型")]
    matter: Annotated[str | None, Title("办理事项", searched=True)]
    basis: Annotated[str | None, Title("设定依据")]
    shareable: Annotated[bool | None, Title("可共享核验")]


def _entity(fact: Fact) -> str:
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    fact = facts[0]
    event = fact.event
    if not isinstance(event, CertificateDemanded):
        return None
    cells = Certificate(event.item, event.issuer_unit, event.issuer_kind, event.matter, event.basis, event.shareable)
    return Row(fact.jurisdiction, fact.unit, fact.day, "cert", cells)


LEDGER: Final = Ledger(
    name="certificates",
    title="证明台账",
    rank=5,
    families={"cert": "索要证明"},
    events=(CertificateDemanded,),
    columns=columns_of(Certificate),
    entity=_entity,
    fold=_fold,
)
