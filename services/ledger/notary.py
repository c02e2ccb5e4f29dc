"""Sign the head of the journal's chain every so many facts or seconds, in the journal's schema and in the stream."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kit import clock
from kit.db import Pool
from kit.failures import describe, is_outage
from kit.outbox import Outbox, enqueue
from services.ledger import store, store_proof
from services.ledger.chain import GENESIS
from services.ledger.proof import Signed, message, sign

STREAM: Final = "FACTS"
_PATIENCE: Final = 10.0
"""Seconds that one signature may take; a stopping ledger waits no longer for its last."""

_log = structlog.stdlib.get_logger("ledger.notary")


async def sign_head(pool: Pool, key: Ed25519PrivateKey) -> Signed | None:
    """Sign the head of the chain and put the fact of it into the outbox; ``None``: nothing new to prove."""
    async with pool.acquire() as db, db.transaction():
        head = await store.lock_checkpoint(db, GENESIS)
        last = await store_proof.last_signed(db)
        before = last.position if last else 0
        if not await store_proof.has_news(db, before):
            return None
        algorithm = await store_proof.algorithm_at(db, head.position)
        signed = sign(key, position=head.position, hash_=head.hash, algorithm=algorithm, entries=head.position - before)
        await store_proof.add_signed(db, [signed])
        await enqueue(db, STREAM, [message(signed, clock.now())])
    return signed


@dataclass
class Notary:
    """Signs while a ledger runs."""

    pool: Pool
    key: Ed25519PrivateKey
    outbox: Outbox
    facts: int
    """Facts after which it signs without waiting longer."""
    seconds: float
    """Seconds after which it signs whatever is new."""
    _fresh: int = 0
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    def recorded(self, facts: int) -> None:
        """Take note of facts that were recorded."""
        self._fresh += facts
        if self._fresh >= self.facts:
            self._due.set()

    async def run(self) -> None:
        """Sign until cancelled; outages are waited out."""
        while True:
            await self._until_due()
            await self.sign()

    async def sign(self) -> None:
        """Sign what is new; an outage is logged and left to the next time."""
        try:
            async with asyncio.timeout(_PATIENCE):
                signed = await sign_head(self.pool, self.key)
            if signed is not None:
                self.outbox.wake()
        except Exception as error:
            if not is_outage(error):
                raise
            _log.warning("notary.trouble", error=describe(error))

    async def _until_due(self) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                await self._due.wait()
        except TimeoutError:
            pass
        self._due.clear()
        self._fresh = 0
