"""The pages in a real browser: they fit an office screen, keep to the content policy, live, and print."""

import re

import pytest
from playwright.async_api import Route

from kit.auth import Role
from tests.browser.conftest import OFFICE_SCREEN, Shots, Stage, Visit
from tests.console import fake_data as data
from tests.console import fake_ledgers as ledgers
from tests.copying.measured import bodies
from tests.eventually import eventually

ALERT = data.alerts()[1]["alert_id"]
CLUE = ledgers.clues()[0]["clue_id"]
PAGES = {
    Role.OPERATOR: {
        "overview": "/",
        "ledger": "/ledgers/documents",
        "ledger-all-columns": "/ledgers/documents?columns=all",
        "act": f"/acts/{data.act(2)}",
        "alerts": "/alerts",
        "dossier": f"/alerts/{ALERT}",
        "sources": "/sources",
        "quarantine": "/quarantine",
        "coverage": "/rules/coverage",
        "backtests": "/rules/backtests",
        "backtest": "/rules/backtests/1",
        "shadow": "/rules/shadow",
        "keys": "/keys",
        "fault": f"/alerts/{'a' * 26}",
    },
    Role.DISCIPLINE: {"clues": "/clues", "clue": f"/clues/{CLUE}"},
    Role.OFFICE: {
        "precheck-document": "/precheck/document",
        "precheck-meeting": "/precheck/meeting",
        "precheck-compare": "/precheck/compare",
        "rules": "/rules",
        "rule": "/rules/N-05",
    },
}
TINY_TEXT = """
[...document.querySelectorAll("main *")]
  .filter(e => e.checkVisibility() && e.childElementCount === 0 && e.textContent.trim())
  .filter(e => parseFloat(getComputedStyle(e).fontSize) < 10).map(e => e.textContent.trim())
"""


@pytest.mark.parametrize("role", PAGES)
async def test_every_page_fits_an_office_screen(visit: Visit, shots: Shots, role: Role) -> None:
    watch = await visit(role)
    for name, path in PAGES[role].items():
        page = await watch.go(path)
        await shots.take(page, name)
        assert await page.evaluate("document.documentElement.scrollWidth") == OFFICE_SCREEN["width"], name
        assert await page.evaluate(TINY_TEXT) == [], name


async def test_the_overview_draws_its_charts_as_text_that_can_be_read(visit: Visit) -> None:
    page = await (await visit(Role.OPERATOR)).go("/")
    await page.wait_for_selector(".chart[data-drawn] svg")
    assert await page.locator(".chart svg").count() == 6
    assert await page.locator(".chart svg text").count() > 12
    await page.click("summary:has-text('按月数据表')")
    assert await page.locator("details.data table").first.is_visible()


async def test_a_new_alert_appears_by_itself_and_is_counted(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.OPERATOR)).go("/")
    await page.wait_for_selector(".live-on")
    before = int(await page.inner_text(".kpi b"))
    await stage.backend.raise_alert(90, "MTG-06", "qh.yjj", "又一次 <二次会议>")
    first = page.locator("#live li").first
    await first.get_by_text("又一次 <二次会议>").wait_for()
    assert "青禾县应急管理局" in await first.inner_text()
    assert await page.locator("#live li").count() == 10
    await eventually(lambda: page.inner_text(".kpi b"), str(before + 1))
    await stage.backend.raise_alert(90, "MTG-06", "qh.yjj", "改成了三次", change="amended", revision=2)
    await first.get_by_text("改成了三次").wait_for()
    assert await page.get_by_text("又一次").count() == 0


async def test_a_list_lives_however_late_its_script_comes(visit: Visit) -> None:
    watch = await visit(Role.OPERATOR)

    async def late(route: Route) -> None:
        await watch.page.wait_for_function("window.htmx")
        await watch.page.evaluate("new Promise(done => setTimeout(done, 20))")  # what is planned already has run
        await route.continue_()

    await watch.page.route("**/hx-sse.js*", late)
    await (await watch.go("/alerts")).wait_for_selector(".live-on")


