"""One act: the facts that made it what it is, each with its place in the journal, and its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.db import Connection
from services.ledger import queries, store
from services.ledger.domain import Act, Ledger, Version, members_of
from services.ledger.projecting import Projector
from services.ledger.queries import Scope, Told


@dataclass(frozen=True, slots=True)
class History:
    """What is told of an act."""

    act_id: str
    type: str
    ledger: Ledger | None
    row: Version | None
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """What the id of an act, or of any fact that made it, means: a row of a ledger, and the facts that make it."""

    ledger: Ledger | None
    entity: str
    facts: list[str]


async def meant_by(db: Connection, projector: Projector, act_id: str) -> Meant:
    """Return what an id means, by all facts that there are; nobody is told of them by this."""
    gathered = await projector.gather(db, (), {act_id}, store.LAST)
    ledger, entity, members = _find(projector, gathered.acts, act_id)
    facts = [fact for act in members for fact in (act.original.fact_id, *act.amendments)] if members else [act_id]
    return Meant(ledger, entity, facts)


async def history_of(db: Connection, meant: Meant, scope: Scope) -> History | None:
    """Return an act as far as the caller may see it; facts of other jurisdictions than the caller's are left out."""
    ledger, entity = meant.ledger, meant.entity
    told = await queries.told(db, scope, meant.facts)
    if not told:
        return None
    position = next((one.position for one in told if one.fact_id == entity), store.NOWHERE)
    row = await queries.row(db, ledger, scope, entity, position) if ledger else None
    maker = min(told, key=lambda one: (one.fact_id != entity, one.time, one.position))
    return History(entity, maker.type, ledger, row, tuple(told))


def _find(projector: Projector, acts: Sequence[Act], act_id: str) -> tuple[Ledger | None, str, list[Act]]:
    """Return the ledger, the entity and the acts that an id means: of an entity first, else of the fact's act."""
    named = [act for act in acts if act_id == act.original.fact_id or act_id in act.amendments]
    for target in projector.targets:
        entities = members_of(target.ledger, acts)
        homes = [entity for entity, members in entities.items() if any(one.act in named for one in members)]
        for entity in (act_id, *sorted(homes)):
            if entity in entities:
                return target.ledger, entity, [one.act for one in entities[entity]]
    return None, named[0].original.fact_id if named else act_id, named
