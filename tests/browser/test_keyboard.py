"""Without a mouse: every page can be reached, read and acted on from the keyboard."""

from playwright.async_api import Page

from kit.auth import Role
from tests.browser.conftest import Stage, Visit
from tests.console import fake_data as data
from tests.console import fake_ledgers as ledgers
from tests.eventually import eventually


async def focused(page: Page) -> str:
    """Return what has the focus, in words."""
    found: str = await page.evaluate(
        "(e => (e.id && '#' + e.id) || e.textContent.trim() || e.name || e.tagName)(document.activeElement)"
    )
    return found


async def test_the_first_stop_skips_the_navigation(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    await page.keyboard.press("Tab")
    assert await focused(page) == "跳到正文"
    box = await page.locator(".skip").bounding_box()
    assert box is not None
    assert box["y"] >= 0
    await page.keyboard.press("Enter")
    assert await focused(page) == "#main"
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_what_has_the_focus_is_seen(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    for _ in range(12):
        await page.keyboard.press("Tab")
        shown = await page.evaluate(
            "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1)(getComputedStyle(document.activeElement))"
        )
        assert shown, await focused(page)


async def test_rows_are_walked_and_opened(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    for key, title in (
        ("j", "二次会议"),
        ("ArrowDown", "文件篇幅"),
        ("ArrowDown", "计划外督查检查"),
        ("k", "文件篇幅"),
    ):
        await page.keyboard.press(key)
        assert await focused(page) == title
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/alerts/{data.alerts()[1]['alert_id']}")


async def test_a_ledger_is_searched(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.OPERATOR)).go("/ledgers/documents")
    await page.keyboard.press("/")
    assert await focused(page) == "q"
    await page.keyboard.type("危房")
    await page.keyboard.press("Enter")
    await eventually(page.locator("#results tbody tr").count, 5)
    assert stage.backend.asked[-1][2].get("q") == "危房" or any(
        query.get("q") == "危房" for *_, query in stage.backend.asked
    )
    assert await page.input_value("[name=q]") == "危房"


async def test_typing_in_a_field_is_only_typing(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    await page.focus("[name=jurisdiction]")
    await page.keyboard.type("jk/")
    assert await page.input_value("[name=jurisdiction]") == "jk/"


async def test_every_place_of_the_navigation_has_a_key(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/rules")
    keys = await page.eval_on_selector_all("nav.side a", "links => links.map(link => link.accessKey)")
    assert keys == [str(number) for number in range(1, 8)]


async def test_discipline_signs_without_a_mouse(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.DISCIPLINE)).go(f"/clues/{ledgers.clues()[0]['clue_id']}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    while await focused(page) != "签收":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_text("已签收").first.wait_for()
    assert stage.backend.clues[0]["state"] == "received"


async def test_a_hash_is_copied_with_a_key(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go(f"/acts/{data.act(2)}")
    await page.focus("[data-copy]")
    await page.keyboard.press("Enter")
    await page.locator("[data-copy]", has_text="已复制").or_(page.get_by_text("请手动复制")).first.wait_for()
