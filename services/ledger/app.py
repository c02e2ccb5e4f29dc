"""The ledger's composition root: the only file that knows every part."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fastapi import FastAPI

from kit import telemetry
from kit.cursor import Delivery
from kit.db import connect_pool
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.nats import close, connect
from kit.outbox import Outbox
from kit.progress import Progress
from kit.reader import follow
from kit.scoped import connect_readers
from kit.signing import load_private_key
from kit.tasks import background
from services.ledger.config import Settings
from services.ledger.domain import Ledger
from services.ledger.http import Parts, router
from services.ledger.notary import Notary
from services.ledger.projections import load_ledgers
from services.ledger.rebuild import build_missing
from services.ledger.recording import Recorder

SCHEMA: Final = "ledger"
STREAM: Final = "FACTS"
_EXPORTS: Final = 2
"""Workbooks that are written at a time."""


def create_app(settings: Settings, ledgers: Sequence[Ledger] | None = None) -> FastAPI:
    """Build the ledger; nothing connects before the application starts. ``ledgers`` are those of the folder."""
    ledgers = load_ledgers() if ledgers is None else ledgers
    key = None if settings.journal_key_file is None else load_private_key(settings.journal_key_file)
    readiness, metrics = Readiness(), Metrics()
    facts = metrics.counter("ledger_facts", "Facts applied.")
    lag = metrics.gauge("ledger_lag", "Facts that wait to be applied.")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(
                await connect_pool(settings.database_url, size=settings.database_connections, schema=SCHEMA)
            )
            readers = await connect_readers(settings.database_url, size=settings.database_connections, schema=SCHEMA)
            stack.push_async_callback(readers.close)
            nc = await connect(settings.nats_url, name=SCHEMA)
            stack.push_async_callback(close, nc)
            await build_missing(pool, ledgers)
            recorder, progress = Recorder.of(pool, ledgers, settings.algorithm), Progress()
            app.state.parts = Parts(
                pool,
                readers,
                recorder,
                {one.name: one for one in ledgers},
                asyncio.Semaphore(_EXPORTS),
                settings.export_rows,
            )

            notary = None
            if key is not None:
                outbox = Outbox(pool, nc, schema=SCHEMA)
                notary = Notary(pool, key, outbox, settings.checkpoint_facts, settings.checkpoint_seconds)
                readiness.add("outbox", outbox.trouble)
                await stack.enter_async_context(background(outbox.run(), name="ledger.outbox"))
                await stack.enter_async_context(background(notary.run(), name="ledger.notary"))
                stack.push_async_callback(
                    notary.sign
                )  # when nothing more is read: a stopped system leaves no open tail

            async def handle(deliveries: Sequence[Delivery]) -> None:
                with telemetry.batch_span("ledger.record", (delivery.headers for delivery in deliveries)):
                    await recorder.record(deliveries)
                facts.add(len(deliveries))
                if notary is not None:
                    notary.recorded(len(deliveries))
                lag.set(progress.lag)

            reading = follow(
                nc.jetstream(),
                STREAM,
                checkpoint=recorder.checkpoint,
                ahead=recorder.ahead,
                handle=handle,
                batch=settings.batch,
                wait=settings.wait,
                progress=progress,
            )
            readiness.add("facts", progress.trouble)
            await stack.enter_async_context(background(reading, name="ledger.facts"))
            yield

    app = create_http("台账", settings=settings, lifespan=lifespan, readiness=readiness, metrics=metrics)
    app.include_router(router)
    return app
