"""Connections: the pool's schema and types, streams as they should be, a NATS client that does not give up."""

import asyncio
import os
import signal
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import asyncpg
import nkeys
import pytest
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError, ServerError
from pydantic import SecretStr

from kit import nats as kit_nats
from kit import streams
from kit.db import connect_pool, insist
from kit.streams import ALERTS, CLUES, FACTS, ensure_stream
from tests.eventually import eventually
from tests.kit.conftest import Connect, Killable

VALUES = [{"单位": ["乡", 1, 2.5, None, True]}, [], "text", 0, None, {"nested": {"deep": [{"x": "\u0001\n"}]}}]


async def test_a_pool_stands_in_its_schema_and_speaks_json(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute("create schema mine; create table mine.thing (id int, body jsonb)")
    await admin.close()
    pool = await connect_pool(SecretStr(dsn), size=3, schema="mine")
    try:
        for i, value in enumerate(VALUES):
            await pool.execute("insert into thing values ($1, $2)", i, value)
        async with pool.acquire() as db:
            await db.copy_records_to_table("thing", records=[(100 + i, value) for i, value in enumerate(VALUES)])
        rows = await pool.fetch("select body from thing order by id")
        assert [row["body"] for row in rows] == VALUES * 2
        assert await pool.fetchval("select body ->> '单位' from thing where id = 0") == '["乡", 1, 2.5, null, true]'
        assert await pool.fetchval("select current_schema()") == "mine"
        assert await pool.fetchval("show timezone") == "UTC"
    finally:
        await pool.close()


async def test_a_database_that_is_not_there_is_an_error_after_a_while() -> None:
    with pytest.raises(ConnectionRefusedError):
        await connect_pool("postgresql://nobody@127.0.0.1:1/none", size=2, schema="mine", patience=0.1)


async def test_a_database_that_comes_later_is_waited_for() -> None:
    answers = [ConnectionRefusedError(), asyncpg.CannotConnectNowError("recovering"), "a connection"]

    async def connect() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert await insist(connect, patience=10) == "a connection"


async def test_a_refused_login_is_an_error_at_once() -> None:
    async def connect() -> str:
        raise asyncpg.InvalidPasswordError("no")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await insist(connect, patience=10)


class Busy:
    """JetStream of a server that still removes the folder of a stream that was deleted."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.asked = 0

    async def stream_info(self, name: str) -> None:
        raise NotFoundError(description=name)

    async def add_stream(self, _: StreamConfig) -> None:
        self.asked += 1
        if self.asked <= self.refusals:
            raise ServerError(code=500, err_code=10049, description="directory not empty")


async def test_a_stream_comes_back_while_the_server_still_removes_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "_PAUSES", (0.0,) * 3)
    assert await ensure_stream(cast("JetStreamContext", Busy(3)), FACTS) == "created"
    broken = Busy(99)
    with pytest.raises(ServerError):
        await ensure_stream(cast("JetStreamContext", broken), FACTS)
    assert broken.asked == 4


@pytest.mark.parametrize("stream", [FACTS, ALERTS, CLUES], ids=lambda stream: stream.name)
async def test_the_streams_forget_nothing(js: JetStreamContext, stream: StreamConfig) -> None:
    await js.delete_stream("FACTS")
    await js.delete_stream("ALERTS")
    assert await ensure_stream(js, stream) == "created"
    assert await ensure_stream(js, stream) == "same"
    have = (await js.stream_info(stream.name or "")).config
    assert (have.storage, have.retention) == (StorageType.FILE, RetentionPolicy.LIMITS)
    assert (have.max_age, have.max_msgs, have.max_bytes) == (0, -1, -1)
    assert have.deny_delete
    assert have.deny_purge
    assert have.allow_atomic
    assert have.duplicate_window == 120


async def test_a_stream_is_brought_up_to_date_without_losing_what_others_set(js: JetStreamContext) -> None:
    want = StreamConfig(name="OTHER", subjects=["other.>"], max_msg_size=1000, description="by hand")
    await ensure_stream(js, want)
    assert await ensure_stream(js, StreamConfig(name="OTHER", subjects=["other.>", "more.>"])) == "updated ['subjects']"
    have = (await js.stream_info("OTHER")).config
    assert (have.subjects, have.max_msg_size, have.description) == (["other.>", "more.>"], 1000, "by hand")
    with pytest.raises(RuntimeError, match=r"OTHER: \['storage'\] cannot change in place"):
        await ensure_stream(js, StreamConfig(name="OTHER", subjects=["other.>"], storage=StorageType.MEMORY))
    await js.delete_stream("OTHER")


async def test_no_server_is_an_error_after_the_patience(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConnectionError, match=r"no connection to NATS after 0\.3 s"):
        await kit_nats.connect("nats://user:word-of-nats@127.0.0.1:1", name="test", patience=0.3)
    said = capsys.readouterr().out
    assert said.count("nats.trouble") == 1
    assert "word-of-nats" not in said


async def test_a_stranger_s_key_and_a_guessed_password_are_errors_after_the_patience(
    killable: Killable, tmp_path: Path
) -> None:
    seed = tmp_path / "stranger.nk"
    seed.write_bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))
    seed.chmod(0o600)
    address = urlsplit(killable.url)
    stranger = address._replace(query=f"seed_file={seed}").geturl()
    guessed = f"nats://{address.username}:guessed@{address.hostname}:{address.port}"
    tries = (kit_nats.connect(url, name="test", patience=2) for url in (stranger, guessed))
    for refused in await asyncio.gather(*tries, return_exceptions=True):
        assert isinstance(refused, ConnectionError)
        assert "uthorization" in str(refused)


async def test_a_connection_comes_back_and_says_so(
    killable: Killable, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    nc = await connect(killable.url)
    killable.kill()
    await eventually(lambda: nc.is_reconnecting)
    killable.start()
    await eventually(lambda: nc.is_connected)
    await nc.flush()
    said = capsys.readouterr().out
    assert said.index("nats.disconnected") < said.index("nats.reconnected")


async def test_closing_never_fails_whatever_the_state(
    killable: Killable, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    away, there, twice = [await connect(killable.url) for _ in range(3)]
    await kit_nats.close(there)
    await kit_nats.close(twice)
    await kit_nats.close(twice)
    assert "disconnected" not in capsys.readouterr().out
    killable.kill()
    await eventually(lambda: away.is_reconnecting)
    await kit_nats.close(away)
    assert away.is_closed


async def test_a_connection_lost_for_good_ends_the_process_in_order(
    killable: Killable, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
    nc = await connect(killable.url)
    await nc._process_err("'authorization violation'")  # what a server says to a user whose time is over
    await eventually(lambda: killed, [(os.getpid(), signal.SIGTERM)])
    assert nc.is_closed
