"""The HTTP face of every service: problem documents, health, metrics, limits."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from fastapi import FastAPI

from kit.config import ServiceSettings
from kit.metrics import Metrics

MAX_BODY: Final = 8 * 1024 * 1024
"""The most bytes of a request body unless a service says otherwise."""

Check = Callable[[], str | None | Awaitable[str | None]]
"""Returns why something is not ready, or None."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Readiness:
    """What must be well for /readyz; parts add themselves as they start."""

    def add(self, name: str, check: Check) -> None:
        """Ask ``check`` at every /readyz; its answer is shown under ``name``."""
        raise NotImplementedError


def create_http(
    title: str,
    *,
    settings: ServiceSettings,
    lifespan: Lifespan,
    readiness: Readiness,
    metrics: Metrics,
    max_body: int = MAX_BODY,
) -> FastAPI:
    """Build an app that answers every fault with an RFC 9457 problem in Chinese, and has /livez, /readyz and /metrics."""
    raise NotImplementedError


def parse_json(body: bytes) -> object:
    """Parse a raw body; raise ``Rejected`` (malformed) for bad JSON, NaN or nesting beyond 200 levels."""
    raise NotImplementedError
