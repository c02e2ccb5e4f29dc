"""The real client before the real service, both killed again and again: what was kept is a fact once, and it adds up."""

import asyncio
import os
import random
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from nats.js import JetStreamContext

from contracts.event import fact_id
from tests.intake.events import SOURCE, raw_issued
from tests.intake.test_killed import Process

pytestmark = [pytest.mark.connected, pytest.mark.chaos]

LINES, KILLS = 3000, 6
ROOT = Path(__file__).parents[2]


async def test_client_and_service_killed_lose_nothing_and_account_for_everything(
    tmp_path: Path,
    dsn: str,
    nats_url: str,
    js: JetStreamContext,
    key_pair: tuple[bytes, Path],
    token: Callable[..., str],
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Process(
        {
            **os.environ,
            "PORT": str(port),
            "NATS_URL": nats_url,
            "DATABASE_URL": dsn,
            "JIANFU_PUBLIC_KEY_FILE": str(key_pair[1]),
            "INTAKE_TELLS_DAYS": "false",
        }
    )
    file, dice = tmp_path / "acts.ndjson", random.Random(7)  # the same moments in every run, as far as machines allow
    good = [raw_issued(f"act-{number}") for number in range(LINES)]
    file.write_bytes(b"\n".join([*good, raw_issued("wrong", type="cn.jianfu.none.v1"), b"{broken"]))

    async def publish(*more: str) -> asyncio.subprocess.Process:
        command = ["publish", "--spool", str(tmp_path / "spool"), "--url", service.url, "--patience", "20", *more]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import sys; from deploy.cli import main; sys.exit(main())",
            *command,
            env={**os.environ, "JIANFU_TOKEN": token()},
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async with httpx.AsyncClient(timeout=30) as client:
        kept = await publish(str(file), "--patience", "0")  # nobody is there
        assert await asyncio.wait_for(kept.wait(), 60) == 75
        for _ in range(KILLS):
            await service.start(client)
            forwarding = await publish(str(file))
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            victims = dice.choice(("service", "client", "both"))
            if victims != "client":
                await service.kill()
            if victims == "service":
                await asyncio.sleep(0.3)  # the client meets the absence
            if forwarding.returncode is None:
                forwarding.kill()
            await asyncio.wait_for(forwarding.wait(), 20)
            await service.kill()
        await service.start(client)
        try:
            last = await publish()
            said = (await asyncio.wait_for(last.communicate(), 120))[0].decode()
            assert last.returncode in {0, 1}, said
            assert f"{SOURCE}：已保存" in said
            answer = await client.get(f"{service.url}/v1/sources", headers={"authorization": f"Bearer {token()}"})
        finally:
            await service.kill()

    (source,) = answer.json()["items"]
    count = source["numbered"]
    names = ("accepted", "duplicate", "conflict", "rejected", "secret")
    assert count["kept"] == sum(count[name] for name in names)
    assert (count["missing"], count["waiting"], count["gaps"]) == (0, 0, [])
    assert (count["conflict"], count["secret"]) == (0, 0)
    assert count["rejected"] >= 1
    messages = [await js.get_msg("FACTS", seq) for seq in range(1, (await js.stream_info("FACTS")).state.last_seq + 1)]
    stored = [str((message.headers or {})["Nats-Msg-Id"]) for message in messages]
    assert len(stored) == LINES
    assert set(stored) == {fact_id(SOURCE, f"act-{number}") for number in range(LINES)}