async def test_the_list_takes_only_what_its_filter_lets_through(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    await page.wait_for_selector(".live-on")
    await page.select_option("select[name=severity]", "info")
    await eventually(page.locator("#live tr").count, 1)
    await eventually(lambda: "severity=info" in page.url)
    await page.wait_for_selector(".live-on")
    await stage.backend.raise_alert(91, "MTG-06", "qh.yjj", "严重的一条")
    await stage.backend.raise_alert(92, "DOC-19", "qh.yjj", "提示的一条")
    await page.get_by_text("提示的一条").wait_for()
    assert await page.get_by_text("严重的一条").count() == 0
    retracted = {**stage.backend.alerts[0], "change": "retracted", "state": "retracted"}
    await stage.backend.tell(retracted)
    await page.get_by_text("提示的一条").wait_for(state="detached")


async def test_a_broken_stream_is_told_and_mended(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.OPERATOR)).go("/alerts")
    await page.wait_for_selector(".live-on")
    stage.backend.down = {"stream"}
    await stage.backend.hang_up()
    await page.wait_for_selector(".live-off")
    await stage.backend.raise_alert(93, "MTG-06", "qh.yjj", "断开时的一条")
    stage.backend.down = set()
    await page.get_by_text("断开时的一条").wait_for()
    assert await page.locator(".live-on").count() == 1


async def test_a_draft_is_judged_beside_its_form(visit: Visit) -> None:
    page = await (await visit(Role.OFFICE)).go("/precheck/document")
    assert await page.input_value("[name=unit_id]") == "qh.zfb"
    await page.fill("[name=f_heading]", "关于开展排查的通知")
    await page.fill("[name=f_dated]", "2026-11-20")
    await page.fill("[name=f_body]", "各乡镇要压实责任。" * 100)
    await page.click("button.primary")
    await page.get_by_text("有 1 项不符合规定").wait_for()
    assert await page.input_value("[name=f_body]")
    await page.fill("[name=f_pages]", "十")
    await page.click("button.primary")
    await page.get_by_text("页数：应为整数").wait_for()


async def test_a_handover_is_confirmed_and_can_be_called_off(visit: Visit, stage: Stage) -> None:
    page = await (await visit(Role.OPERATOR)).go(f"/alerts/{ALERT}")
    page.once("dialog", lambda dialog: dialog.dismiss())
    await page.click(".hand-over button")
    assert page.url.endswith(ALERT)
    assert len(stage.backend.clues) == 4
    page.once("dialog", lambda dialog: dialog.accept())
    await page.fill("#note", "已核实")
    await page.click(".hand-over button")
    await page.wait_for_url("**/clues/*")
    assert stage.backend.clues[0]["note"] == "已核实"


async def test_without_scripts_the_pages_still_work(visit: Visit) -> None:
    watch = await visit(Role.OPERATOR, scripts=False)
    page = await watch.go("/")
    assert await page.locator(".kpi").count() == 6
    await watch.go("/alerts")
    await page.select_option("select[name=severity]", "serious")
    await page.click("text=筛选 >> visible=true")
    assert "severity=serious" in page.url
    assert await page.locator("#live tr").count() == 3
    await watch.go("/precheck/certificate")
    await page.fill("[name=unit_id]", "青禾县民政局")
    await page.fill("[name=f_item]", "婚姻状况证明")
    await page.click("button.primary")
    assert "有 1 项不符合规定" in await page.inner_text("#verdicts")
    assert await page.input_value("[name=f_item]") == "婚姻状况证明"


@pytest.mark.parametrize(
    ("path", "wide"),
    [(f"/alerts/{ALERT}", False), ("/", False), ("/ledgers/documents", True), ("/rules/backtests/1", True)],
)
async def test_a_page_prints_on_a4_without_navigation(visit: Visit, shots: Shots, path: str, *, wide: bool) -> None:
    page = await (await visit(Role.OPERATOR)).go(path)
    await page.emulate_media(media="print")
    for part in (".side", ".tools", ".filters", ".hand-over", "button"):
        for one in await page.locator(part).all():
            assert not await one.is_visible(), part
    assert await page.locator(".printed").is_visible()
    printed = await shots.print(page, f"print-{path.strip('/').replace('/', '-')[:15]}", prefer_css_page_size=True)
    boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox ?\[([^\]]+)\]", printed)}
    assert boxes == {(0, 0, 842, 595) if wide else (0, 0, 595, 842)}


async def test_two_texts_are_laid_side_by_side_and_print_well(visit: Visit, shots: Shots) -> None:
    page = await (await visit(Role.OFFICE)).go("/precheck/compare")
    await page.fill("[name=child]", bodies()[5])
    await page.fill("[name=parent]", bodies()[4])
    await page.click("button.primary")
    await page.get_by_text("达到照搬照抄的界限").wait_for()
    assert await page.input_value("[name=child]")
    await shots.take(page, "compare")
    await page.emulate_media(media="print")
    assert not await page.locator("form.draft").is_visible()
    assert await page.locator(".passages mark").first.is_visible()
    assert await shots.print(page, "compare", format="A4")
