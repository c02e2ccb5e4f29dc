"""The composition root of intake: the only file that knows every part."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from kit.db import connect_pool
from kit.http import MAX_BODY, Readiness, create_http
from kit.metrics import Metrics
from kit.migrate import migrate
from kit.nats import close, connect
from kit.scoped import connect_readers
from kit.tasks import background
from services.intake import http
from services.intake.config import Settings
from services.intake.facts import Facts
from services.intake.gathering import Bounds, Gatherer
from services.intake.imports.files import MOST_BYTES
from services.intake.imports.importing import Importer
from services.intake.pace import Pace
from services.intake.parts import Parts
from services.intake.requests import Requests
from services.intake.taking import Taker
from services.intake.ticking import keep_ticking

SCHEMA: Final = "intake"
MIGRATIONS: Final = Path(__file__).with_name("sql")
_BATCH_BYTES: Final = 32 * 1024 * 1024
_FORM_BYTES: Final = 64 * 1024


def create_app(settings: Settings) -> FastAPI:
    """Build intake; nothing connects before the application starts."""
    metrics, readiness = Metrics(), Readiness()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate(settings.database_url, SCHEMA, MIGRATIONS)
        async with AsyncExitStack() as stack:
            pool = await connect_pool(
                settings.database_url, size=settings.database_connections, schema=SCHEMA, stateless=True
            )
            stack.push_async_callback(pool.close)
            readers = await connect_readers(settings.database_url, size=settings.database_connections, schema=SCHEMA)
            stack.push_async_callback(readers.close)
            nc = await connect(settings.nats_url, name=SCHEMA)
            stack.push_async_callback(close, nc)
            facts = Facts(pool, nc)
            await facts.start()
            gatherer = Gatherer(
                facts.commit,
                key=lambda fact: fact.fact_id,
                weigh=lambda fact: len(fact.body),
                bounds=Bounds(settings.most_waiting, settings.most_bytes),
            )
            stack.push_async_callback(gatherer.drain)
            taker = Taker(pool, gatherer, facts.stated, Pace(settings.most_a_minute), metrics)
            app.state.parts = Parts(pool, readers, facts, taker, Importer(taker))
            readiness.add("facts", facts.trouble)
            requests = await stack.enter_async_context(Requests(settings, taker, app.state.trust))
            readiness.add("requests", requests.trouble)
            if settings.tells_days:
                ticking = await stack.enter_async_context(background(keep_ticking(pool, taker), name="ticking"))
                readiness.add("days", lambda: "ended" if ticking.done() else None)
            yield

    limits = {"": MAX_BODY, "/v1/events": _BATCH_BYTES, "/v1/imports": MOST_BYTES + _FORM_BYTES}
    app = create_http(
        "减负 · 收录", settings=settings, lifespan=lifespan, readiness=readiness, metrics=metrics, max_body=limits
    )
    app.include_router(http.router)
    return app
