"""The whole way with each hash: a log of thousands, alerts' entries among them, proved, exported, damaged and made anew."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import asyncpg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nats.aio.client import Client

from contracts.event import fact_id
from deploy import verify_proof
from kit.errors import Conflict
from services.ledger import exporting
from services.ledger.auditing import verify
from services.ledger.restoring import restore_journal, restore_stream
from tests import factories as f
from tests.ledger.alerts_log import AlertsLog, make
from tests.ledger.log import mend, save, tamper
from tests.ledger.test_notary import KEY, PUBLIC
from tests.ledger.world import World

pytestmark = pytest.mark.connected
FILLING = [f.wire(f.issued(id=f"filling-{n}") if n % 3 else f.convened(id=f"filling-{n}")) for n in range(2500)]


@pytest_asyncio.fixture(loop_scope="session", params=["sha256", "sm3"])
async def log(
    dsn: str,
    pool_for: Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]],
    nc: Client,
    request: pytest.FixtureRequest,
) -> AsyncIterator[AlertsLog]:
    """Give a log of thousands in both copies, under each hash."""
    from kit.db import connect_pool

    async with await connect_pool(dsn, size=4, schema="ledger", name="ledger-test") as pool:
        world = World(pool)
        yield await make(world, await pool_for("monitor"), nc, algorithm=request.param, filling=FILLING)


async def test_either_copy_is_made_anew_from_the_other_and_the_alerts_still_agree(log: AlertsLog):
    pool, js, random = log.world.pool, log.nc.jetstream(), Random(7)
    algorithm = log.algorithm
    digests, counts = await log.world.digests(), await log.world.counts()
    await save(pool)
    bad = sorted(random.sample(range(1, len(log.facts) - 1), 40))
    await tamper(
        pool,
        f"update journal set body = 'x' where position = any(array{bad[:20]})",
        f"delete from journal where position = any(array{bad[20:]})",
        "delete from signed_checkpoint",
    )
    with pytest.raises(Conflict, match=f"位置 {bad[0]}，"):
        await restore_stream(log.nc, pool, PUBLIC, replace=True)
    done = await restore_journal(pool, js, PUBLIC, algorithm=algorithm)
    assert (done.entries, done.checkpoints) == (len(log.facts), 3)
    assert (await log.world.digests(), await log.world.counts()) == (digests, counts)
    assert (await log.verify()).fault is None
    for lost in ({random.randrange(2500): b"{}"}, dict.fromkeys(range(2000, len(log.facts)))):
        bodies = [lost.get(at, body) for at, body in enumerate(log.facts)]
        await log.restream("FACTS", [body for body in bodies if body is not None])
        assert (await verify(pool, js, PUBLIC)).fault is not None
        with pytest.raises(Conflict):
            await restore_journal(pool, js, PUBLIC, algorithm=algorithm)
        done = await restore_stream(log.nc, pool, PUBLIC, replace=True)
        assert (done.entries, done.checkpoints) == (len(log.facts), 3)
        assert (await log.verify()).fault is None
    await mend(pool)
    assert (await log.verify()).fault is None


async def test_a_proof_verifies_with_nothing_of_ours_in_reach(log: AlertsLog, tmp_path: Path):
    entry = next(event for event in map(json.loads, log.facts) if event["type"] == "cn.jianfu.alert.recorded.v1")
    key = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "journal.pub").write_bytes(key)
    shutil.copy(verify_proof.__file__, tmp_path)

    def check() -> tuple[int, str]:
        line = [sys.executable, "-I", "verify_proof.py", "proof", "journal.pub"]
        watch = "import sys; sys.addaudithook(lambda what, with_: what.startswith('socket.') and sys.exit('network'))"
        (tmp_path / "alone.py").write_text(
            f"{watch}\nimport runpy\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"
            "ours = {'contracts', 'kit', 'services', 'deploy'} & {name.split('.')[0] for name in sys.modules}\n"
            "sys.exit(f'{ours} of ours' if ours else 0)\n"
        )
        line[2:2] = ["alone.py"]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    for act in (fact_id(entry["source"], entry["id"]), f.fact_of(f.convened(id="filling-0"))):
        text = await exporting.proof_of(log.world.pool, act, PUBLIC)
        (tmp_path / "proof").write_text(text)
        status, said = check()
        assert (status, said.splitlines()[-1]) == (0, "成立")
        (tmp_path / "proof").write_text(text.replace(log.algorithm, "sha256 ", 1))
        assert check()[0] == 1
