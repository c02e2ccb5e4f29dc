"""Handing events to intake: every line accounted for, over an intake that has bad days."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy import cli, publishing
from deploy.embedded.errors import Unusable
from deploy.publishing import Summary, publish
from deploy.target import Target


class Intake(ThreadingHTTPServer):
    """A stand-in for intake: answers each request with the next of ``answers``, else as intake does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.batches: list[list[dict[str, Any]]] = []

    @property
    def target(self) -> Target:
        return Target(f"http://127.0.0.1:{self.server_address[1]}", "token")


class Handler(BaseHTTPRequestHandler):
    server: Intake

    def do_POST(self) -> None:
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.answers:
            status, body = self.server.answers.pop(0)
        else:
            self.server.batches.append(events)
            status, body = 200, {"results": [judged(index, event) for index, event in enumerate(events)]}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


def judged(index: int, event: dict[str, Any]) -> dict[str, Any]:
    if event["id"] == "bad":
        reason = {"code": "invalid", "field": "data.title", "detail": "应为文字"}
        return {"index": index, "id": event["id"], "result": "rejected", "reason": reason}
    return {"index": index, "id": event["id"], "result": "accepted", "reason": None}


@pytest.fixture
def intake() -> Iterator[Intake]:
    with Intake() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def lines(*ids: str) -> list[bytes]:
    return [json.dumps({"id": one}).encode() + b"\n" for one in ids]


async def send(intake: Intake, given: list[bytes]) -> Summary:
    return await publish(given, intake.target, progress=lambda _: None)


async def test_every_line_is_accounted_for_by_its_number(intake: Intake) -> None:
    summary = await send(intake, [*lines("a"), b"\n", b"{broken\n", *lines("bad", "b")])
    assert dict(summary.counts) == {"accepted": 2, "unreadable": 1, "rejected": 1}
    assert summary.faults == ["第 3 行:不是一行 JSON", "第 4 行:未收录。data.title:应为文字"]
    assert not summary.clean


async def test_order_is_kept_over_batches(intake: Intake) -> None:
    ids = [str(number) for number in range(publishing.BATCH_EVENTS * 2 + 1)]
    summary = await send(intake, lines(*ids))
    assert [len(batch) for batch in intake.batches] == [publishing.BATCH_EVENTS, publishing.BATCH_EVENTS, 1]
    assert [event["id"] for batch in intake.batches for event in batch] == ids
    assert summary.clean


async def test_an_intake_that_is_busy_is_asked_again(intake: Intake) -> None:
    intake.answers = [(503, {}), (429, {"detail": "忙"})]
    assert dict((await send(intake, lines("a"))).counts) == {"accepted": 1}


async def test_a_refused_request_is_not_repeated(intake: Intake) -> None:
    intake.answers = [(403, {"detail": "没有权限"})]
    with pytest.raises(Unusable, match=r"第 1 至 1 行:HTTP 403 没有权限"):
        await send(intake, lines("a"))
    assert intake.batches == []


async def test_an_intake_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "TRIES", 2)
    with pytest.raises(Unusable, match="ConnectError"):
        await publish(lines("a"), Target("http://127.0.0.1:1", ""), progress=lambda _: None)


def test_the_command_prints_a_result_and_its_exit_code_tells(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JIANFU_TOKEN", "given")
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(lines("a", "b")))
    assert cli.main(["publish", str(file), "--url", intake.target.url]) == 0
    assert capsys.readouterr().out == "已收录 2 行\n"
    file.write_bytes(b"".join(lines("bad")))
    assert cli.main(["publish", str(file), "--url", intake.target.url]) == 1
    assert cli.main(["publish", str(tmp_path / "none"), "--url", intake.target.url]) == 2
