"""A hundred thousand hostile inputs against the real system; ``python -m tests.fuzz.run --inputs 100000`` prints what it found.

Every input is answered with what was expected instead, nothing but what is valid is stored, no process dies, memory is
flat, and of what is secret there is no trace. A run of the same seed sends the same inputs.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final

import httpx

from kit.nats import connect
from tests.eventually import eventually
from tests.fuzz import asks, described, facts, tables, wire
from tests.fuzz.inputs import Ask, Maker
from tests.fuzz.judging import Findings
from tests.fuzz.readers import READERS
from tests.fuzz.watching import Watch, parked, traces
from tests.system import truth
from tests.system.running import SERVICES, Running, up
from tests.system.stage import OWN_SOURCES

AT_ONCE: Final = 6
SHARES: Final = {"events": 50, "asks": 18, "tokens": 5, "files": 2, "wire": 3, "nats": 4, "readers": 12}
"""Of a hundred inputs; what is left are schemathesis's."""
WARM: Final = 0.25
"""The share after which memory may not grow."""
SETTLING: Final = 120.0
"""Seconds in which the readers must be done with what was taken."""
SLOWEST: Final = 15.0
"""Seconds within which everything but a file is answered, on a machine with other work."""


class Fuzz:
    """One run against one system."""

    def __init__(self, system: Running, random: Random, total: int) -> None:
        """Prepare; nothing is sent yet."""
        self.system, self.random, self.total = system, random, total
        self.findings = Findings()
        self._bearers = {role: system.bearer(role) for role in described.ROLES}
        good = self._bearers["adapter"]["authorization"].removeprefix("Bearer ")
        self._token = asks.token_maker(good)
        self._forge = asks.forger(good)

    def share(self, name: str) -> int:
        """Return how many inputs are of a family."""
        return max(1, self.total * SHARES[name] // 100)

    async def part(self, portion: float) -> None:
        """Send a portion of every family."""
        families: Mapping[str, Iterator[Ask]] = {
            "events": self._made(facts.MAKERS),
            "asks": self._made(asks.MAKERS),
            "tokens": self._made({self._token: 1}),
            "files": self._made(tables.MAKERS),
        }
        waiting = [
            family for name, family in families.items() for _ in range(max(1, round(self.share(name) * portion)))
        ]
        self.random.shuffle(waiting)
        async with contextlib.AsyncExitStack() as stack:
            clients = {
                service: await stack.enter_async_context(
                    httpx.AsyncClient(base_url=self.system.url(service), timeout=90)
                )
                for service in SERVICES
            }
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._send(clients, waiting))
        await self._wire(round(self.share("wire") * portion))
        await self._messages(round(self.share("nats") * portion))

    def _made(self, makers: Mapping[Maker, int]) -> Iterator[Ask]:
        kinds, weights = [*makers], [*makers.values()]
        while True:
            yield self.random.choices(kinds, weights)[0](self.random)

    async def _send(self, clients: Mapping[str, httpx.AsyncClient], waiting: list[Iterator[Ask]]) -> None:
        while waiting:
            ask = next(waiting.pop())
            begun = time.monotonic()
            try:
                request = clients[ask.service].build_request(
                    ask.method, ask.path, content=ask.body, headers=_raw({**self._who(ask), **ask.headers})
                )
                answer = await clients[ask.service].send(request)
            except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError):
                self.findings.answers["not sent: no client can write it"] += 1  # wire.py can
            except (httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError) as error:
                self.findings.count(ask.kind, f"connection closed: {type(error).__name__}", begun)
            else:
                self.findings.answered(ask, answer, begun)

    def _who(self, ask: Ask) -> dict[str, str]:
        if ask.role is None:
            return {}
        bearer = self._bearers[ask.role]
        if ask.service != "console":
            return bearer
        session = bearer["authorization"].removeprefix("Bearer ")
        return {"cookie": f"jianfu_session={session}; jianfu_form={asks.FORM}", "origin": self.system.url("console")}

    async def _wire(self, count: int) -> None:
        randoms = [Random(self.random.random()) for _ in range(count)]

        async def send() -> None:
            while randoms:
                service, begun = self.random.choice(SERVICES), time.monotonic()
                got = await wire.exchange(self.system.port(service), randoms.pop())
                self.findings.count("raw connection", f"wire {got[9:12].decode('latin-1') or 'closed'}", begun)
                told = b"application/problem+json" in got or (service == "console" and b"text/html" in got)
                if got.startswith(b"HTTP/1.1 5") or (got.startswith(b"HTTP/1.1 4") and not told):
                    self.findings.fault("raw connection", "no problem document", got[:300])

        await asyncio.gather(*(send() for _ in range(AT_ONCE * 3)))

    async def _messages(self, count: int) -> None:
        connection = await connect(self.system.nats, name="fuzz")
        made = self._made({**facts.MAKERS, facts.content: 0, facts.binary: 0})
        try:
            for _ in range(count):
                body = next(made).body[: connection.max_payload]
                body = body if body.startswith(b"[") or self.random.random() < 0.1 else b"[" + body + b"]"
                bearer = self._bearers["adapter"]["authorization"]
                if self.random.random() < 0.15:
                    bearer = "Bearer " + "".join(letter for letter in self._forge(self.random) if letter.isprintable())
                headers = {"Authorization": bearer} if bearer.strip() != "Bearer" else None
                begun = time.monotonic()
                reply = await connection.request("intake.events", body, timeout=60, headers=headers)
                self.findings.replied("NATS request", reply.data, begun)
        finally:
            await connection.close()

    async def readers(self, folder: Path) -> None:
        """Fuzz the readers of foreign bytes by coverage, each in a process of its own."""
        runs = self.share("readers") // len(READERS)
        for name in READERS:
            place = folder / name
            place.mkdir()
            command = (
                sys.executable,
                "-m",
                "tests.fuzz.readers",
                name,
                str(runs),
                str(self.random.randrange(1, 2**31)),
                str(place),
            )
            child = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            told = (await child.communicate())[0].decode("utf-8", "replace")
            self.findings.inputs[f"reader {name}"] += runs
            self.findings.answers["reader answered"] += runs
            if child.returncode:
                bad = [path.read_bytes()[:400] for path in place.glob("bad-*")]
                self.findings.fault(f"reader {name}", f"status {child.returncode}", (bad, told[-1500:]))

    async def stored(self) -> int:
        """Demand that exactly what an answer called accepted is stored, and that whoever reads it could."""
        found = await truth.stream(self.system.nats, "FACTS")
        ours = {one.msg_id for one in found if not truth.said(one.body)["source"].startswith(OWN_SOURCES)}
        imports = {one.msg_id for one in found if truth.said(one.body)["source"].startswith("/imports/")}
        if missing := self.findings.stored - ours:
            self.findings.fault("stored", "accepted and not stored", missing)
        if foreign := ours - imports - self.findings.stored:
            self.findings.fault("stored", "stored and not called accepted", [*foreign][:5])
        if len(imports) != self.findings.imported:
            self.findings.fault("stored", "rows of files", (len(imports), self.findings.imported))
        try:
            await eventually(lambda: truth.unsettled(self.system), "", within=SETTLING)
        except AssertionError as stuck:
            said = [self.system.tail(service)[-1500:] for service in ("ledger", "monitor", "notify")]
            self.findings.fault("stored", "a reader stands still", (str(stuck), said))
        for one in await parked(self.system):
            self.findings.fault("stored", "taken and not readable", one)
        return len(ours)


