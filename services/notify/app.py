"""The composition root of notify: the only file that knows every part."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from nats.aio.client import Client

from contracts.workdays import builtin
from kit.db import Pool, connect_pool
from kit.http import Check, Readiness, create_http
from kit.metrics import Metrics
from kit.nats import close, connect
from kit.outbox import Outbox
from kit.progress import Progress
from kit.reader import follow
from kit.scoped import Readers, connect_readers
from kit.tasks import background
from services.notify import queries
from services.notify.channels.base import OpenChannel, Surroundings
from services.notify.config import Settings
from services.notify.domain.mail import Routing
from services.notify.handover import Casework
from services.notify.http import router
from services.notify.hub import Hub
from services.notify.measures import Measures
from services.notify.parts import Parts
from services.notify.reading import ALERTS, Alerts
from services.notify.routing import Addressee, desks_told, load_channels, load_routes, open_channels, receivers_of
from services.notify.sending import Senders, Terms
from services.notify.streaming import Clients
from services.notify.world import FACTS, SUBJECTS, World

SCHEMA: Final = "notify"
CLUES: Final = "CLUES"
BATCH: Final = 500
SOON: Final = 0.002
"""Seconds to wait for more alerts: people watch them come."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is known before anything connects."""

    settings: Settings
    addressees: Mapping[str, Addressee]
    routing: Routing
    measures: Measures


@dataclass(frozen=True, slots=True)
class _Outside:
    """What a running app is connected to."""

    pool: Pool
    readers: Readers
    nc: Client
    clues_nc: Client
    channels: Mapping[str, OpenChannel]


@dataclass(frozen=True, slots=True)
class _Work:
    """What runs in the background, and what tells whether it makes progress."""

    tasks: Mapping[str, Coroutine[object, object, None]]
    checks: Mapping[str, Check]


def create_app(settings: Settings) -> FastAPI:
    """Build notify; configuration files are read here, nothing connects before the application starts.

    Raises ``BadConfig`` for routes or receivers that cannot be used.
    """
    addressees = load_channels(settings.channels_file)
    routes = load_routes(settings.routes_file, addressees)
    readiness, metrics = Readiness(), Metrics()
    plan = _Plan(settings, addressees, Routing(routes, receivers_of(addressees), settings.digest_at), Measures(metrics))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            outside = await _connect(plan, stack)
            app.state.parts, work = await _compose(plan, outside)
            for name, check in work.checks.items():
                readiness.add(name, check)
            for name, task in work.tasks.items():
                await stack.enter_async_context(background(task, name=f"{SCHEMA}.{name}"))
            yield

    app = create_http("通知与线索移交", settings=settings, lifespan=lifespan, readiness=readiness, metrics=metrics)
    app.include_router(router)
    return app


async def _connect(plan: _Plan, stack: AsyncExitStack) -> _Outside:
    settings = plan.settings
    pool = await stack.enter_async_context(
        await connect_pool(settings.database_url, size=settings.database_connections, schema=SCHEMA, scans=True)
    )
    readers = await connect_readers(settings.database_url, size=settings.database_connections, schema=SCHEMA)
    stack.push_async_callback(readers.close)
    nc = await connect(settings.nats_url, name=SCHEMA)
    stack.push_async_callback(close, nc)
    clues_nc = await connect(settings.clues_nats_url, name=f"{SCHEMA}-clues")
    stack.push_async_callback(close, clues_nc)
    around = Surroundings(settings.allowed_networks, settings.channel_timeout, settings.console_url)
    channels = open_channels(settings.channels_file, plan.addressees, around)
    for channel in channels.values():
        stack.push_async_callback(channel.channel.close)
    return _Outside(pool, readers, nc, clues_nc, channels)


async def _compose(plan: _Plan, outside: _Outside) -> tuple[Parts, _Work]:
    settings, measures, pool = plan.settings, plan.measures, outside.pool
    terms = Terms(settings.channel_timeout, settings.keep_trying, settings.unit)
    facts = Outbox(pool, outside.nc, schema=SCHEMA, stream=FACTS)
    clues = Outbox(pool, outside.clues_nc, schema=SCHEMA, stream=CLUES)
    senders = Senders.of(pool, outside.channels, terms, facts.wake, measures.attempts)
    casework = Casework(builtin(), settings.clue_working_days, settings.unit, desks_told(plan.addressees))

    def clue_stated() -> None:
        clues.wake()
        senders.wake()

    hub = Hub(settings.stream_buffer)
    alerts = Alerts(pool, plan.routing, hub, senders.wake, measures.decisions)
    await alerts.resume()  # before anybody may follow
    reading = {ALERTS: Progress(), FACTS: Progress()}
    for stream, progress in reading.items():
        measures.lag.ask(_lag(progress), stream=stream)
    js = outside.nc.jetstream()
    world = World(pool, casework, clue_stated, measures.escalations)
    parts = Parts(
        pool,
        outside.readers,
        casework,
        hub,
        Clients(settings.stream_clients, measures.streams),
        clue_stated,
        alerts,
        world,
    )
    tasks = {
        "alerts": follow(
            js,
            ALERTS,
            checkpoint=alerts.resume,
            handle=alerts.handle,
            batch=BATCH,
            wait=SOON,
            progress=reading[ALERTS],
        ),
        "facts": follow(
            js,
            FACTS,
            subjects=SUBJECTS,
            checkpoint=lambda: _position(pool, FACTS),
            handle=world.handle,
            batch=BATCH,
            progress=reading[FACTS],
        ),
        "facts_outbox": facts.run(),
        "clues_outbox": clues.run(),
        **senders.work(),
    }
    checks = {
        "alerts": reading[ALERTS].trouble,
        "facts": reading[FACTS].trouble,
        "facts_outbox": facts.trouble,
        "clues_outbox": clues.trouble,
        "sending": senders.trouble,
    }
    return parts, _Work(tasks, checks)


def _lag(progress: Progress) -> Callable[[], float]:
    return lambda: progress.lag


async def _position(pool: Pool, stream: str) -> int:
    async with pool.acquire() as db:
        return (await queries.checkpoint(db, stream))[0]
