"""What trials of the whole system found out is told at the end, also when all went well."""

from collections.abc import Callable
from typing import Final

import pytest

Tell = Callable[[str], None]

_TOLD: Final = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Tell:
    """Give a function that takes a line for the end of the output."""
    return request.config.stash.setdefault(_TOLD, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the lines."""
    if told := config.stash.get(_TOLD, []):
        terminalreporter.section("试验结果")
        for line in told:
            terminalreporter.line(line)
