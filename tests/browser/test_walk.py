"""The walk of the five acts through the real system: posted, listed, alerted with its clause, handed over, signed for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from deploy import tokens
from kit.auth import Principal, Role
from services.console.wording import LEDGERS
from tests import factories
from tests.browser.conftest import Shots, Watch, open_watch
from tests.eventually import eventually
from tests.factories import Event
from tests.system.running import Running, up

pytestmark = pytest.mark.system

COUNTY, TOWN_PLACE = "990101", "990101001"
OFFICE, SCHOOL, DESK, PROVINCE = "990101.gov-office", "990101.school-1", "990101.discipline", "99.office"
CONSENTS = [
    {"kind": "教育部门同意", "level": 3, "ref": "青教〔2025〕8号", "given_on": "2025-02-20"},
    {"kind": "党委审批备案", "level": 3, "ref": "青组〔2025〕5号", "given_on": "2025-02-25"},
]


def units() -> list[Event]:
    """Return the offices of the county, the one above them, and the desk that signs for clues."""
    table = [
        (PROVINCE, "中共演示省委办公厅", "办公室", 1, "99", None),
        ("990101.committee", "中共青禾县委", "党委", 3, COUNTY, PROVINCE),
        (OFFICE, "青禾县人民政府办公室", "办公室", 3, COUNTY, "990101.committee"),
        ("990101.education", "青禾县教育局", "部门", 3, COUNTY, OFFICE),
        (SCHOOL, "青禾县第一小学", "学校", 3, COUNTY, "990101.education"),
        (DESK, "青禾县纪律检查委员会", "纪检监察", 3, COUNTY, None),
    ]
    return [
        factories.registered(
            id=f"unit-{unit}", source="/99/units", time="2020-01-01T09:00:00+08:00", place=place,
            data={"unit": unit, "name": name, "kind": kind, "level": level, "place": place, "superior": superior},
        )
        for unit, name, kind, level, place, superior in table
    ]  # fmt: skip


def setting() -> list[Event]:
    """Return what the acts are judged against: units, the list of certificates, a superior's meeting, the day."""
    matter = {"matter": "春季森林草原防火"}
    above = factories.convened(
        id="m-province", source="/99/province-oa", unit=PROVINCE, place="99", time="2025-04-08T09:00:00+08:00",
        topic="全省春季森林草原防火视频会议", meeting_class="二类", mode="电视电话", level=1, reach_level=3,
        starts_at="2025-04-08T09:00:00+08:00", ended_at="2025-04-08T10:00:00+08:00", units=[OFFICE], **matter,
    )  # fmt: skip
    listed = factories.listed(id="list-1", source="/99/lists", time="2025-01-02T09:00:00+08:00", place=COUNTY)
    return [
        *units(),
        listed,
        above,
        factories.day_ended(id="day-0630", time="2025-07-01T00:00:00+08:00", day="2025-06-30"),
    ]


@dataclass(frozen=True)
class Step:
    """One of the five acts and what must be seen of it."""

    name: str
    facts: tuple[Event, ...]
    ledger: str
    listed: str
    rule: str
    clause: str
    """A part of the quoted clause."""
    says: str
    """A part of the alert's summary."""


STEPS = (
    Step(
        "document",
        (
            factories.issued(
                id="d-1", unit=OFFICE, place=COUNTY, time="2025-09-16T09:00:00+08:00",
                heading="关于印发《青禾县秋季安全生产专项行动方案》的通知", doc_no="青政办发〔2025〕1号", dated="2025-09-16",
                doc_class="专项", char_count=5231, approval_ref="县长办公会纪要〔2025〕3号",
                has_contact_name=True, has_contact_phone=True,
            ),
        ),
        "documents", "青政办发〔2025〕1号", "DOC-22", "文件超字数、照搬照抄", "5231 字",
    ),
    Step(
        "meeting",
        (
            factories.convened(
                id="m-1", unit=OFFICE, place=COUNTY, time="2025-04-11T09:00:00+08:00", matter="春季森林草原防火",
                topic="全县春季森林草原防火工作部署会议", level=3, approval_ref="已批",
                starts_at="2025-04-11T09:00:00+08:00", ended_at="2025-04-11T10:30:00+08:00",
            ),
        ),
        "meetings", "全县春季森林草原防火工作部署会议", "MTG-06", "不得召开“二次会议”部署", "属“二次会议”",
    ),
    Step(
        "inspection",
        (
            factories.launched(
                id="i-1", unit=OFFICE, place=COUNTY, time="2025-05-06T09:00:00+08:00", topic="“百日攻坚”督导检查", kind="专项",
            ),
        ),
        "inspections", "“百日攻坚”督导检查", "INS-02", "一事一报", "未列入年度督查检查考核计划",
    ),
    Step(
        "teacher",
        (
            factories.started(
                id="s-1", unit="990101.education", place=COUNTY, time="2025-03-03T09:00:00+08:00", loan="jx-2025-1",
                person="p_teacher_01", from_unit=SCHOOL, from_level=3, from_kind="学校", to_unit="990101.education", to_level=3,
                started_on="2025-03-03", major_task=True, consents=CONSENTS,
            ),
            factories.ended(
                id="s-2", unit="990101.education", place=COUNTY, time="2025-06-20T17:00:00+08:00", loan="jx-2025-1",
                person="p_teacher_01", ended_on="2025-06-20",
            ),
        ),
        "secondments", "jx-2025-1", "SEC-05", "同一教师连续借用时间不得超过3个月", "超过 3 个月",
    ),
    Step(
        "certificate",
        (
            factories.certificate(
                id="c-1", unit=OFFICE, place=COUNTY, time="2025-05-20T09:00:00+08:00", matter="低保申请",
            ),
        ),
        "certificates", "婚姻状况证明", "CRT-01", "不应由基层群众性自治组织出具", "列入不应出具清单",
    ),
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Running]:
    del chromium  # without a browser there is nothing to run for
    async with up(tmp_path_factory.mktemp("walk") / "home") as running:
        yield running


