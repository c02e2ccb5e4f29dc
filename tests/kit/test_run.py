"""A service as a process: its log lines, its traces, and its end."""

import asyncio
import contextlib
import gzip
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.eventually import PATIENCE

PROGRAM = """
import asyncio, contextlib, gc, logging
import asyncpg, structlog
from fastapi import Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from kit import telemetry
from kit.auth import public
from kit.config import ServiceSettings
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.run import run

settings = ServiceSettings()
telemetry.start("sample", settings)
log = structlog.stdlib.get_logger("sample")

@contextlib.asynccontextmanager
async def lifespan(app):
    log.info("sample.started", password="word", api_token="word")
    logging.getLogger("library").warning("by the library", extra={"n": 1})
    yield
    log.info("sample.ended")

app = create_http("sample", settings=settings, lifespan=lifespan, readiness=Readiness(), metrics=Metrics())

@app.get("/events", response_class=EventSourceResponse, dependencies=[Depends(public)])
async def events():
    yield ServerSentEvent(raw_data="first", id="1")
    await asyncio.Event().wait()

@app.get("/slow", dependencies=[Depends(public)])
async def slow():
    log.info("sample.slow")
    await app.state.stopping.wait()
    return {"frozen": gc.get_freeze_count() > 1000}

@app.get("/fail", dependencies=[Depends(public)])
async def fail(q: str):
    raise asyncpg.PostgresError.new({"C": "23505", "M": q, "D": q})

@app.get("/batch", dependencies=[Depends(public)])
async def batch():
    carriers = [telemetry.inject({"n": str(n)}) for n in range(3)] * 200
    carriers.append({"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    carriers.append({"traceparent": "rubbish"})
    with telemetry.span("outer"), telemetry.batch_span("fold", carriers, messages=len(carriers)):
        log.info("sample.folded")
        return {"traceparent": telemetry.traceparent()}

run(app, settings)
"""


class Service:
    """The running program and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.raw = ""

    async def said(self, event: str) -> dict[str, Any]:
        """Read on until a line with ``event`` comes."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                text = (await self.process.stdout.readline()).decode()
                assert text, self.raw
                self.raw += text
                self.lines.append(json.loads(text))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]

    async def end(self) -> float:
        """Ask it to end; return how long that took."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.process.wait(), PATIENCE)
        took = loop.time() - begun
        assert self.process.stdout is not None
        for line in (await self.process.stdout.read()).decode().splitlines():
            self.raw += line
            self.lines.append(json.loads(line))
        return took


@contextlib.asynccontextmanager
async def service(public_key: Path, **more: str) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    environment = {
        **os.environ,
        "NATS_URL": "nats://127.0.0.1:1",
        "DATABASE_URL": "postgresql://127.0.0.1:1/x",
        "JIANFU_PUBLIC_KEY_FILE": str(public_key),
        "PORT": "0",
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        running = Service(process)
        port = (await running.said("http.listening"))["port"]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield running, client
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait_for(process.wait(), 20)


@pytest.fixture
def key(private_key: tuple[bytes, Path]) -> Path:
    return private_key[1]


async def test_every_line_is_json_without_secrets_or_queries(key: Path) -> None:
    async with service(key) as (running, client):
        answer = await client.get("/fail", params={"q": "张三的证明"})
        assert answer.status_code == 500
        failed = await running.said("http.failed")
        assert failed["trace_id"] == answer.json()["trace_id"]
        assert failed["exception"] == "UniqueViolationError 23505"
        assert any("in fail" in frame or frame.endswith(" fail") for frame in failed["frames"])
        await running.end()
        by_event = {line["event"]: line for line in running.lines}
        started = by_event["sample.started"]
        assert (started["password"], started["api_token"], started["service"]) == ("***", "***", "sample")
        assert (started["level"], started["logger"]) == ("info", "sample")
        assert by_event["by the library"]["n"] == 1
        assert by_event["sample.ended"]["timestamp"] > started["timestamp"]
        assert "张三" not in running.raw
        assert "\\u5f20" not in running.raw
        assert "GET /" not in running.raw
        assert "Traceback" not in running.raw


async def test_open_event_streams_do_not_hold_up_the_end_and_are_ended_well(key: Path) -> None:
    async with service(key) as (running, client), client.stream("GET", "/events") as stream:
        received = stream.aiter_text()
        assert "first" in await anext(received)
        ended = asyncio.create_task(running.end())
        assert [piece async for piece in received] == []  # a stream that was cut would raise here
        assert await ended < 9  # open requests have ten seconds
        assert running.process.returncode == 0
        assert {line["level"] for line in running.lines} <= {"info", "warning"}


async def test_running_requests_are_finished_first(key: Path) -> None:
    async with service(key) as (running, client):
        slow = asyncio.create_task(client.get("/slow"))
        await running.said("sample.slow")
        await running.end()
        assert (await slow).json() == {"frozen": True}
        assert running.process.returncode == 0
        assert running.lines[-1]["event"] != "sample.started"


async def test_a_service_that_cannot_start_says_why_and_fails(key: Path) -> None:
    program = PROGRAM.replace(
        '    log.info("sample.started"', '    raise ConnectionError("no stream")\n    log.info("x"'
    )
    environment = {**os.environ, "NATS_URL": "x", "DATABASE_URL": "x", "JIANFU_PUBLIC_KEY_FILE": str(key), "PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment, stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 3
    assert "no stream" in output.decode()


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP."""

    spans: list[Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    spans: list[Any] = []
    server = HTTPServer(("127.0.0.1", 0), type("Own", (Collector,), {"spans": spans}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    thread.join()
    server.server_close()


async def test_traces_continue_the_callers_and_batches_link_their_messages(
    key: Path, collector: tuple[str, list[Any]]
) -> None:
    endpoint, spans = collector
    caller = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"
    async with service(key, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (running, client):
        answer = await client.get("/batch", headers={"traceparent": caller})
        folded = await running.said("sample.folded")
        await running.end()
    found = {span.name: span for span in spans}
    server, outer, fold = found["GET /batch"], found["outer"], found["fold"]
    assert server.trace_id.hex() == outer.trace_id.hex() == fold.trace_id.hex() == folded["trace_id"] == "c" * 32
    assert server.parent_span_id.hex() == "d" * 16
    assert outer.parent_span_id == server.span_id
    assert fold.parent_span_id == outer.span_id
    assert answer.json()["traceparent"] == f"00-{'c' * 32}-{fold.span_id.hex()}-01"
    assert {link.span_id.hex() for link in fold.links} == {server.span_id.hex(), "b" * 16}
    assert {attribute.key: attribute.value.int_value for attribute in fold.attributes}["messages"] == 602


async def test_without_a_collector_lines_still_have_trace_ids(key: Path) -> None:
    async with service(key) as (running, client):
        caller = "00-" + "c" * 32 + "-" + "d" * 16 + "-00"
        await client.get("/batch", headers={"traceparent": caller})
        assert (await running.said("sample.folded"))["trace_id"] == "c" * 32
        await client.get("/batch")
        own = await running.said("sample.folded")
        assert len(own["trace_id"]) == 32
        assert own["trace_id"] != "c" * 32
