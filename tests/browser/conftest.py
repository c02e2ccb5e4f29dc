"""Fixtures for a real browser: Debian's Chromium, each page watched for foreign requests and for complaints."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, async_playwright

from kit.auth import Role
from tests.console.fake_backend import FakeBackend
from tests.console.stage import KeyPair, console_over, make_keys, ticket_of
from tests.serving import served

OFFICE_SCREEN: ViewportSize = {"width": 1366, "height": 768}
MISSING = "缺少浏览器：apt-get install --no-install-recommends chromium fonts-noto-cjk"
SHOTS = "SCREENSHOTS"
"""Environment variable with a folder where screenshots are kept."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=zh-CN"]
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


@dataclass
class Watch:
    """What a page did besides showing itself."""

    page: Page
    home: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != self.home:
            self.foreign.append(request.url)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def go(self, path: str) -> Page:
        await self.page.bring_to_front()  # in the background a live list rests
        await self.page.goto(self.home + path)
        return self.page


@dataclass(frozen=True)
class Shots:
    """Keeps pictures where somebody wants them: drawing whole pages takes longer than looking at them."""

    folder: Path | None

    async def take(self, page: Page, name: str, *, whole: bool = True) -> None:
        """Keep a picture of a page, also of what lies below the screen, or of the screen alone."""
        if self.folder is not None:
            await page.screenshot(path=self.folder / f"{name}.png", full_page=whole)

    async def print(self, page: Page, name: str, **options: Any) -> bytes:
        """Return a page as it is printed."""
        path = None if self.folder is None else self.folder / f"{name}.pdf"
        return await page.pdf(path=path, **options)


@pytest.fixture(scope="session")
def shots() -> Shots:
    """Give what keeps pictures in the folder that the environment names."""
    kept = os.environ.get(SHOTS)
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
    return Shots(Path(kept) if kept else None)


@dataclass
class Stage:
    """A console over a fake backend, both on this machine's network."""

    url: str
    backend: FakeBackend
    keys: KeyPair


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Stage]:
    del chromium  # without a browser there is nothing to serve
    keys, backend = make_keys(tmp_path_factory.mktemp("keys")), FakeBackend()
    async with served(backend.app) as services, console_over(services, keys) as app, served(app) as url:
        yield Stage(url, backend, keys)
        await backend.hang_up()


Desk = Callable[[Role, bool], Awaitable[BrowserContext]]


class Visit(Protocol):
    """Opens a browser of an office PC, signed in with a role."""

    async def __call__(self, role: Role, *, scripts: bool = True) -> Watch: ...


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(stage: Stage, chromium: Browser) -> AsyncIterator[Desk]:
    """Give a function to the PC of a role, which stays signed in: to start a browser takes longer than most tests."""
    desks: dict[tuple[Role, bool], BrowserContext] = {}

    async def desk_of(role: Role, scripts: bool) -> BrowserContext:
        if (role, scripts) not in desks:
            desks[role, scripts] = context = await open_context(chromium, scripts=scripts)
            watch = await watch_page(context, stage.url)
            await watch.go(f"/login?ticket={ticket_of(stage.keys, role)}")
            await watch.page.wait_for_selector("nav.side")
            await watch.page.close()
            assert (watch.foreign, watch.complaints) == ([], [])
        return desks[role, scripts]

    yield desk_of
    for context in desks.values():
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(stage: Stage, office: Desk) -> AsyncIterator[Visit]:
    """Give a function that opens a page on an office PC, signed in with a role; every page must behave."""
    stage.backend.begin()
    opened: list[Watch] = []

    async def open_page(role: Role, *, scripts: bool = True) -> Watch:
        opened.append(await watch_page(await office(role, scripts), stage.url))
        return opened[-1]

    yield open_page
    for watch in opened:
        await watch.page.close()
    for watch in opened:
        assert watch.foreign == []
        assert watch.complaints == []


async def open_watch(chromium: Browser, url: str) -> tuple[BrowserContext, Watch]:
    """Open an office PC's browser on a console and watch it."""
    context = await open_context(chromium)
    return context, await watch_page(context, url)


async def open_context(chromium: Browser, *, scripts: bool = True) -> BrowserContext:
    """Start the browser of an office PC."""
    return await chromium.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport=OFFICE_SCREEN, java_script_enabled=scripts
    )


async def watch_page(context: BrowserContext, url: str) -> Watch:
    """Open a page of a console and watch it."""
    watch = Watch(await context.new_page(), url)
    watch.page.set_default_timeout(60_000)  # costs nothing where a page is fast
    watch.page.on("request", watch.on_request)
    watch.page.on("console", watch.on_console)
    watch.page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    return watch
