"""Every fault is a problem document in Chinese, and nothing that a client sends brings a service down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import asyncpg
import httpx
import pytest
from fastapi import Depends, FastAPI, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from kit.auth import public
from kit.config import ServiceSettings
from kit.errors import TITLES, Conflict, Forbidden, NotFound, Overloaded, Rejected, TooLarge, Unauthorized
from kit.http import Readiness, create_http
from kit.metrics import Metrics

SECRET = "张三的证明"


class Draft(BaseModel):
    """What the test's route takes."""

    title: str = Field(min_length=2)
    pages: int = Field(ge=1)
    kind: Literal["通知", "意见"]
    at: AwareDatetime


RAISES: dict[str, Callable[[], Exception]] = {
    "rejected": lambda: Rejected("页数应为正整数", field="pages"),
    "own-code": lambda: Rejected("涉密内容不予接收", code="secret_mark"),
    "unauthorized": lambda: Unauthorized("凭证无效"),
    "forbidden": lambda: Forbidden("不在管辖范围"),
    "not-found": lambda: NotFound("没有这份文件"),
    "conflict": lambda: Conflict("内容不同"),
    "large": lambda: TooLarge("过大"),
    "busy": lambda: Overloaded("稍后再试", retry_after=7),
    "bug": lambda: ValueError(SECRET),
    "group": lambda: ExceptionGroup(SECRET, [KeyError(SECRET)]),
    "database-away": lambda: asyncpg.ConnectionDoesNotExistError(SECRET),
    "refused": lambda: ConnectionRefusedError(SECRET),
}


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(settings: ServiceSettings, readiness: Readiness, metrics: Metrics) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_http(
        "test",
        settings=settings,
        lifespan=lifespan,
        readiness=readiness,
        metrics=metrics,
        max_body={"": 1000, "/v1/imports": 5000},
    )

    @app.get("/v1/raise/{what}", dependencies=[Depends(public)])
    async def fail(what: str) -> None:
        error = RAISES[what]()
        raise error

    @app.post("/v1/drafts", dependencies=[Depends(public)])
    async def draft(draft: Draft, limit: Annotated[int, Query(le=10)] = 1) -> dict[str, str | int]:
        return {"title": draft.title, "limit": limit}

    @app.post("/v1/raw", dependencies=[Depends(public)])
    @app.post("/v1/imports/raw", dependencies=[Depends(public)])
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/v1/unread", dependencies=[Depends(public)])
    async def unread() -> int:
        return 0

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check what every problem document has, and return it."""
    document: dict[str, Any] = answer.json()
    assert answer.status_code == document["status"] == status, document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"urn:jianfu:problem:{code}"
    assert document["code"] == code
    assert any("\u4e00" <= character <= "\u9fff" for character in document["title"])
    assert any("\u4e00" <= character <= "\u9fff" for character in document["detail"])
    assert SECRET not in answer.text
    return document


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("rejected", 422, "rejected"),
        ("own-code", 422, "secret_mark"),
        ("unauthorized", 401, "unauthorized"),
        ("forbidden", 403, "forbidden"),
        ("not-found", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("large", 413, "too_large"),
        ("busy", 429, "overloaded"),
        ("bug", 500, "internal"),
        ("group", 500, "internal"),
        ("database-away", 503, "unavailable"),
        ("refused", 503, "unavailable"),
    ],
)
async def test_what_a_route_raises_becomes_a_problem(
    client: httpx.AsyncClient, what: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/raise/{what}")
    document = problem(answer, status, code)
    assert document.get("field") == ("pages" if what == "rejected" else None)
    expected = {"unauthorized": ("www-authenticate", "Bearer"), "busy": ("retry-after", "7")}
    if what in expected:
        name, value = expected[what]
        assert answer.headers[name] == value
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0


async def test_an_unknown_address_and_a_wrong_method_are_problems(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nowhere"), 404, "not_found")
    answer = await client.delete("/v1/drafts")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


GOOD = {"title": "通知", "pages": 2, "kind": "通知", "at": "2026-01-31T09:00:00+08:00"}


async def test_a_good_request_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/drafts", json=GOOD)
    assert (answer.status_code, answer.json()) == (200, {"title": "通知", "limit": 1})


@pytest.mark.parametrize(
    ("change", "field", "detail"),
    [
        ({"title": "一"}, "title", "至少 2 个字符"),
        ({"title": 5}, "title", "应为文字"),
        ({"pages": 0}, "pages", "应不小于 1"),
        ({"pages": SECRET}, "pages", "应为整数"),
        ({"kind": SECRET}, "kind", "只能是 '通知' 或 '意见'"),
        ({"at": "2026-01-31T09:00:00"}, "at", "时间应带时区，如 +08:00"),
        ({"at": None}, "at", "应为时间，如 2026-01-31T09:00:00+08:00"),
    ],
)
async def test_a_wrong_field_is_named_in_chinese_and_not_repeated(
    client: httpx.AsyncClient, change: dict[str, object], field: str, detail: str
) -> None:
    document = problem(await client.post("/v1/drafts", json=GOOD | change), 422, "invalid")
    assert (document["field"], document["detail"]) == (field, f"{field}：{detail}")
    assert [fault["field"] for fault in document["errors"]] == [field]


async def test_all_wrong_fields_are_listed(client: httpx.AsyncClient) -> None:
    document = problem(await client.post("/v1/drafts?limit=99", json={}), 422, "invalid")
    faults = {(fault["field"], fault["detail"]) for fault in document["errors"]}
    missing = {(field, "缺少此字段") for field in GOOD}
    assert faults == missing | {("limit", "应不大于 10")}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 900, b""])
async def test_a_body_that_is_no_json_is_a_problem(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/drafts", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    problem(answer, answer.status_code, answer.json()["code"])


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 100


@pytest.mark.parametrize(("path", "limit"), [("/v1/raw", 1000), ("/v1/imports/raw", 5000)])
async def test_a_body_over_the_limit_is_refused_declared_or_not(
    client: httpx.AsyncClient, path: str, limit: int
) -> None:
    assert (await client.post(path, content=b"x" * limit)).json() == limit
    assert (await client.post(path, content=pieces(limit // 100))).json() == limit
    for content in (b"x" * (limit + 1), pieces(limit // 100 + 1)):
        answer = await client.post(path, content=content)
        assert str(limit) in problem(answer, 413, "too_large")["detail"]
        assert answer.headers["connection"] == "close"


async def test_a_body_that_lies_about_its_length_is_cut(app: FastAPI) -> None:
    """The server below us would not let this pass; we do not rely on it."""
    answers: list[dict[str, Any]] = []
    parts = iter([{"type": "http.request", "body": b"x" * 600, "more_body": True}] * 3)

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/raw",
        "query_string": b"",
        "headers": [(b"content-length", b"5")],
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 413
    assert len(list(parts)) == 1


@pytest.mark.parametrize("declared", ["9" * 5000, "²", "-1", "", "1e3", "0x10"])
async def test_a_strange_declared_length_does_no_harm(client: httpx.AsyncClient, declared: str) -> None:
    headers = {b"content-length": declared.encode("latin-1")}
    answer = await client.request("POST", "/v1/raw", content=b"x" * 10, headers=headers)
    assert answer.status_code in {200, 413}


async def test_a_body_that_never_ends_is_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.edge.SLOWEST_BODY", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        problem(await client.post("/v1/raw", content=never()), 408, "timeout")


async def test_live_and_ready(client: httpx.AsyncClient, readiness: Readiness) -> None:
    assert (await client.get("/livez")).json() == {"live": True}
    assert (await client.get("/readyz")).json() == {"ready": True, "checks": {}}
    troubles: list[str | None] = [None]

    async def later() -> str | None:
        return troubles[0]

    readiness.add("facts", lambda: None)
    readiness.add("outbox", later)
    assert (await client.get("/readyz")).json() == {"ready": True, "checks": {"facts": "ok", "outbox": "ok"}}
    troubles[0] = "not connected"
    document = problem(await client.get("/readyz"), 503, "unavailable")
    assert document["checks"] == {"facts": "ok", "outbox": "not connected"}


async def test_a_check_that_fails_or_hangs_is_not_ready(
    client: httpx.AsyncClient, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.http._CHECK", 0.05)

    async def hang() -> str | None:
        await asyncio.Event().wait()
        return None

    async def fail() -> str | None:
        raise asyncpg.UndefinedTableError(SECRET)

    readiness.add("hangs", hang)
    readiness.add("fails", fail)
    checks = problem(await client.get("/readyz"), 503, "unavailable")["checks"]
    assert checks == {"hangs": "TimeoutError", "fails": "UndefinedTableError 42P01"}


async def test_metrics_count_by_route_and_never_by_what_clients_invent(client: httpx.AsyncClient) -> None:
    await client.get("/v1/raise/not-found?q=张三")
    for word in ("one", "two", "three"):
        await client.get(f"/invented/{word}")
        await client.request(word.upper(), "/livez")
    page = (await client.get("/metrics")).text
    line = 'jianfu_http_request_seconds_count{method="GET",route="/v1/raise/{what}",status="4xx"} 1.0'
    assert line in page
    assert 'jianfu_http_request_seconds_count{method="GET",route="other",status="4xx"} 3.0' in page
    assert 'jianfu_http_request_seconds_count{method="other",route="/livez",status="4xx"} 3.0' in page
    assert "invented" not in page
    assert "张三" not in page


async def test_the_description_is_published_and_loads_nothing_from_outside(client: httpx.AsyncClient) -> None:
    assert "/v1/drafts" in (await client.get("/openapi.json")).json()["paths"]
    for page in ("/docs", "/redoc"):
        problem(await client.get(page), 404, "not_found")


def test_every_code_has_a_chinese_title() -> None:
    for code, title in TITLES.items():
        assert any("\u4e00" <= character <= "\u9fff" for character in title), code
