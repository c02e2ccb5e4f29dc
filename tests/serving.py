"""An application served on this machine from within the test's own process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from tests.eventually import eventually

GRACE = 15
"""Seconds that open requests have to end: a browser or client that a failed test left behind never hangs up."""


@asynccontextmanager
async def served(app: FastAPI, protocol: type[asyncio.Protocol] | str = "auto") -> AsyncIterator[str]:
    """Serve an application on a free port while the block lasts; give its base address."""
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,
        lifespan="on",
        http=protocol,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started or serving.done())
        assert server.started, "the application did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        if hasattr(app.state, "stopping"):  # ours know that they end, and end their event streams
            app.state.stopping.set()
        server.should_exit = True
        await serving
