"""规则 › 影子运行 says what became of the candidate in each of its states."""

from typing import Any

import pytest

from kit.auth import Role
from tests.console import fake_data as data
from tests.console.conftest import Browser

PLAIN = data.shadow()["shadow"]
STATES: dict[str, tuple[dict[str, Any] | None, str, str]] = {
    "none": (None, "没有候选规则在影子运行", "候选规则包"),
    "from the start": ({**PLAIN, "report": None, "behind": 9000}, "赶上现行之后显示差别", "新增的预警"),
    "abreast": ({**PLAIN, "behind": 0}, "与现行同步", "落后现行"),
    "alike": ({**PLAIN, "report": {**PLAIN["report"], "rules": []}}, "到目前为止，两边的预警没有差别", "SEC-05</a>"),
    "broken": ({**PLAIN, "report": None, "trouble": "判定出错"}, "现行规则照常判定，不受影响", "赶上现行之后"),
}


@pytest.mark.parametrize("state", STATES)
async def test_the_page_says_how_it_stands(browse: Browser, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    shadow, said, unsaid = STATES[state]
    monkeypatch.setattr(data, "shadow", lambda: {"shadow": shadow, "current": data.CURRENT})
    page = (await (await browse(Role.OPERATOR)).get("/rules/shadow")).text
    assert said in page
    assert unsaid not in page
