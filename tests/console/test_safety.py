"""Nothing leaves the machine, nothing runs that we did not write, and old browsers can read it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kit.auth import Role
from tests.console import fake_data as data
from tests.console.conftest import Browser
from tests.console.test_pages import PAGES

CONSOLE = Path(__file__).resolve().parents[2] / "services" / "console"
OURS = sorted(
    path
    for path in CONSOLE.rglob("*")
    if path.suffix in {".html", ".css", ".js", ".svg"} and "vendor" not in path.parts
)
TOO_NEW_CSS = (
    ":has(",
    ":is(",
    ":where(",
    "@container",
    "@layer",
    "inset:",
    "aspect-ratio",
    "color-mix(",
    "dvh",
    "&:",
    "& ",
)
TOO_NEW_JS = (".at(", "structuredClone", "Object.hasOwn", "findLast", "static {", ".toSorted", ".groupBy", "||=", "&&=")


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside_script = ""
        self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._tag = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class calls it so
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style"):
            self.inside_script += data.strip()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_holds_no_script_no_style_and_no_foreign_address(browse: Browser, path: str) -> None:
    page = await (await browse(Role.ADMIN)).get(path)
    elements = Elements(page.text)
    assert elements.inside_script == ""
    for tag, attributes in elements.found:
        assert tag != "style"
        assert [name for name in attributes if name.startswith("on") or name == "style"] == []
        for name in ("href", "src", "action", "formaction", "data"):
            assert (attributes.get(name) or "/").startswith(("/", "#")), (tag, attributes)
            assert not (attributes.get(name) or "").startswith("//")


@pytest.mark.parametrize("path", [*PAGES, "/static/app.css", "/nowhere", "/login", "/livez"])
async def test_every_answer_carries_the_content_policy(browse: Browser, path: str) -> None:
    answer = await (await browse(Role.OPERATOR)).get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_name_no_other_machine(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == []


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".css"], ids=lambda path: path.name)
def test_styles_stay_within_what_chromium_86_knows(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [feature for feature in TOO_NEW_CSS if feature in text] == []
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".js"], ids=lambda path: path.name)
def test_scripts_stay_within_what_chromium_86_knows(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [feature for feature in TOO_NEW_JS if feature in text] == []
    assert re.findall(r"\beval\(|new Function|innerHTML|document\.write", text) == []


@pytest.mark.parametrize("path", ["/ledgers/documents", f"/acts/{data.act(6)}", f"/acts/{data.act(2)}"])
async def test_a_hostile_title_is_only_text(browse: Browser, path: str) -> None:
    page = (await (await browse(Role.OPERATOR)).get(path)).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


async def test_a_hostile_filter_is_only_text(browse: Browser) -> None:
    page = await (await browse(Role.OPERATOR)).get("/ledgers/documents", params={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text
    alerts = await (await browse(Role.OPERATOR)).get("/alerts", params={"rule": '"><b onclick=x>', "unit": "<i>"})
    assert "<b onclick" not in alerts.text
    assert "<i>" not in alerts.text


async def test_static_files_are_addressed_by_their_content(browse: Browser) -> None:
    client = await browse(Role.OPERATOR)
    page = (await client.get("/rules")).text
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", style)
    assert (await client.get(style)).status_code == 200
