"""How fast intake takes acts in over HTTP, beside bare publishing of the same acts: ``python -m bench.intake``.

The service is a process of its own; senders write prepared requests to sockets and do little else. The ceiling is the
stream alone: the same acts as intake publishes them, in atomic batches, with nothing read, checked or reserved. Also
shown: what an act costs each process in CPU time, and what a request costs in statements, exchanges with NATS and bytes,
which are exact and the same on every machine.
"""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx
from nats.aio.client import Client
from pydantic import SecretStr

from bench.feeds import plain
from bench.figures import Figure, ratio
from bench.harness import Rounds, command, counting, fresh_database, fresh_facts, portions, servers, settled, speed
from bench.process import cpu
from bench.sending import Sent, request, send
from deploy import tokens
from deploy.embedded.accounts import ADMIN
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.servers import Servers
from kit.auth import Role
from kit.nats import close, connect
from kit.publish import MAX_MESSAGES, Outgoing, publish_batch
from services.intake.app import create_app
from services.intake.config import Settings
from services.intake.modes import BATCH, STRUCTURED
from tests import factories as f

ACTS, SINGLES = 30_000, 5_000
ITEMS = 500
"""Acts of one batch request."""
BATCHES_AT_ONCE, SINGLES_AT_ONCE, PUBLISHES_AT_ONCE = 4, 64, 4
NO_LIMIT = 10**9
STAMPS = {
    "recordedtime": "2026-09-01T09:00:00.123456+00:00",
    "traceparent": f"00-{'4bf92f3577b34da6' * 2}-00f067aa0ba902b7-00",
}
"""What intake adds to an act."""
CEILING, BATCHES, ONE_BY_ONE = "bare publishing in atomic batches", "batch intake", "single-event intake"


def acts(count: int, prefix: str) -> list[f.Event]:
    """Return acts as an adapter sends them, under ids that begin with ``prefix``."""
    return [{**act, "id": f"{prefix}-{number}"} for number, act in enumerate(map(_unstamped, plain(count)))]


def _unstamped(act: f.Event) -> f.Event:
    return {name: value for name, value in act.items() if name != "recordedtime"}


def body_of(some: Sequence[f.Event]) -> bytes:
    """Return the body of a batch request."""
    return b"[" + b",".join(map(f.wire, some)) + b"]"


# ---------------------------------------------------------------- the service


@dataclass(frozen=True)
class Intake:
    """A running intake."""

    port: int
    token: str
    pid: int

    async def batches(self, found: Sequence[f.Event]) -> Sent:
        """Send acts in batches."""
        bodies = [request(body_of(some), BATCH, self.token, self.port) for some in portions(found, ITEMS)]
        with settled():
            return await send(bodies, self.port, connections=BATCHES_AT_ONCE)

    async def singles(self, found: Sequence[f.Event]) -> Sent:
        """Send acts one by one."""
        bodies = [request(f.wire(act), STRUCTURED, self.token, self.port) for act in found]
        with settled():
            return await send(bodies, self.port, connections=SINGLES_AT_ONCE)


@contextlib.asynccontextmanager
async def intake(both: Servers) -> AsyncIterator[Intake]:
    """Run intake on an empty database and stream."""
    await fresh_facts(both)
    root, port = both.home.root, both.ports.choose("intake")
    tokens.ensure_keys(root)
    environment = {
        **os.environ,
        "PORT": str(port),
        "NATS_URL": both.nats.url("intake"),
        "DATABASE_URL": await fresh_database(both.postgres.url, "intake"),
        "JIANFU_PUBLIC_KEY_FILE": str(tokens.public_key_file(root)),
        "INTAKE_TELLS_DAYS": "false",
        "INTAKE_MOST_A_MINUTE": str(NO_LIMIT),
        "LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.intake", env=environment)
    try:
        await _until_ready(port)
        yield Intake(port, tokens.local(root, Role.ADAPTER, lifetime=timedelta(hours=12)), process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _until_ready(port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"http://{LOOPBACK}:{port}/readyz")).is_success:
                    return
            await asyncio.sleep(0.05)


# ---------------------------------------------------------------- rounds