async def post(running: Running, facts: list[Event]) -> None:
    """Hand facts to intake as an adapter does."""
    headers = running.bearer("adapter") | {"content-type": "application/cloudevents-batch+json"}
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(f"{running.url('intake')}/v1/events", json=facts, headers=headers)
    assert answer.status_code == 200, answer.text
    assert {one["result"] for one in answer.json()["results"]} == {"accepted"}, answer.text


async def sign_in(running: Running, chromium: Browser, role: Role) -> Watch:
    """Open a browser and come in with the link that the command line prints."""
    principal = Principal(f"{role.value}@qinghe", role, COUNTY)
    token = tokens.issue(running.root, principal, lifetime=timedelta(hours=1))
    _, watch = await open_watch(chromium, running.url("console"))
    await watch.page.goto(tokens.login_link(running.root, running.url("console"), token))
    await watch.page.wait_for_selector("nav.side")
    return watch


async def test_the_walk_of_the_five_acts(system: Running, chromium: Browser, shots: Shots) -> None:
    await post(system, setting())
    operator = await sign_in(system, chromium, Role.OPERATOR)
    discipline = await sign_in(system, chromium, Role.DISCIPLINE)
    for step in STEPS:
        summary = await appears_by_itself(system, operator, step)
        await is_in_its_ledger(operator, step)
        clue = await is_handed_over(operator, step, summary, shots)
        await is_signed_for(discipline, clue, summary)
        page = await operator.go(clue)
        assert await page.get_by_text("已签收").count() > 0
    page = await operator.go("/")
    await page.wait_for_selector(".chart[data-drawn]")
    await shots.take(page, "walk-overview", whole=False)
    page = await operator.go("/clues")
    assert await page.locator(".lane.received .clue").count() == len(STEPS)
    for watch in (operator, discipline):
        assert watch.foreign == []
        assert watch.complaints == []
        await watch.page.context.close()


async def appears_by_itself(system: Running, operator: Watch, step: Step) -> str:
    """Post the act while the alerts are on the screen; return what the new row says."""
    page = await operator.go(f"/alerts?rule={step.rule}")
    await page.wait_for_selector(".live-on")
    assert await page.locator("#live tr").count() == 0
    await post(system, list(step.facts))
    row = page.locator("#live tr").first
    await row.wait_for()
    summary = await row.locator(".sum").first.inner_text()
    assert step.says in summary, (step.name, summary)
    return summary


async def is_in_its_ledger(operator: Watch, step: Step) -> None:
    """Find the act in its ledger, open it, and see its proof and the verdict with its clause."""

    async def listed() -> bool:
        """Ask for the page anew: the ledger may take the act in after the monitor."""
        page = await operator.go(f"/ledgers/{step.ledger}")
        return await page.locator("tr", has_text=step.listed).locator(".row-link").count() == 1

    await eventually(listed)
    page = operator.page
    assert await page.locator(f".tabs [aria-current]:has-text('{LEDGERS[step.ledger]}')").count() == 1
    await page.locator("tr", has_text=step.listed).locator(".row-link").click()
    judged = page.locator(".judged.violated", has_text=step.rule)
    await judged.wait_for()
    assert step.clause in await judged.inner_text()
    assert await page.locator(".history .hash").count() >= 1
    await judged.get_by_text("预警卷宗").click()
    await page.locator(".paper-head").wait_for()


async def is_handed_over(operator: Watch, step: Step, summary: str, shots: Shots) -> str:
    """Read the dossier and hand it over; return the path of the clue."""
    page = operator.page
    text = await page.inner_text(".paper")
    assert step.clause in text
    assert summary.removesuffix("…")[:20] in text
    assert f"jianfu alert replay {page.url.rsplit('/', 1)[1]}" in text
    await shots.take(page, f"walk-{step.name}")
    await page.fill("#note", "已与单位核实。")
    page.once("dialog", lambda dialog: dialog.accept())
    await page.click(".hand-over button")
    await page.wait_for_url("**/clues/*")
    assert await page.get_by_text("待签收").count() > 0
    assert await page.get_by_text("青禾县纪律检查委员会").count() > 0
    return page.url.removeprefix(operator.home)


async def is_signed_for(discipline: Watch, clue: str, summary: str) -> None:
    """Let the discipline desk find the clue on its board and sign for it."""
    page: Page = await discipline.go("/clues")
    await page.locator(f".lane.open a[href='{clue}']").click()
    await page.locator(".paper-head").wait_for()
    assert summary.removesuffix("…")[:20] in await page.inner_text(".paper")
    await page.click(".sign button.primary")
    await page.locator(".clue-received").wait_for()
