"""Gather the proof of one act from the journal."""

from typing import Final

from kit.db import Connection, Pool
from kit.errors import Conflict, NotFound
from services.ledger import queries_audit
from services.ledger.auditing import read_entries
from services.ledger.chain import digest
from services.ledger.proof import PublicKeys, Signed, is_genuine
from services.ledger.proof_file import Step, Stretch, text_of

_UNSIGNED: Final = "这件行为的事实还没有签名检查点覆盖，请稍后再试（台账须配置 JOURNAL_KEY_FILE）"


async def proof_of(pool: Pool, act_id: str, keys: PublicKeys) -> str:
    """Return the proof file of an act: its fact, and what corrected or withdrew it.

    Raises ``NotFound`` for an unknown act and ``Conflict`` where no genuine checkpoint covers one of its facts yet.
    """
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
        facts = await queries_audit.facts_of(db, act_id)
        if not facts:
            raise NotFound("没有这件行为", field="act_id")
        covering: dict[int, Signed] = {}
        for position, _ in facts:
            signed = await queries_audit.covering(db, position)
            if signed is None or not is_genuine(signed, keys):
                raise Conflict(_UNSIGNED, field="act_id")
            covering.setdefault(signed.position, signed)
        stretches = []
        for at, signed in sorted(covering.items()):
            first = min(position for position, _ in facts if at - signed.entries < position <= at)
            stretches.append(await _stretch(db, first, signed))
        return text_of(act_id, facts, stretches, keys)


async def _stretch(db: Connection, first: int, signed: Signed) -> Stretch:
    before, steps = b"", []
    async for entries in read_entries(db, first - 1):
        before = before or entries[0].prev_hash
        steps += [
            Step(one.position, one.algorithm, digest(one.algorithm, one.body))
            for one in entries
            if one.position <= signed.position
        ]
        if entries[-1].position >= signed.position:
            break
    return Stretch(before, steps, signed)
