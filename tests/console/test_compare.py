"""文本对照: copied passages stand beside each other, and neither text goes anywhere."""

import json
from html import unescape

import pytest
import structlog

from kit.auth import Role
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend
from tests.console.test_pages import post
from tests.copying.measured import bodies


async def test_copied_passages_are_shown_side_by_side_and_the_texts_stay_here(
    browse: Browser, backend: FakeBackend
) -> None:
    with structlog.testing.capture_logs() as logs:
        page = await post(await browse(Role.OFFICE), "/precheck/compare", child=bodies()[2], parent=bodies()[1])
    assert page.status_code == 200
    assert "53% 的文字与上位文件相同，达到照搬照抄的界限" in page.text
    assert page.text.count("<mark>") > 50
    assert "农户" in page.text
    copied = "符合宅基地申请条件的农户"
    assert copied not in json.dumps(backend.asked, ensure_ascii=False)
    assert copied not in json.dumps(logs, ensure_ascii=False)
    assert "书院镇农村村民住房建设管理实行联席会议制度" not in page.text


@pytest.mark.parametrize(
    ("child", "parent", "says"),
    [
        (6, 7, "基本为自己的文字"),
        (41, 48, "正文过短，不作判断"),
        (5, 4, "达到照搬照抄的界限"),
    ],
)
async def test_the_page_says_what_the_share_means(browse: Browser, child: int, parent: int, says: str) -> None:
    page = await post(await browse(Role.OPERATOR), "/precheck/compare", child=bodies()[child], parent=bodies()[parent])
    assert says in unescape(page.text)


@pytest.mark.parametrize(
    ("child", "parent", "says"),
    [
        ("", "甲乙丙丁", "请同时粘贴"),
        ("甲" * 60_001, "甲", "正文过长，超过 60\u2009000 字"),
        ("甲" * 200_000, "甲" * 200_000, "正文过长，超过 60\u2009000 字"),
        ("机密★5年\n各镇应当上报", "甲", "涉密内容不得在本系统中处理"),
    ],
)
async def test_what_cannot_be_compared_is_refused_unseen(browse: Browser, child: str, parent: str, says: str) -> None:
    page = await post(await browse(Role.OFFICE), "/precheck/compare", child=child, parent=parent)
    assert page.status_code == 422
    assert says in page.text
    assert "各镇应当上报" not in page.text


@pytest.mark.parametrize("repeated", ["甲", "上报台账"])
async def test_the_longest_texts_that_repeat_one_thing_are_compared(browse: Browser, repeated: str) -> None:
    text = (repeated * 60_000)[:60_000]
    page = await post(await browse(Role.OFFICE), "/precheck/compare", child=text, parent=text)
    assert "100% 的文字与上位文件相同" in page.text


async def test_what_is_pasted_is_text_and_no_markup(browse: Browser) -> None:
    sentence = "<b>各镇人民政府应当在每年第一季度</b>内完成农村道路的排查逐条登记病害报区交通部门核定后安排维修。"
    page = await post(await browse(Role.OFFICE), "/precheck/compare", child=sentence * 3, parent=sentence * 3)
    assert "<b>各镇" not in page.text
    assert "&lt;/b&gt;" in page.text
