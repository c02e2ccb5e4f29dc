"""The short form of the kill test; the long one is ``make chaos``."""

from pathlib import Path

import pytest

from tests.system.conftest import Tell
from tests.system.kill import run

pytestmark = [pytest.mark.system, pytest.mark.chaos]


async def test_nothing_acknowledged_is_lost_while_everything_is_killed(tmp_path: Path, tell: Tell) -> None:
    report = await run(tmp_path, events=2000, kills=10, seed=3, patience=90)
    assert report.kills.total() == 10
    assert set(report.kills) == {"intake", "ledger", "monitor", "notify", "console", "nats", "postgres"}
    assert report.proved.alerts > 100
    tell(str(report))
