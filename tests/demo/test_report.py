"""The demo's report: aligned for wide characters, and plain about what differs from the key."""

import pytest

from deploy.demo.asking import LedgerRows
from deploy.demo.key import Comparison, Raised, compare, read_key
from deploy.demo.report import Outcome, Sent, cut, lines, table
from kit.columns import width

KEY = read_key()
ALL = tuple(Raised(one.rule, one.resolved, one.severity, one.document, one.clause, ("a",)) for one in KEY.alerts)


def report(alerts, **changed) -> list[str]:
    given = {
        "sent": [Sent("真实公文", {"accepted": 248}), Sent("青禾县", {"accepted": 1800, "duplicate": 48})],
        "ledgers": [LedgerRows("发文台账", 581)],
        "alerts": alerts,
        "others": 0,
        "of_real": 0,
        "real_documents": 206,
        "comparison": compare(tuple(alerts), KEY),
        "titles": {"MTG-19": "视频会议时长"},
        "seconds": 12.34,
        **changed,
    }
    return list(lines(Outcome(**given), KEY))


def test_columns_line_up_by_display_width():
    rows = list(table(("规则", "n"), [("发文", "1"), ("MTG-19", "1234")], numbers=(1,)))
    assert rows == ["规则       n", "──────  ────", "发文       1", "MTG-19  1234"]
    assert {width(row) for row in rows} == {12}


@pytest.mark.parametrize(("text", "shown"), [("甲乙丙", "甲乙丙"), ("甲乙丙丁", "甲乙…"), ("abcdefg", "abcde…")])
def test_a_long_title_is_cut_to_its_columns(text, shown):
    assert cut(text, 6) == shown
    assert width(shown) <= 6


def test_when_all_is_found_it_says_so():
    said = "\n".join(report(ALL))
    assert f"✓ 脚本埋设的 {len(KEY.alerts)} 处问题全部报出" in said
    assert "✗" not in said
    assert "视频会议时长" in said
    assert "用时 12.3 秒" in said


def test_each_difference_from_the_key_is_named():
    extra = Raised("MTG-19", "surplus", "warning", "某文件", "1", ("a",))
    said = "\n".join(report([*ALL[1:], extra, extra], of_real=2, others=3))
    assert f"✗ 没有报出：{KEY.alerts[0].rule} {KEY.alerts[0].subject}" in said
    assert "✗ 不应报出：MTG-19 surplus" in said
    assert "✗ 重复报出：MTG-19 surplus" in said
    assert "✗ 真实公文 206 件，按所在地有效的规定报出 2 条" in said
    assert "另有 3 条预警" in said
    assert "✓ 脚本埋设" not in said


@pytest.mark.parametrize("part", ["subject", "severity", "document", "clause"])
def test_an_alert_with_another_clause_or_severity_is_not_the_expected_one(part):
    changed = [*ALL[1:], Raised(**{**{name: getattr(ALL[0], name) for name in Raised.__slots__}, part: "another"})]
    assert compare(tuple(changed), KEY) == Comparison((KEY.alerts[0],), (changed[-1],), ())
