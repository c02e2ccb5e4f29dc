"""``jianfu up`` and ``jianfu demo`` with stand-ins for the services: nothing hangs, nothing is left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("intake", "ledger", "monitor", "notify", "console")

STAND_IN = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(sorted(os.environ)).encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

DEMO = """
import urllib.request
async def run(system, say, *, stay):
    say(" ".join(("roles", *sorted(system.tokens))) + (" stay" if stay else ""))
    return 7 if urllib.request.urlopen(system.urls["console"]).status == 200 else 8
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the code in which each service is a stand-in, and a data folder used once before."""
    root = tmp_path_factory.mktemp("checkout")
    for package in ("contracts", "kit", "services", "deploy"):
        shutil.copytree(ROOT / package, root / package, ignore=lambda _, names: {"static", "__pycache__"} & set(names))
    for service in SERVICES:
        (root / "services" / service / "__main__.py").write_text(STAND_IN)
    (root / "deploy" / "demo").mkdir(exist_ok=True)
    (root / "deploy" / "demo" / "__init__.py").touch()
    (root / "deploy" / "demo" / "main.py").write_text(DEMO)
    return root


class Run:
    """One run of the command in the copy."""

    def __init__(self, process: subprocess.Popen[str], checkout: Path) -> None:
        self.process = process
        self.checkout = checkout
        self.said = ""

    def read_until(self, words: str) -> str:
        """Read what it says up to the line with these words; fail where it ends before."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"{words!r} is not in {self.said!r}")


@contextlib.contextmanager
def jianfu(checkout: Path, *words: str) -> Iterator[Run]:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "deploy.cli", *words]
    with subprocess.Popen(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield Run(process, checkout)
        finally:
            process.kill()


@pytest.fixture
def left_behind(checkout: Path) -> Callable[[], dict[int, str]]:
    """Give a function to the living processes that were started in the copy: command line by number."""

    def find() -> dict[int, str]:
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (folder / "cmdline").read_bytes().decode()
                environment = (folder / "environ").read_bytes().decode()
                if line and f"PYTHONPATH={checkout}" in environment:
                    found[int(folder.name)] = line.replace("\0", " ")
        return found

    return find


async def test_up_runs_everything_and_leaves_nothing(checkout: Path, left_behind: Callable[[], dict[int, str]]) -> None:
    with jianfu(checkout, "up") as run:
        console = run.read_until("控制台：").rpartition("：")[2].strip()
        run.read_until("按 Ctrl-C 停止")
        async with httpx.AsyncClient(timeout=60) as client:
            console_environment = (await client.get(console)).json()
        ours = "\n".join(left_behind().values())
        assert all(f"services.{service}" in ours for service in SERVICES)
        assert "postgres" in ours
        assert "nats-server" in ours
        assert "DATABASE_URL" not in console_environment
        run.process.send_signal(signal.SIGTERM)
        run.read_until("正在停止")
        assert run.process.wait(60) == 0
    assert left_behind() == {}


def test_the_death_of_a_service_is_told_and_mended(checkout: Path, left_behind: Callable[[], dict[int, str]]) -> None:
    def kill(words: str) -> None:
        os.kill(next(number for number, line in left_behind().items() if words in line), signal.SIGKILL)

    with jianfu(checkout, "up") as run:
        run.read_until("按 Ctrl-C 停止")
        kill("services.monitor")
        run.read_until("服务 monitor 意外退出（信号 SIGKILL）")
        run.read_until("服务 monitor 正在重新启动")
        kill("nats-server")
        run.read_until("NATS 意外退出，正在重新启动")


async def test_kill_9_of_the_supervisor_leaves_nothing(
    checkout: Path, left_behind: Callable[[], dict[int, str]]
) -> None:
    with jianfu(checkout, "up") as run:
        run.read_until("按 Ctrl-C 停止")
        run.process.kill()
        await eventually(left_behind, {})


def test_a_service_that_cannot_start_ends_the_run_with_its_last_words(
    checkout: Path, left_behind: Callable[[], dict[int, str]]
) -> None:
    main = checkout / "services" / "ledger" / "__main__.py"
    main.write_text("raise SystemExit('no such table')")
    try:
        with jianfu(checkout, "up") as run:
            run.read_until("无法继续：服务 ledger 没有就绪")
            run.read_until("no such table")
            assert run.process.wait(60) == 2
    finally:
        main.write_text(STAND_IN)
    assert left_behind() == {}


def test_a_console_port_that_is_taken_is_named(checkout: Path) -> None:
    with jianfu(checkout, "up") as first:
        port = first.read_until("控制台：").rpartition(":")[2].strip()
        with jianfu(checkout, "up", "--port", port, "--home", "other") as run:
            run.read_until(f"控制台的端口 {port} 无法使用")
            assert run.process.wait(60) == 2


def test_the_demo_gets_addresses_and_tokens_and_its_exit_code_is_ours(
    checkout: Path, left_behind: Callable[[], dict[int, str]]
) -> None:
    with jianfu(checkout, "demo") as run:
        run.read_until("roles adapter admin discipline office operator")
        run.read_until("演示结束")
        assert run.process.wait(60) == 7
    assert left_behind() == {}
