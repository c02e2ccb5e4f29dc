"""Nothing in a test run waits for ever, and what failed is told when it fails.

pytest-timeout gives each test its bound. The alarm itself is ours, for three reasons: a failure disarms pytest-timeout's,
and clearing up after a failure is what hangs; what a coroutine awaits is not on any thread's stack; and what swallows one
alarm must meet the next.
"""

import asyncio
import contextlib
import faulthandler
import gc
import inspect
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

import pytest
from _pytest.terminal import TerminalReporter

AGAIN: Final = 20.0
"""Seconds that clearing up has after an alarm until the next one."""
LONGER: Final = {"system": 300, "chaos": 900}
"""Seconds by marker, the most where a test has several; for the others see ``timeout`` in pyproject.toml."""
FAREWELL: Final = 60.0
"""Seconds that the process has to end when its last test is done."""

_BOUND: Final = pytest.StashKey[float]()


def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Note the bound of a test."""
    item.stash[_BOUND] = settings.timeout
    return True


def pytest_timeout_cancel_timer() -> bool:
    """Leave the alarm to the phases of the test: pytest-timeout would silence it at a failure."""
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Bound the making of a test's fixtures."""
    with _bounded(item):
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Bound a test."""
    with _bounded(item):
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Bound the clearing up; with the last test of a file it ends what the file shared."""
    with _bounded(item):
        yield


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note that a run has not ended."""
    _note_end(session, None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Note how the run ended, say where a thread is that keeps the process, and go; a parallel run ends its workers itself."""
    _note_end(session, int(exitstatus))
    if not hasattr(session.config, "workerinput"):
        faulthandler.dump_traceback_later(FAREWELL, exit=True, file=2)


def _note_end(session: pytest.Session, code: int | None) -> None:
    """Keep pytest's exit code of the whole run, ``None`` while it lasts, for ``tests.again``."""
    if not hasattr(session.config, "workerinput") and session.config.cache is not None:
        session.config.cache.set("jianfu/ended", code)


@contextlib.contextmanager
def _bounded(item: pytest.Item) -> Iterator[None]:
    """Ring when the block takes too long, and again while it goes on; what follows it is pytest's own and left alone."""
    bound = item.stash.get(_BOUND, 0)

    def ring(_: int, frame: FrameType | None) -> None:
        told = "\n".join(_where_everything_is())
        item.add_report_section("alarm", "what everything waited for", told)
        _cancel_what_runs(frame)
        pytest.fail(f"longer than {bound:g} s")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, bound, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _cancel_what_runs(frame: FrameType | None) -> None:
    """Cancel what the loop was run for: left pending, it would go on beside the next test."""
    while frame is not None:
        if frame.f_code is asyncio.BaseEventLoop.run_until_complete.__code__:
            frame.f_locals["future"].cancel()
            return
        frame = frame.f_back


def _where_everything_is() -> Iterator[str]:
    """Yield the stack of every task of a running loop and of every other thread."""
    loop = asyncio._get_running_loop()
    for task in asyncio.all_tasks(loop) if loop else ():
        yield f"task {task.get_name()}"
        yield from _chain(task.get_coro())
    own = threading.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, other in sys._current_frames().items():
        if ident != own:
            yield f"thread {names.get(ident, ident)}"
            yield "".join(traceback.format_stack(other))


def _chain(waiting: object) -> Iterator[str]:
    """Yield where a suspended coroutine is, and where what it awaits is."""
    while waiting is not None:
        found, inner = None, None
        match waiting:
            case CoroutineType():
                found, inner = waiting.cr_frame, waiting.cr_await
            case GeneratorType():
                found, inner = waiting.gi_frame, waiting.gi_yieldfrom
            case AsyncGeneratorType():
                found, inner = waiting.ag_frame, waiting.ag_await
            case _:  # what an asynchronous generator is awaited by does not tell which one it is
                inner = next((one for one in gc.get_referents(waiting) if isinstance(one, AsyncGeneratorType)), None)
        if found is not None:
            yield f'  File "{inspect.getfile(found)}", line {found.f_lineno}, in {found.f_code.co_name}'
        waiting = inner


class Telling:
    """Shows a failure when it happens: a run that is killed shows no summary."""

    def __init__(self, terminal: TerminalReporter) -> None:
        """Show failures at this terminal."""
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show a failed phase of a test."""
        if report.failed:
            self._terminal.line("")
            self._terminal.write_sep("_", f"{report.when} of {report.nodeid}", red=True)
            report.toterminal(self._terminal._tw)
            for title, text in report.sections:
                self._terminal.write_sep("-", title)
                self._terminal.write_line(text[-20_000:])
            self._terminal.flush()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give more time to what starts whole systems, and much more to what breaks them."""
    for item in items:
        longer = [bound for marker, bound in LONGER.items() if item.get_closest_marker(marker)]
        if longer and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(max(longer)))


def pytest_configure(config: pytest.Config) -> None:
    """Begin to tell, where there is a terminal: the workers of a parallel run have none."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(terminal, TerminalReporter):
        config.pluginmanager.register(Telling(terminal))
