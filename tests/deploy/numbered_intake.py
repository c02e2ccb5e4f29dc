"""A stand-in for intake that accounts for numbers as the real one does, and has bad days when asked to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deploy.target import Target


class Intake(ThreadingHTTPServer):
    """Answers each request with the next of ``answers``, else as intake does; remembers events and numbers."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.order: list[tuple[str, str]] = []
        self.numbers: dict[tuple[str, str], dict[int, str]] = {}
        self.kept: dict[tuple[str, str], int] = {}

    @property
    def target(self) -> Target:
        return Target(f"http://127.0.0.1:{self.server_address[1]}", "token")

    def take(self, events: list[dict[str, Any]], headers: dict[str, str]) -> list[dict[str, Any]]:
        results = [self._judge(event) | {"index": index} for index, event in enumerate(events)]
        numbering = headers["jianfu-spool"], headers["jianfu-source"]
        assert {event["source"] for event in events} == {numbering[1]}
        first = int(headers["jianfu-first"])
        for number, result in enumerate(results, first):
            self.numbers.setdefault(numbering, {}).setdefault(number, str(result["result"]))
        self.kept[numbering] = max(self.kept.get(numbering, 0), int(headers["jianfu-kept"]))
        return results

    def _judge(self, event: dict[str, Any]) -> dict[str, Any]:
        key = event["source"], event["id"]
        if "bad" in event["id"]:
            reason = {"code": event.get("code", "invalid"), "field": "data", "detail": "应为文字"}
            return {"id": event["id"], "result": "rejected", "reason": reason}
        if key not in self.events:
            self.events[key] = event
            self.order.append(key)
            return {"id": event["id"], "result": "accepted", "reason": None}
        same = self.events[key] == event
        return {"id": event["id"], "result": "duplicate" if same else "conflict", "reason": None}


class Handler(BaseHTTPRequestHandler):
    server: Intake
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 200:
            given = {name.lower(): value for name, value in self.headers.items()}
            body: dict[str, Any] = {"results": self.server.take(json.loads(sent), given)}
        else:
            body = {"detail": "忙"}
        answer = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[Intake]:
    with Intake(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
