"""What hangs is ended, told with where it waited, and told at once; what comes after it is run."""

import os
import subprocess
import sys
from pathlib import Path

HANGING = """
import asyncio, threading, time
import pytest

pytestmark = pytest.mark.timeout(1)

async def stuck():
    await asyncio.Event().wait()  # the innermost

@pytest.fixture
async def sticky():
    yield
    await stuck()

async def test_awaits():
    await stuck()

async def test_awaits_a_thread():
    await asyncio.to_thread(threading.Event().wait, 60)

async def test_blocks_the_loop():
    time.sleep(60)

def test_blocks():
    threading.Event().wait()

async def test_fails_and_then_hangs(sticky):
    assert False

async def test_is_well():
    pass
"""


WAITS = {
    "test_awaits": 8,
    "test_awaits_a_thread": 19,
    "test_blocks_the_loop": 22,
    "test_blocks": 25,
    "test_fails_and_then_hangs": 13,
}
"""The line at which each of them hangs."""
CONFTEST = """
import pytest
from tests import bounds

bounds.AGAIN = bounds.FAREWELL = 1

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.register(bounds)
"""


def test_whatever_hangs_is_ended_and_told(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_hanging.py").write_text(HANGING)
    options = ["asyncio_mode=auto", *(f"asyncio_default_{what}_loop_scope=session" for what in ("fixture", "test"))]
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "pytest_timeout"]  # loading the others takes longer than the test
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        *plugins,
        "-c",
        os.devnull,
        *(word for one in options for word in ("-o", one)),
    ]
    done = subprocess.run(
        [*command, tmp_path], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    told, _, summary = done.stdout.partition("= ERRORS =")
    assert "5 failed, 1 passed, 2 errors" in summary, (
        done.stdout
    )  # the last is the thread that keeps the loop from its end
    for name, line in WAITS.items():
        part = told.rpartition(f"test_hanging.py::{name} _")[2].partition("longer than 1 s")
        assert part[1], (name, told)
        assert f"test_hanging.py:{line}" in part[0] or f'test_hanging.py", line {line}, ' in part[2][:2000], (
            name,
            told,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Timeout (0:00:01"), done.stderr  # and the process
