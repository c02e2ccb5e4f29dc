"""``jianfu policy explain``: everything that the API says of an act, in words."""

import pytest

from deploy import cli, explaining
from deploy.target import Target
from tests.factories import convened, fact_of, issued
from tests.monitor.conftest import LONG, Monitor


async def test_a_verdict_is_told_with_its_clause_numbers_gaps_and_exceptions(monitor: Monitor) -> None:
    meeting, document = convened(**LONG), issued()
    await monitor.tell(meeting, document)
    sheet = (await monitor.get(f"/v1/acts/{fact_of(meeting)}/verdicts")).json()
    lines = explaining.told(sheet, everything=False)
    assert lines[0].startswith(f"会议 {fact_of(meeting)}：违反 ")
    version = next(one["rule_version"] for one in sheet["verdicts"] if one["rule"] == "MTG-19")
    head = f"[违反] MTG-19 第 {version} 版 视频会议时长"
    [begin] = [number for number, line in enumerate(lines) if line.startswith(head)]
    told = "\n".join(lines[begin : begin + 5])
    assert "依据：省级解决形式主义突出问题为基层减负若干措施" in told or "90分鐘" in told
    assert "规则包：演示省采用的全部规则（demo-county）" in told
    assert "时长（分钟） 120" in told
    of_document = (await monitor.get(f"/v1/acts/{fact_of(document)}/verdicts")).json()
    text = "\n".join(explaining.told(of_document, everything=True))
    open_ones = [one for one in of_document["verdicts"] if one["missing"]]
    assert open_ones
    for one in open_ones:
        assert f"缺少：{'、'.join(one['missing'])}" in text
    for one in of_document["verdicts"]:
        for tried in one["exceptions"]:
            assert f"“{tried['name']}”" in text
    for one in of_document["not_applicable"]:
        assert f"[没有意见] {one['rule']} {one['title']}：{one['why']}" in text


def test_the_worst_comes_first_and_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clause = {"document": "文件", "clause": "一", "quote": "不得"}
    common = {
        "rule_version": 1,
        "title": "规则",
        "reason": "",
        "clause": clause,
        "pack": None,
        "numbers": {},
        "mode": "rule",
    }
    common |= {"missing": [], "exceptions": [], "alert_id": None}
    kinds = {"complied": "符合", "violated": "违反"}
    verdicts = [
        {**common, "rule": f"MTG-0{number}", "verdict": kind, "verdict_title": title}
        for number, (kind, title) in enumerate(kinds.items())
    ]
    sheet: dict[str, object] = {"act_id": "a", "type": "mtg.convened", "verdicts": verdicts, "not_applicable": []}

    class Answer:
        def json(self) -> dict[str, object]:
            return sheet

    monkeypatch.setattr("deploy.asking.ask", lambda *_: Answer())
    monkeypatch.setattr("deploy.commands.policy.find", lambda *_: Target("http://x", "t"))
    assert cli.main(["policy", "explain", "a"]) == 1
    assert capsys.readouterr().out.index("MTG-01") > 0
    assert explaining.told(sheet, everything=False)[1].startswith("[违反] MTG-01")
    hint = {**verdicts[1], "mode": "hint", "verdict_title": "提示"}
    sheet["verdicts"] = [hint, verdicts[0]]
    assert explaining.told(sheet, everything=False)[0] == "会议 a：符合 1，提示 1；另有 0 条规则没有意见。"
    assert cli.main(["policy", "explain", "a"]) == 0
