"""The composition root of notify: the only file that knows every part."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fastapi import FastAPI

from contracts.workdays import builtin
from kit.db import Pool, connect_pool
from kit.http import Readiness, create_http
from kit.metrics import Metrics
from kit.nats import close, connect
from kit.outbox import Outbox
from kit.progress import Progress
from kit.reader import follow
from kit.tasks import background
from services.notify import queries
from services.notify.channels.base import Surroundings
from services.notify.config import Settings
from services.notify.domain.mail import Routing
from services.notify.handover import Casework
from services.notify.http import router
from services.notify.hub import Hub
from services.notify.measures import Measures
from services.notify.parts import Parts
from services.notify.reading import ALERTS, Alerts
from services.notify.routing import desks_told, load_channels, load_routes, open_channels, receivers_of
from services.notify.sending import Senders, Terms
from services.notify.streaming import Clients
from services.notify.world import FACTS, SUBJECTS, World

SCHEMA: Final = "notify"
CLUES: Final = "CLUES"


def create_app(settings: Settings) -> FastAPI:
    """Build notify; configuration files are read here, nothing connects before the application starts.

    Raises ``BadConfig`` for routes or receivers that cannot be used.
    """
    addressees = load_channels(settings.channels_file)
    routing = Routing(load_routes(settings.routes_file, addressees), receivers_of(addressees), settings.digest_at)
    surroundings = Surroundings(settings.allowed_networks, settings.channel_timeout, settings.console_url)
    terms = Terms(settings.channel_timeout, settings.keep_trying, settings.unit)
    readiness, metrics = Readiness(), Metrics()
    measures = Measures(metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(
                await connect_pool(settings.database_url, size=settings.database_connections, schema=SCHEMA)
            )
            ca_file = settings.nats_ca_file
            nc = await connect(settings.nats_url, name=SCHEMA, seed_file=settings.nats_seed_file, ca_file=ca_file)
            stack.push_async_callback(close, nc)
            clues_nc = await connect(
                settings.clues_nats_url,
                name=f"{SCHEMA}-clues",
                seed_file=settings.clues_nats_seed_file,
                ca_file=ca_file,
            )
            stack.push_async_callback(close, clues_nc)
            facts = Outbox(pool, nc, schema=SCHEMA, stream=FACTS)
            clues = Outbox(pool, clues_nc, schema=SCHEMA, stream=CLUES)
            channels = open_channels(settings.channels_file, addressees, surroundings)
            for channel in channels.values():
                stack.push_async_callback(channel.close)
            senders = Senders.of(pool, channels, terms, facts.wake, measures.attempts)
            casework = Casework(builtin(), settings.clue_working_days, settings.unit, desks_told(addressees))

            def clue_stated() -> None:
                clues.wake()
                senders.wake()

            hub = Hub(settings.stream_buffer)
            alerts, alerts_progress = Alerts(pool, routing, hub, senders.wake, measures.decisions), Progress()
            world, facts_progress = World(pool, casework, clue_stated, measures.escalations), Progress()
            app.state.parts = Parts(
                pool, casework, hub, Clients(settings.stream_clients, measures.streams), clue_stated
            )
            await alerts.resume()  # before anybody may follow
            js = nc.jetstream()
            work = {
                "alerts": follow(
                    js,
                    ALERTS,
                    checkpoint=alerts.resume,
                    handle=alerts.handle,
                    batch=500,
                    progress=alerts_progress,
                ),
                "facts": follow(
                    js,
                    FACTS,
                    subjects=SUBJECTS,
                    checkpoint=lambda: _position(pool, FACTS),
                    handle=world.handle,
                    batch=500,
                    progress=facts_progress,
                ),
                "facts_outbox": facts.run(),
                "clues_outbox": clues.run(),
                **senders.work(),
            }
            measures.lag.ask(lambda: alerts_progress.lag, stream=ALERTS)
            measures.lag.ask(lambda: facts_progress.lag, stream=FACTS)
            checks = {
                "alerts": alerts_progress.trouble,
                "facts": facts_progress.trouble,
                "facts_outbox": facts.trouble,
                "clues_outbox": clues.trouble,
                "sending": senders.trouble,
            }
            for name, check in checks.items():
                readiness.add(name, check)
            for name, coroutine in work.items():
                await stack.enter_async_context(background(coroutine, name=f"{SCHEMA}.{name}"))
            yield

    app = create_http("通知与线索移交", settings=settings, lifespan=lifespan, readiness=readiness, metrics=metrics)
    app.include_router(router)
    return app


async def _position(pool: Pool, stream: str) -> int:
    async with pool.acquire() as db:
        return (await queries.checkpoint(db, stream))[0]
