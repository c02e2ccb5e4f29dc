"""Every page for every role: it is drawn, or refused, and shows what the services said."""

import re

import pytest
import structlog
from fastapi import FastAPI

from kit.auth import Role, permissions
from services.console.pages import overview
from tests.console import fake_data as data
from tests.console import fake_ledgers as ledgers
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend

ALERT = data.alerts()[1]["alert_id"]
CLUE = ledgers.clues()[0]["clue_id"]
OFFICE, OPERATOR, DISCIPLINE, ADMIN = Role.OFFICE, Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN
EVERYBODY = {OFFICE, OPERATOR, DISCIPLINE, ADMIN}
WATCHERS = EVERYBODY - {OFFICE}

PAGES = {
    "/": (WATCHERS, "与上年同期相比"),
    "/ledgers/documents": (EVERYBODY, "青政办发〔2026〕46号"),
    "/ledgers/documents?columns=all": (EVERYBODY, "主要列"),
    "/ledgers/meetings": (EVERYBODY, "没有符合条件的记录"),
    f"/acts/{data.act(2)}": (EVERYBODY, "历史与证明"),
    "/alerts": (WATCHERS, "二次会议"),
    "/alerts?state=all&severity=info": (WATCHERS, "联系人及联系方式"),
    f"/alerts/{ALERT}": (WATCHERS, "例外逐条检验"),
    "/clues": (WATCHERS, "已超期"),
    f"/clues/{CLUE}": (WATCHERS, "移交说明"),
    "/precheck/document": (EVERYBODY - {DISCIPLINE}, "正文"),
    "/precheck/meeting": (EVERYBODY - {DISCIPLINE}, "会议名称"),
    "/precheck/inspection": (EVERYBODY - {DISCIPLINE}, "一事一报"),
    "/precheck/secondment": (EVERYBODY - {DISCIPLINE}, "人员代号"),
    "/precheck/certificate": (EVERYBODY - {DISCIPLINE}, "证明事项"),
    "/precheck/compare": (EVERYBODY - {DISCIPLINE}, "上位文件"),
    "/precheck/demand": (EVERYBODY - {DISCIPLINE}, "报送时限"),
    "/rules": (EVERYBODY, "同一教师连续借调不得超过3个月"),
    "/rules/N-05": (EVERYBODY, "专项工作文件 4001 字"),
    "/rules/coverage": (WATCHERS, "工作日历"),
    "/rules/coverage?source=&year=": (WATCHERS, "/12345/qinghe"),
    "/rules/backtests": (WATCHERS, "演示省规则包（征求意见稿）"),
    "/rules/backtests/1": (WATCHERS, "连续借用 121 天"),
    "/rules/shadow": (WATCHERS, "落后现行 6 条"),
    "/sources": ({OPERATOR, ADMIN}, "静默"),
    "/quarantine": ({OPERATOR, ADMIN}, "同一编号内容不同"),
    "/keys": (EVERYBODY, "在表格各行之间移动"),
}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_drawn_for_those_who_may_see_it(browse: Browser, path: str, role: Role) -> None:
    allowed, shown = PAGES[path]
    page = await (await browse(role)).get(path)
    if role in allowed:
        assert page.status_code == 200
        assert shown in page.text
        assert page.headers["cache-control"] == "no-store"
    else:
        assert page.status_code == 403
        assert "您的角色不能使用此功能" in page.text


@pytest.mark.parametrize("role", sorted(EVERYBODY))
async def test_the_navigation_leads_only_where_a_role_may_go(browse: Browser, role: Role) -> None:
    client = await browse(role)
    page = (await client.get("/rules")).text
    nav = page[page.index('<nav class="side"') : page.index("</nav>")]
    brand = page[page.index('class="brand" href="') :].split('"')[3]
    assert (await client.get(brand, follow_redirects=True)).status_code == 200
    paths = [part.split('"')[0] for part in nav.split('href="')[1:]]
    assert paths
    for path in paths:
        assert (await client.get(path, follow_redirects=True)).status_code == 200, path


async def test_a_field_of_the_address_is_named_as_its_label(browse: Browser) -> None:
    client = await browse(OPERATOR)
    page = await client.get("/alerts?severity=worst")
    assert page.status_code == 422
    assert "这些内容不符合要求：等级。" in page.text


async def test_all_columns_begin_with_what_names_the_act(browse: Browser) -> None:
    client = await browse(OPERATOR)
    for path in ("/ledgers/documents", "/ledgers/documents?columns=all"):
        page = (await client.get(path)).text
        titles = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)
        assert titles[:3] == ["日期", "单位", "标题"]


