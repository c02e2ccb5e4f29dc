"""The monitor's composition root: the only file that knows every part."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from fastapi import FastAPI

from contracts.rules import RuleReleased
from contracts.workdays import builtin
from kit import clock, telemetry
from kit.cursor import Delivery
from kit.db import Pool, connect_pool
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.nats import close, connect
from kit.outbox import Outbox, enqueue
from kit.progress import Progress
from kit.reader import follow
from kit.scoped import connect_readers
from kit.tasks import background
from services.monitor import http, http_policy, queries, store
from services.monitor.answers import release_sheet
from services.monitor.apply import STREAM
from services.monitor.backtest import Files
from services.monitor.book import load, shipped
from services.monitor.config import Settings
from services.monitor.facts import book_of, released, statement_of
from services.monitor.release import check_file
from services.monitor.shadow import Shadow
from services.monitor.state import State
from services.monitor.writing import Writer

SCHEMA = "monitor"


def create_app(settings: Settings) -> FastAPI:
    """Build the monitor; nothing connects before the application starts."""
    readiness, metrics = Readiness(), Metrics()
    facts = metrics.counter("monitor_facts", "Facts applied.")
    changes = metrics.counter("monitor_alert_changes", "Alerts raised, amended or retracted.")
    lag = metrics.gauge("monitor_lag", "Facts that wait to be applied.")

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
            rules, packs = shipped()
            state = State(load(rules, packs), builtin())
            book = _signed(settings, book_of(rules, packs))
            app.state.release = release_sheet(book, await _release(pool, book))
            outbox, progress = Outbox(pool, nc, schema=SCHEMA), Progress()
            writer = Writer(pool, state, outbox.wake)

            async def handle(deliveries: Sequence[Delivery]) -> None:
                with telemetry.batch_span("monitor.apply", (delivery.headers for delivery in deliveries)):
                    changed = await writer.apply(deliveries)
                facts.add(len(deliveries))
                changes.add(changed)
                lag.set(progress.lag)

            # one connection more, so that a candidate takes none from the live book, its outbox or its readers
            beside = await stack.enter_async_context(
                await connect_pool(settings.database_url, size=1, schema=SCHEMA, name=f"{SCHEMA}-shadow")
            )
            shadow = Shadow(
                beside, Files(rules, packs), statement_of(book), builtin(), lagging=lambda: progress.lag > 0
            )
            reading = follow(
                nc.jetstream(),
                STREAM,
                checkpoint=writer.checkpoint,
                handle=handle,
                ahead=writer.ahead,
                batch=settings.batch,
                wait=settings.wait,
                progress=progress,
            )
            app.state.pool, app.state.readers, app.state.reading = pool, readers, state
            app.state.writer, app.state.said = writer, outbox.wake
            app.state.surveying = asyncio.Lock()
            readiness.add("facts", progress.trouble)
            readiness.add("outbox", outbox.trouble)
            await stack.enter_async_context(background(reading, name="monitor.facts"))
            await stack.enter_async_context(background(outbox.run(), name="monitor.outbox"))
            await stack.enter_async_context(background(shadow.run(), name="monitor.shadow"))
            yield

    app = create_http("监测", settings=settings, lifespan=lifespan, readiness=readiness, metrics=metrics)
    for part in (http, http_policy):
        app.include_router(part.router)
    return app


def _signed(settings: Settings, book: RuleReleased) -> RuleReleased:
    """Return the book with its signatures where the deployment asks for them; raise ``ReleaseRefused``."""
    file, author, approver = settings.release_file, settings.release_author_keys, settings.release_approver_keys
    if file is None or author is None or approver is None:
        return book
    return check_file(book, file, {"author": author, "approver": approver})


async def _release(pool: Pool, book: RuleReleased) -> datetime:
    """State that another book than before, or one that others answer for, judges from now on; return since when it does."""
    async with pool.acquire() as db, db.transaction():
        number = await store.release(db, statement_of(book))
        if number is not None:
            await enqueue(db, STREAM, [released(book, number, clock.now())])
        return await queries.released_at(db)
