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
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        events = json.loads(sent) if self.path == "/v1/events" else [{"id": sent.decode()}]
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


async def send(intake: Intake, given: list[bytes], said: list[str] | None = None) -> Summary:
    said = [] if said is None else said
    return await publish(given, intake.target, progress=lambda _: None, say=said.append)


async def test_every_line_is_accounted_for_by_its_number(intake: Intake) -> None:
    summary = await send(intake, [*lines("a"), b"\n", b"{broken\n", *lines("bad", "b")])
    assert dict(summary.counts) == {"accepted": 2, "unreadable": 1, "rejected": 1}
    assert summary.faults == ["第 3 行：不是一行 JSON", "第 4 行：未收录。data.title：应为文字"]
    assert not summary.clean


async def test_order_is_kept_over_batches(intake: Intake) -> None:
    ids = [str(number) for number in range(publishing.BATCH_EVENTS * 2 + 1)]
    summary = await send(intake, lines(*ids))
    assert [len(batch) for batch in intake.batches] == [publishing.BATCH_EVENTS, publishing.BATCH_EVENTS, 1]
    assert [event["id"] for batch in intake.batches for event in batch] == ids
    assert summary.clean


async def test_an_intake_that_is_busy_is_asked_again(intake: Intake) -> None:
    intake.answers = [(503, {}), (429, {"detail": "忙"})]
    said: list[str] = []
    assert dict((await send(intake, lines("a"), said)).counts) == {"accepted": 1}
    assert said == [
        "收录服务暂时没有收下（HTTP 503 ），0.25 秒后重试。",
        "收录服务暂时没有收下（HTTP 429 忙），0.5 秒后重试。",
    ]


async def test_a_refused_request_is_not_repeated(intake: Intake) -> None:
    intake.answers = [(403, {"detail": "没有权限"})]
    with pytest.raises(Unusable, match=r"第 1 至 1 行：HTTP 403 没有权限"):
        await send(intake, lines("a"))
    assert intake.batches == []


async def test_an_intake_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "TRIES", 2)
    with pytest.raises(Unusable, match="ConnectError"):
        await publish(lines("a"), Target("http://127.0.0.1:1", ""), progress=lambda _: None, say=lambda _: None)


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


def test_an_import_prints_how_the_file_was_understood_and_what_was_not(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JIANFU_TOKEN", "given")
    file = tmp_path / "台账.csv"
    file.write_text("序号，文件名称\n", "utf-8")
    error = {"sheet": "发文", "row": 4, "field": "成文日期", "code": "invalid", "detail": "读不出日期"}
    sheet = {"sheet": "发文", "first_row": 2, "columns": {"文件名称": "title"}, "unused": ["备注"]}
    counts = {"rows": 3, "accepted": 2, "duplicate": 0, "conflict": 0, "rejected": 0, "secret": 0, "skipped": 1}
    intake.answers = [(200, {**counts, "dry_run": False, "sheets": [sheet], "notices": [], "errors": [error]})]
    line = f"import {file} --kind documents --jurisdiction 990101 --unit qh --year 2025 --url {intake.target.url}"
    assert cli.main(line.split()) == 1
    out = capsys.readouterr().out
    assert "数据行 3，已收录 2" in out
    assert "文件名称 → title" in out
    assert "没有用到的列：备注" in out
    assert "发文 第 4 行：成文日期：读不出日期" in out
    intake.answers = [(422, {"detail": "不是台账文件"})]
    assert cli.main(line.split()) == 2
    assert "不是台账文件" in capsys.readouterr().err
