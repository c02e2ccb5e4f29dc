"""Run an app under uvicorn until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from kit.collector import YOUNG, calm
from kit.config import ServiceSettings
from kit.protocol import BoundedProtocol

_GRACE: Final = 10
"""Seconds that running requests have to end."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_log = structlog.stdlib.get_logger("kit.run")


def run(app: FastAPI, settings: ServiceSettings, *, young: int = YOUNG) -> None:
    """Serve until SIGINT or SIGTERM: open event streams end at once, running requests within 10 s. ``young``: see ``calm``.

    Exits with status 3 when the app cannot start (the reason is in the log), returns otherwise.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,  # the lines of uvicorn go where all others go
        access_log=False,  # would tell query strings, and with them what people look for
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    calm(young)  # what happens before it listens is batches, too: a ledger may be built anew
    server = _Server(config, app, young)
    server.run()
    if not server.started:
        sys.exit(3)


class _Server(uvicorn.Server):
    """Uvicorn that tells the app of its end before it waits for open connections."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, young: int) -> None:
        super().__init__(config)
        self._app = app
        self._young = young

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen; what was made until now lives for ever, so the collector need not look at it again."""
        await super().startup(sockets)
        calm(self._young)
        for listener in [listener for server in self.servers for listener in server.sockets]:
            _log.info("http.listening", port=listener.getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the event streams, then wait for the other requests."""
        self._app.state.stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the signals that end us; an ordered end is a success, so they are not raised again afterwards."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