async def test_the_rule_book_tells_who_answers_for_it_and_what_its_packs_set(browse: Browser) -> None:
    client = await browse(Role.OFFICE)
    book = (await client.get("/rules")).text
    for told in (
        "2026-01-02 09:00",
        "审批人签名：密钥 <code>approver-key-001",
        "只管 2019 年一次性的压减",
        f"共 {len(data.RULES)} 条",
    ):
        assert told in book
    rule = (await client.get("/rules/N-05")).text
    assert "上限改为 3\u2009000" in rule
    assert "从严掌握" in rule
    assert "/alerts" not in rule[rule.index("<main") :]  # an office may not go there


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=n-05", {"N-05"}),
        ("q=同一教师", {"SEC-05"}),
        ("grade=hint", set()),
        ("grade=info", {"DOC-19"}),
        ("pack=elsewhere", set()),
        ("pack=qinghe&q=N-05", {"N-05"}),
    ],
)
async def test_the_rule_book_is_narrowed(browse: Browser, asked: str, found: set[str]) -> None:
    page = (await (await browse(OPERATOR)).get(f"/rules?{asked}")).text
    rows = page[page.index("<tbody>") : page.index("</tbody>")]
    assert set(re.findall(r'href="/rules/([A-Z0-9-]+)"', rows)) == found
    assert ("没有符合条件的规则" in page) == (not found)


@pytest.mark.parametrize(("short", "long"), [("/ledgers", "/ledgers/documents"), ("/precheck", "/precheck/document")])
async def test_a_short_address_leads_to_the_first_page(browse: Browser, short: str, long: str) -> None:
    answer = await (await browse(OPERATOR)).get(short)
    assert answer.headers["location"] == long


async def test_every_route_declares_who_may_use_it(console: FastAPI) -> None:
    assert [route for route, roles in permissions(console).items() if roles is None and route[1] != "/static"] == []


@pytest.mark.parametrize(
    ("path", "position"),
    [("/", "12\u2009486"), ("/ledgers/documents", "12\u2009486"), (f"/alerts/{ALERT}", "12\u2009486")],
)
async def test_an_answer_says_how_current_it_is(browse: Browser, path: str, position: str) -> None:
    page = (await (await browse(OPERATOR)).get(path)).text
    assert f"数据截至 第 <b>{position}</b> 条 · 2026-11-20 14:31" in page


