"""The composition root of the console."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from kit.auth import Keys
from kit.clock import now
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.problems import RESPONSES as PROBLEMS
from services.console import live
from services.console.backend import Backend, Service
from services.console.config import Settings
from services.console.faults import answer_faults
from services.console.headers import GuardHeaders
from services.console.pages import (
    alerts,
    backtests,
    clues,
    compare,
    coverage,
    ledgers,
    login,
    overview,
    precheck,
    reconcile,
    rules,
    shadow,
)
from services.console.rendering import STATIC, Renderer
from services.console.state import State
from services.console.ticket import Tickets
from services.console.units import Units
from services.console.worker import Worker

CONNECT_SECONDS = 2.0
LIMITS = httpx.Limits(max_connections=100, keepalive_expiry=2.0)
"""Connections are given up before the services do it (5 s): else a request may meet one that is being closed."""
_PAGE: Final = {"text/html": {"schema": {"type": "string"}}}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "303": {"description": "See another page"},
    **{status: {**one, "content": {**one["content"], **_PAGE}} for status, one in PROBLEMS.items()},
}
"""What every page may answer: refusals are pages too."""


def create_app(settings: Settings, *, transports: dict[Service, httpx.AsyncBaseTransport] | None = None) -> FastAPI:
    """Build the console; ``transports`` replace the network on the way to the services (tests)."""
    urls = {
        Service.INTAKE: settings.intake_url,
        Service.LEDGER: settings.ledger_url,
        Service.MONITOR: settings.monitor_url,
        Service.NOTIFY: settings.notify_url,
    }
    through = transports or {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        wait = httpx.Timeout(settings.answer_seconds, connect=CONNECT_SECONDS)
        async with AsyncExitStack() as stack:
            clients = {
                service: await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=url, timeout=wait, limits=LIMITS, transport=through.get(service), trust_env=False
                    )
                )
                for service, url in urls.items()
            }
            backend, worker = Backend(clients, now=now), Worker()
            stack.callback(worker.close)
            keys: Keys = app.state.trust.keys
            app.state.console = State(
                keys=keys,
                tickets=Tickets(keys, now=now),
                backend=backend,
                renderer=Renderer(now=now),
                units=Units(backend, now=now),
                worker=worker,
            )
            yield

    app = create_http("console", settings=settings, lifespan=lifespan, readiness=Readiness(), metrics=Metrics())
    for part in (
        *(overview, ledgers, alerts, clues, compare, precheck, reconcile),
        *(backtests, coverage, shadow, rules, login, live),
    ):
        app.include_router(part.router, default_response_class=HTMLResponse, responses=RESPONSES)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    answer_faults(app)
    app.add_middleware(GuardHeaders)
    return app
