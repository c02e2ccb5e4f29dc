"""Run the whole system: both servers, then every service as a process, watched until told to stop."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from deploy import database, releasing, streams, tokens
from deploy.embedded.accounts import ADMIN, CLUES_ADMIN
from deploy.embedded.errors import Unusable
from deploy.embedded.nats import Nats
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.postgres import Postgres
from deploy.embedded.servers import Servers
from deploy.process import Process, Say

SERVICES = ("intake", "ledger", "monitor", "notify", "console")
READY_WITHIN = 60.0
DEATHS_AT_START = 3
"""A service that dies so often before it was ever ready will not get well by waiting."""
LOOK = 0.5
"""Seconds between two looks at a server."""
LONGEST_PAUSE = 2.0
"""Seconds between two tries to start a server."""
WORTH_TELLING = 4
"""So many failures in a row are told to the person at the terminal, once."""
TOKEN_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True)
class System:
    """A running system: its data folder, the services' base addresses by name, and a token by role."""

    root: Path
    urls: Mapping[str, str]
    tokens: Mapping[str, str]

    @property
    def login_command(self) -> str:
        """The command that gives another such address."""
        return f"jianfu login --home {os.path.relpath(self.root)}"

    def login_link(self, role: str) -> str:
        """Give the address that opens a session of this role in the console, once."""
        return tokens.login_link(self.root, self.urls["console"], self.tokens[role])


async def supervise(servers: Servers, say: Say, then: Callable[[System], Awaitable[int | None]]) -> int:
    """Run all services on the running ``servers``, call ``then`` when all are ready, and give its exit code.

    Where ``then`` gives None the system runs on; SIGINT, SIGTERM or SIGHUP end it in any case, with 0. A server that
    dies is started again, however long that takes. Raises ``Unusable`` where a service cannot start.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    processes, system = await _prepare(servers, say)
    work = asyncio.create_task(_work(processes, system, then))
    watchers = [asyncio.create_task(process.run()) for process in processes]
    watchers += [asyncio.create_task(_keep_alive(server, say)) for server in (servers.nats, servers.postgres)]
    watchers.append(asyncio.create_task(_until(stopped, say)))
    try:
        await asyncio.wait({work, *watchers}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (work, *watchers):
            task.cancel()
        await asyncio.gather(work, *watchers, return_exceptions=True)
    for task in (work, *watchers):
        if not task.cancelled() and (error := task.exception()):
            raise error
    return 0 if work.cancelled() else work.result()


async def _work(processes: list[Process], system: System, then: Callable[[System], Awaitable[int | None]]) -> int:
    await asyncio.gather(*(_until_ready(process, system.urls[process.name]) for process in processes))
    code = await then(system)
    if code is None:
        await asyncio.Event().wait()  # until cancelled
    return code or 0


async def _until(stopped: asyncio.Event, say: Say) -> None:
    await stopped.wait()
    say("正在停止……")


async def _prepare(servers: Servers, say: Say) -> tuple[list[Process], System]:
    """Make keys, roles, tables and streams, and plan the processes."""
    root = servers.home.root
    tokens.ensure_keys(root)
    addresses = await database.prepare(servers.postgres.url, servers.home)
    await streams.ensure(servers.nats.url(ADMIN.name), servers.nats.url(CLUES_ADMIN.name))
    ports = {name: servers.ports.choose(name) for name in SERVICES}
    processes = [
        Process(
            name,
            [sys.executable, "-m", f"services.{name}"],
            _environment(name, servers, ports, addresses),
            log=root / "logs" / f"{name}.log",
            say=say,
        )
        for name in SERVICES
    ]
    urls = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
    return processes, System(root, urls, tokens.for_every_role(root, lifetime=TOKEN_LIFETIME))


def _environment(name: str, servers: Servers, ports: Mapping[str, int], addresses: Mapping[str, str]) -> dict[str, str]:
    """Give a service the addresses and keys that it needs, and no others."""
    root = servers.home.root
    environment = {
        **os.environ,
        "HOST": LOOPBACK,
        "PORT": str(ports[name]),
        "JIANFU_PUBLIC_KEY_FILE": str(tokens.public_key_file(root)),
    }
    if name == "console":
        environment |= {
            f"{other.upper()}_URL": f"http://{LOOPBACK}:{ports[other]}" for other in SERVICES if other != name
        }
    else:
        environment |= {"NATS_URL": servers.nats.url(name), "DATABASE_URL": addresses[name]}
    if name == "ledger":
        environment["JOURNAL_KEY_FILE"] = str(tokens.journal_key_file(root))
    if name == "monitor":
        environment |= releasing.local_environment(root)
    if name == "notify":
        environment["CLUES_NATS_URL"] = servers.nats.url("notify-clues")
    return environment


async def _until_ready(process: Process, url: str) -> None:
    """Wait until a service says it is ready; ``Unusable`` when it dies again and again or takes too long."""
    end = time.monotonic() + READY_WITHIN
    async with httpx.AsyncClient(timeout=5) as client:
        while not await _is_ready(client, url):
            if process.deaths >= DEATHS_AT_START or time.monotonic() > end:
                tail = process.log.read_text("utf-8", errors="replace")[-2000:]
                raise Unusable(f"服务 {process.name} 没有就绪。日志：{process.log}\n{tail}")
            await asyncio.sleep(0.1)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def _keep_alive(server: Nats | Postgres, say: Say) -> None:
    """Start a server again whenever it died or can store nothing more; the services reconnect by themselves."""
    while True:
        await asyncio.sleep(LOOK)
        if not server.alive:
            say(f"{server.title} 意外退出，正在重新启动。")
        elif isinstance(server, Nats) and server.has_failed_to_store():
            say("NATS 写不进磁盘（已满或只读），暂时什么也收录不了。磁盘恢复后自动继续。")
            while not await asyncio.to_thread(server.can_store):  # noqa: ASYNC110  a disk tells nobody that it is well
                await asyncio.sleep(LOOK)
            say("磁盘已恢复，正在重新启动 NATS。")
            await asyncio.to_thread(server.stop)
        else:
            continue
        await _start_again(server, say)


async def _start_again(server: Nats | Postgres, say: Say) -> None:
    """Start a server until it runs: a child of its predecessor, a taken port or a full disk may be long in the way."""
    for failures in itertools.count(1):
        try:
            server.launch()  # in the loop's thread on purpose: Linux ties a child to the thread that started it
            while not server.answers():  # noqa: ASYNC110  nobody else tells; a recovery may take its time
                await asyncio.sleep(0.05)
        except (Unusable, OSError) as error:
            if failures == WORTH_TELLING:
                say(f"{server.title} 还没有启动，仍在不断重试：{error}")
        else:
            if failures > WORTH_TELLING:
                say(f"{server.title} 已恢复。")
            return
        await asyncio.sleep(min(LOOK * 2.0**failures, LONGEST_PAUSE))