def _raw(headers: Mapping[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers.items()]


async def run(seed: int, total: int, *, examples: int, roles: int, folder: Path) -> bool:
    """Run everything, print the report, and tell whether it holds."""
    begun = time.monotonic()
    async with up(folder / "home") as system:
        fuzz = Fuzz(system, Random(seed), total)
        watch = Watch.of(system)
        await fuzz.part(WARM)
        await described.explore(system, fuzz.findings, folder, examples=max(1, examples // 4), roles=1, seed=seed)
        watch.look(system)
        await fuzz.part(1 - WARM)
        await described.explore(system, fuzz.findings, folder, examples=examples, roles=roles, seed=seed + 1)
        await fuzz.readers(folder)
        stored = await fuzz.stored()
        watch.look(system)
        findings = fuzz.findings
        dead = watch.deaths(system)
        for name in dead:
            findings.fault("deaths", f"{name} died", system.tail(name)[-800:])
        for name in watch.grown(stored):
            findings.fault("memory", f"{name} grew", watch.memory)
        for kind, seconds in findings.slowest.items():
            if seconds > SLOWEST and not kind.startswith("file"):
                findings.fault(kind, f"an answer took {seconds:.1f} s")
        try:
            await system.ready(within=30)
        except AssertionError as trouble:
            findings.fault("readiness", str(trouble))
        for place in await traces(system):
            findings.fault("secret", "a trace of a secret input", place)
    print(f"敌意输入试验 hostile input: seed {seed}, {time.monotonic() - begun:.0f} s")
    print(findings.report())
    print(f"  存入 stored: {stored}，进程死亡 deaths: {len(dead)}")
    print(watch.report())
    print("  结论 verdict: " + ("成立 holds" if not findings.faults else f"不成立 {len(findings.faults)} faults"))
    return not findings.faults


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=60, help="of schemathesis, for each operation and role")
    parser.add_argument("--roles", type=int, default=len(described.ROLES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        holds = asyncio.run(
            run(asked.seed, asked.inputs, examples=asked.examples, roles=asked.roles, folder=Path(folder))
        )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