async def measure(rounds: Rounds) -> list[Figure]:
    """Run both workloads and their ceiling in every round."""
    ways: dict[str, tuple[int, Callable[[Intake, Sequence[f.Event]], Awaitable[Sent]], float]] = {
        BATCHES: (rounds.acts(ACTS, of=ITEMS), Intake.batches, 10_000),
        ONE_BY_ONE: (rounds.acts(SINGLES), Intake.singles, 1_500),
    }
    speeds: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with servers() as both:
        for number in rounds:
            await fresh_facts(both)
            speeds.setdefault(CEILING, []).append(await publish(both, acts(ways[BATCHES][0], "bare")))
            async with intake(both) as service:
                await service.batches(acts(2 * ITEMS, "warm"))
                for name, (count, way, _) in ways.items():
                    found, before = acts(count, f"{name[0]}{number}"), cpu(intake=service.pid)
                    sent = await way(service, found)
                    if sent.accepted != count:
                        raise RuntimeError(f"{sent.accepted} of {count} acts were accepted")
                    speeds.setdefault(name, []).append(count / sent.seconds)
                    for who, seconds in cpu(intake=service.pid).items():
                        if who != "bench":  # its own preparations are in it
                            spent = (seconds - before[who]) / count
                            costs.setdefault(f"  {name}: CPU of {who}", []).append(spent * 1e6)
        exact = await counts(both)
    figures = {
        name: Figure(name, found, target=ways[name][2] if name in ways else None) for name, found in speeds.items()
    }
    return [
        *figures.values(),
        ratio(figures[BATCHES], figures[CEILING], 0.4),
        *(Figure(name, found, "us/act") for name, found in costs.items()),
        *exact,
    ]


async def publish(both: Servers, found: Sequence[f.Event]) -> float:
    """Publish acts, several atomic batches at a time, and nothing else; return acts per second."""
    messages = [
        Outgoing(f.subject_of(act), f.wire(act | STAMPS), f.fact_of(act), {"traceparent": STAMPS["traceparent"]})
        for act in found
    ]
    left = iter(list(portions(messages, MAX_MESSAGES)))
    nc = await connect(both.nats.url(ADMIN.name), name="bench")

    async def work() -> None:
        for some in left:
            await publish_batch(nc, some)

    with settled():
        reached = await speed(
            asyncio.wait([asyncio.ensure_future(work()) for _ in range(PUBLISHES_AT_ONCE)]), len(found)
        )
    await close(nc)
    return reached


# ---------------------------------------------------------------- exact counts


async def counts(both: Servers) -> list[Figure]:
    """Return what one request costs that nothing else shares: statements, exchanges with NATS, bytes in the stream."""
    await fresh_facts(both)
    tokens.ensure_keys(both.home.root)
    settings = Settings(
        nats_url=SecretStr(both.nats.url("intake")),
        database_url=SecretStr(await fresh_database(both.postgres.url, "intake")),
        public_key_file=tokens.public_key_file(both.home.root),
        tells_days=False,
    )
    app = create_app(settings)
    token = tokens.local(both.home.root, Role.ADAPTER, lifetime=timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    figures: list[Figure] = []
    found = acts(ITEMS + 1, "counted")
    requests = {BATCHES: (BATCH, body_of(found[1:])), ONE_BY_ONE: (STRUCTURED, f.wire(found[0]))}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake") as http,
    ):
        for name, (kind, body) in requests.items():
            with counting() as statements, exchanging() as exchanges:
                answer = await http.post("/v1/events", content=body, headers={**headers, "Content-Type": kind})
                answer.raise_for_status()
            figures.append(Figure(f"  {name}: statements", [statements.total()], "a request"))
            figures.append(Figure(f"  {name}: exchanges with NATS", [exchanges.total()], "a request"))
        figures.append(Figure("  intake: stored in the stream", [await stored(both) / len(found)], "bytes/act"))
    return figures


@contextlib.contextmanager
def exchanging() -> Iterator[Counter[str]]:
    """Count what is asked of NATS and answered, by every connection of this process, while the block lasts."""
    calls: Counter[str] = Counter()
    real = Client.request

    async def counted(self: Client, subject: str, *args: object, **kw: object) -> object:
        calls[subject] += 1
        return await real(self, subject, *args, **kw)  # type: ignore[arg-type]  # passed on as given

    Client.request = counted  # type: ignore[assignment,method-assign]  # for as long as it counts
    try:
        yield calls
    finally:
        Client.request = real  # type: ignore[method-assign]


async def stored(both: Servers) -> int:
    """Return the bytes of FACTS."""
    nc = await connect(both.nats.url(ADMIN.name), name="bench")
    size = (await nc.jetstream().stream_info("FACTS")).state.bytes
    await close(nc)
    return size


if __name__ == "__main__":
    command(measure, __doc__ or "")
