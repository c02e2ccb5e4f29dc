"""Build ledgers again from the journal beside the live ones, prove both equal, and switch.

The live service goes on meanwhile. Only the last step keeps it waiting: the rest of the journal, the digests and the
switch are one transaction that holds the checkpoint, so both sides are compared at the same position.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import SecretStr

from kit.collector import calm
from kit.db import Connection, Pool, connect_pool
from kit.errors import Conflict, NotFound
from services.ledger import store, store_builds
from services.ledger.chain import GENESIS
from services.ledger.domain import Ledger
from services.ledger.projecting import Projector
from services.ledger.projections import load_ledgers

_BATCH: Final = 2000
_CLOSE: Final = 5000
"""How near to the live position a build must be before it asks the live service to wait."""
_SHOWN: Final = 20

_log = structlog.stdlib.get_logger("ledger.rebuild")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of building one ledger."""

    ledger: str
    title: str
    position: int
    facts: int
    live_digest: str
    digest: str
    differing: tuple[str, ...]
    """Entities whose rows differ."""
    differing_counts: int
    switched: bool
    seconds: float

    @property
    def equal(self) -> bool:
        """Whether the build equals the live ledger, rows, history and counts."""
        return self.live_digest == self.digest and not self.differing_counts


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a rebuild."""

    ledgers: tuple[Rebuilt, ...]

    @property
    def equal(self) -> bool:
        """Whether every build equals its live ledger."""
        return all(one.equal for one in self.ledgers)


async def rebuild(
    database_url: SecretStr | str,
    ledger: str | None = None,
    *,
    accept: bool = False,
    ledgers: Sequence[Ledger] | None = None,
) -> Report:
    """Rebuild one ledger, or all; one that differs is switched in only if ``accept``.

    Raises ``NotFound`` for an unknown ledger and ``Conflict`` while another process builds the same one.
    """
    ledgers = load_ledgers() if ledgers is None else ledgers
    wanted = [one for one in ledgers if ledger in (None, one.name)]
    if not wanted:
        raise NotFound("没有这个台账", field="ledger")
    async with await connect_pool(
        database_url, size=2, schema="ledger", name="ledger-rebuild", patience=0, scans=True
    ) as pool:
        return Report(tuple([await build(pool, one, accept=accept) for one in wanted]))


async def build_missing(pool: Pool, ledgers: Sequence[Ledger]) -> None:
    """Fill the ledgers that do not hold what the journal holds: new ones, and those an older version did not know."""
    async with pool.acquire() as db:
        missing = await store_builds.incomplete(db, ledgers)
    for ledger in missing:
        built = await build(pool, ledger, accept=True)
        _log.info("ledger.built", ledger=built.ledger, position=built.position, facts=built.facts)


async def build(pool: Pool, ledger: Ledger, *, accept: bool) -> Rebuilt:
    """Build one ledger beside its live table and switch when both are equal, or if ``accept``."""
    async with pool.acquire() as db:
        if not await store_builds.lock_build(db, ledger):
            raise Conflict("该台账正在由另一个进程重建，请稍后再试", field="ledger")
        try:
            return await _build(db, ledger, accept=accept)
        finally:
            await store_builds.unlock_build(db, ledger)


async def _build(db: Connection, ledger: Ledger, *, accept: bool) -> Rebuilt:
    begun = time.monotonic()
    target = store_builds.beside(ledger)
    projector = Projector.to([target])
    async with db.transaction():
        await store_builds.stage(db, target)
    position = facts = 0
    while (live := await store.position(db)) - position > _CLOSE:
        facts += await _project(db, projector, position, live)
        position = live
    async with db.transaction():
        head = await store.lock_checkpoint(db, GENESIS)
        facts += await _project(db, projector, position, head.position)
        live_digest = await store_builds.digest(db, ledger)
        digest = await store_builds.digest(db, ledger, target.table)
        differing = [] if live_digest == digest else await store_builds.differing(db, target)
        counts = await store_builds.counts_differ(db, target)
        switched = accept or (live_digest == digest and not counts)
        await (store_builds.switch if switched else store_builds.discard)(db, target)
    return Rebuilt(
        ledger=ledger.name,
        title=ledger.title,
        position=head.position,
        facts=facts,
        live_digest=live_digest,
        digest=digest,
        differing=tuple(differing),
        differing_counts=counts,
        switched=switched,
        seconds=time.monotonic() - begun,
    )


async def _project(db: Connection, projector: Projector, after: int, upto: int) -> int:
    """Project what the journal holds between two positions, batch by batch, each its own transaction unless in one."""
    facts = 0
    while bodies := await store.read_journal(db, after, upto, projector.types, _BATCH):
        first, last = bodies[0][0], bodies[-1][0]
        placed = projector.read(bodies)
        async with db.transaction():
            known = await projector.known(db, (key for one in placed for key in one.reading.keys), first)
            await projector.project(db, placed, known=known, upto=last)
        facts += len(placed)
        after = last
    return facts


async def main(database_url: SecretStr | str, ledger: str | None = None, *, accept: bool = False) -> int:
    """Rebuild and tell a person what came of it; 1 when a ledger differs and was not accepted."""
    calm()
    report = await rebuild(database_url, ledger, accept=accept)
    for one in report.ledgers:
        sys.stdout.write(_told(one))
    return 0 if all(one.switched for one in report.ledgers) else 1


def _told(one: Rebuilt) -> str:
    head = f"{one.title}：重放 {one.facts} 条事实，截至位置 {one.position}，用时 {one.seconds:.1f} 秒。"
    if one.equal:
        return f"{head}与现有台账一致（摘要 {one.digest[:16]}），已切换。\n"
    shown = "、".join(one.differing[:_SHOWN]) + ("……" if len(one.differing) > _SHOWN else "")
    tail = "已按 --accept 切换。" if one.switched else "未切换；确认后加 --accept 再次运行。"
    return (
        f"{head}与现有台账不一致：{len(one.differing)} 项不同（{shown}），{one.differing_counts} 个计数不同。{tail}\n"
    )
