"""The HTTP face of every service: problem documents, health, metrics, limits."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import iter_route_contexts

from kit.auth import public
from kit.config import ServiceSettings
from kit.edge import Edge
from kit.failures import describe
from kit.load import Load
from kit.metrics import Metrics
from kit.problems import RESPONSES, answer_faults, problem
from kit.trust import Trust

MAX_BODY: Final = 8 * 1024 * 1024
"""The most bytes of a request body unless a service says otherwise."""
_CHECK: Final = 3.0
"""Seconds that one check of /readyz may take."""

Check = Callable[[], str | Awaitable[str | None] | None]
"""Returns why something is not ready, or None."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Readiness:
    """What must be well for /readyz; parts add themselves as they start."""

    def __init__(self) -> None:
        """Begin without checks: ready as soon as the app has started."""
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask ``check`` at every /readyz; its answer is shown under ``name``."""
        self._checks[name] = check

    async def troubles(self) -> dict[str, str | None]:
        """Return the answer of every check; one that fails or takes longer than 3 s counts as trouble."""
        answers = await asyncio.gather(*(_ask(check) for check in self._checks.values()))
        return dict(zip(self._checks, answers, strict=True))


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_CHECK):
            answer = check()
            return await answer if inspect.isawaitable(answer) else answer
    except Exception as error:  # noqa: BLE001  whatever it is, it is not ready
        return describe(error)


def create_http(
    title: str,
    *,
    settings: ServiceSettings,
    lifespan: Lifespan,
    readiness: Readiness,
    metrics: Metrics,
    max_body: int | Mapping[str, int] = MAX_BODY,
) -> FastAPI:
    """Build an app that answers every fault with an RFC 9457 problem in Chinese, and has /livez, /readyz and /metrics.

    ``max_body`` limits request bodies in bytes: one number, or one for each path prefix with "" for all others; beyond
    ``settings.most_bytes`` of all bodies in progress senders are told to wait (429). The keys that tokens are checked
    with are in ``app.state.trust``; ``app.state.stopping`` is an event that is set when the service begins to end (event
    streams are closed for their routes, they need not look).
    """
    app = FastAPI(
        title=title,
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=RESPONSES,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # would tell query strings; the edge does it
    )
    app.state.trust = Trust.load(settings.public_key_file, settings.oidc_file)
    app.state.stopping = asyncio.Event()
    answer_faults(app)
    _add_health(app, readiness, metrics)
    limits = {"": MAX_BODY, **max_body} if isinstance(max_body, Mapping) else {"": max_body}
    load = Load(metrics, most_bytes=settings.most_bytes)
    app.add_middleware(
        Edge, metrics=metrics, routes=_Routes(app), max_body=limits, load=load, stopping=app.state.stopping
    )
    return app


class _Routes:
    """The paths of an app's routes, read when the first request builds the middleware and all of them are there."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __iter__(self) -> Iterator[str]:
        for context in iter_route_contexts(self._app.routes):
            yield getattr(context.original_route, "path", "")


def _add_health(app: FastAPI, readiness: Readiness, metrics: Metrics) -> None:
    declared = [Depends(public)]

    @app.get("/livez", dependencies=declared, tags=["health"])
    async def livez() -> dict[str, bool]:
        """Tell that the process answers."""
        return {"live": True}

    @app.get("/readyz", dependencies=declared, tags=["health"])
    async def readyz() -> Response:
        """Tell whether everything that this service does makes progress."""
        checks = await readiness.troubles()
        shown = {name: trouble or "ok" for name, trouble in checks.items()}
        if any(checks.values()):
            return problem(503, "部分组件没有正常工作", checks=shown)
        return JSONResponse({"ready": True, "checks": shown})

    @app.get("/metrics", dependencies=declared, tags=["health"], response_class=PlainTextResponse)
    async def scrape() -> Response:
        """Answer Prometheus."""
        return Response(metrics.page(), media_type=metrics.content_type)