async def test_the_services_are_asked_with_the_users_own_token(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(OPERATOR)
    await client.get("/")
    assert set(backend.tokens) == {f"Bearer {client.cookies['jianfu_session']}"}


async def test_an_overview_of_one_year_asks_for_that_year(browse: Browser, backend: FakeBackend) -> None:
    page = await (await browse(OPERATOR)).get("/?year=2024")
    assert "2024 年" in page.text
    asked = {path: query["year"] for _, path, query in backend.asked if "year" in query}
    assert asked == dict.fromkeys(("/v1/counts", "/v1/plans", "/v1/forecasts"), "2024")


async def test_filters_and_pages_of_a_ledger_reach_the_ledger(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(OPERATOR)
    page = await client.get("/ledgers/documents?q=森林&from=2026-01-01&to=&unit=&as_of=2026-11-01T08:00")
    asked = next(query for _, path, query in backend.asked if path == "/v1/ledgers/documents")
    assert asked == {"q": "森林", "from": "2026-01-01", "as_of": "2026-11-01T08:00", "limit": "50"}
    assert "按 2026-11-01 08:00 当时已知的事实显示" in page.text
    first = (await client.get("/ledgers/documents")).text
    following = first.split('rel="next"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = (await client.get(following)).text
    assert "青政办发〔2026〕26号" in second
    assert "青政办发〔2026〕26号" not in first
    assert "回到第一页" in second


async def test_an_export_passes_the_workbook_on(browse: Browser, backend: FakeBackend) -> None:
    answer = await (await browse(OPERATOR)).get("/ledgers/documents/export.xlsx?q=森林")
    assert answer.content == b"PK workbook"
    assert answer.headers["content-disposition"] == 'attachment; filename="documents.xlsx"'
    assert backend.asked[-1][2] == {"q": "森林", "format": "xlsx"}


async def test_an_act_shows_why_and_why_not(browse: Browser) -> None:
    page = (await (await browse(OPERATOR)).get(f"/acts/{data.act(2)}")).text
    order = [
        page.index(word) for word in ("正文 5231 字", "不知道附注是否印有", "未超过限额 50 件", "此规则不涉及这类行为")
    ]
    assert order == sorted(order)
    assert "9c1f" * 16 in page
    assert "更正" in page


async def test_an_act_is_judged_by_the_facts_that_it_is_made_of(browse: Browser, backend: FakeBackend) -> None:
    await (await browse(OPERATOR)).get(f"/acts/{data.act(3)}")
    asked = [path for _, path, _ in backend.asked if path.endswith("/verdicts")]
    assert asked == [f"/v1/acts/{data.act(2)}/verdicts"]  # its history in the fake: one act and its correction


async def test_an_operator_hands_an_alert_over_and_discipline_signs(browse: Browser, backend: FakeBackend) -> None:
    operator, discipline = await browse(OPERATOR), await browse(DISCIPLINE)
    handed = await post(operator, f"/alerts/{ALERT}/hand-over", note=" 已核实 ")
    assert handed.status_code == 303
    assert backend.asked[-1] == ("POST", "/v1/clues", {"alert_id": ALERT, "note": "已核实"})
    place = handed.headers["location"]
    assert "待签收" in (await operator.get(f"/alerts/{ALERT}")).text
    assert "退回理由" not in (await operator.get(place)).text
    assert "退回理由" in (await discipline.get(place)).text
    signed = await post(discipline, f"{place}/receive")
    assert signed.headers["location"] == place
    assert "已签收" in (await operator.get(place)).text
    again = await post(discipline, f"{place}/refuse", reason="不属于本级管辖")
    assert again.status_code == 409
    assert "该线索已经办理" in again.text


async def test_a_refusal_carries_its_reason(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(DISCIPLINE)
    refused = await post(client, f"/clues/{CLUE}/refuse", reason="不属于本级管辖")
    assert refused.status_code == 303
    assert backend.asked[-1][2] == {"reason": "不属于本级管辖"}
    assert (await post(client, f"/clues/{CLUE}/refuse", reason="")).status_code == 422


async def test_a_quarantined_event_is_offered_again(browse: Browser, backend: FakeBackend) -> None:
    answer = await post(await browse(OPERATOR), "/quarantine/q0001/replay")
    assert answer.headers["location"] == "/quarantine"
    assert backend.asked[-1][:2] == ("POST", "/v1/quarantine/q0001/replay")


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/alerts/{'a' * 26}", 404), ("/alerts/x", 422), ("/nowhere", 404), ("/precheck/nothing", 404)],
)
async def test_a_fault_is_a_page_in_the_users_own_frame(browse: Browser, path: str, status: int) -> None:
    page = await (await browse(OPERATOR)).get(path)
    assert page.status_code == status
    assert '<nav class="side"' in page.text
    assert "回到首页" in page.text


async def test_a_fault_of_ours_is_a_page_too_and_logged_once(browse: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    client = await browse(OPERATOR)
    monkeypatch.setattr(overview, "plan_lines", broken)
    with structlog.testing.capture_logs() as logs:
        page = await client.get("/")
    assert page.status_code == 500
    assert "请将时间和页面地址告知系统管理员" in page.text
    assert "ZeroDivisionError" not in page.text
    assert len([line for line in logs if line["log_level"] == "error"]) == 1


async def test_a_service_that_is_away_is_named_and_the_rest_stays(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(OPERATOR)
    backend.down = {"alerts", "forecasts", "rules", "acts"}
    page = await client.get("/")
    assert page.status_code == 200
    assert "监测服务暂时无法访问" in page.text
    assert "年度计划执行" in page.text
    assert "27 / 24" in page.text
    gone = await client.get(f"/alerts/{ALERT}")
    assert gone.status_code == 503
    assert "监测服务" in gone.text
    assert "其他页面仍可使用" in gone.text
    act = await client.get(f"/acts/{data.act(2)}")
    assert act.status_code == 503
    backend.down = set()
    assert "无法访问" not in (await client.get("/")).text


async def test_every_part_of_the_overview_stands_by_itself(browse: Browser, backend: FakeBackend) -> None:
    client = await browse(OPERATOR)
    backend.down = {"alerts", "rules", "forecasts", "counts", "plans", "units", "sources", "clues"}
    page = await client.get("/")
    assert page.status_code == 200
    for service in ("接入服务", "台账服务", "监测服务", "通知服务"):
        assert f"<b>{service}</b>自" in page.text


async def post(client, path: str, **fields: str):
    """Send a form as a browser would, from a page of ours."""
    page = (await client.get("/keys")).text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    return await client.post(
        path, data={"form_token": token, **fields}, headers={"origin": str(client.base_url).rstrip("/")}
    )


async def test_what_senders_numbered_and_never_came_is_named(browse: Browser) -> None:
    page = (await (await browse(OPERATOR)).get("/sources")).text
    assert "报送端对账" in page
    assert "17、208–209" in page
