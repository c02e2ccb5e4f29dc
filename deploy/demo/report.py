"""What the demo prints at its end: aligned tables in Chinese. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.demo.asking import LedgerRows
from deploy.demo.key import Comparison, Key, Raised
from kit.columns import padding, width

RESULTS: Final = (("accepted", "收录"), ("duplicate", "重复"), ("conflict", "冲突"), ("rejected", "拒收"))
_MOST_OF_A_TITLE: Final = 36
"""Columns of a document's title."""
_SEVERITIES: Final = {"serious": "严重", "warning": "预警", "info": "提示"}
"""The gravest first."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one part of the input."""

    title: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the report tells."""

    sent: Sequence[Sent]
    ledgers: Sequence[LedgerRows]
    alerts: Sequence[Raised]
    """The standing alerts that rest on the demo's facts alone."""
    others: int
    """Standing alerts that rest on other facts too."""
    of_real: int
    """Those of ``alerts`` that are about real documents."""
    real_documents: int
    comparison: Comparison
    titles: Mapping[str, str]
    seconds: float


def lines(outcome: Outcome, key: Key) -> Iterator[str]:
    """Yield the report line by line."""
    yield ""
    yield "一、收录"
    yield from _indented(_sent(outcome.sent))
    yield ""
    yield "二、台账"
    yield from _indented(table(("台账", "行数"), [(one.title, str(one.rows)) for one in outcome.ledgers], numbers=(1,)))
    yield ""
    yield "三、预警"
    yield from _indented(_alerts(outcome, key))
    yield ""
    yield "四、核对"
    yield from _indented(_compared(outcome, key))
    yield ""
    yield f"用时 {outcome.seconds:.1f} 秒。"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Iterator[str]:
    """Yield a table whose columns are aligned by display width; ``numbers`` are the columns aligned to the right."""
    widths = [max(width(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["─" * (wide // width("─")) for wide in widths], *rows):
        cells = (
            padding(cell, wide) + cell if column in numbers else cell + padding(cell, wide)
            for column, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def cut(text: str, wide: int) -> str:
    """Return a text of at most that width, its end replaced by … where it is longer."""
    if width(text) <= wide:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > wide - 1:
            break
        kept += character
    return f"{kept}…"


def _sent(sent: Sequence[Sent]) -> Iterator[str]:
    whole = Sent("合计", sum((Counter(one.counts) for one in sent), Counter()))
    rows = [
        (one.title, str(sum(one.counts.values())), *(str(one.counts.get(name, 0)) for name, _ in RESULTS))
        for one in (*sent, whole)
    ]
    yield from table(("来源", "事件", *(title for _, title in RESULTS)), rows, numbers=range(1, 6))


def _alerts(outcome: Outcome, key: Key) -> Iterator[str]:
    wanted = Counter(one.rule for one in key.alerts)
    found = Counter(one.rule for one in outcome.alerts)
    cited = {one.rule: (one.document, one.clause) for one in key.alerts}
    cited |= {one.rule: (one.document, one.clause) for one in outcome.alerts}
    graded = {(one.rule, str(one.severity)) for one in key.alerts} | {
        (one.rule, one.severity) for one in outcome.alerts
    }
    gravest = {rule: next(name for grade, name in _SEVERITIES.items() if (rule, grade) in graded) for rule in cited}
    rows = []
    for rule in sorted(cited):
        document, clause = cited[rule]
        agrees = "✓" if wanted[rule] == found[rule] else "✗"
        source = f"{cut(document, _MOST_OF_A_TITLE)} {clause}"
        title = outcome.titles.get(rule, "")
        rows.append((rule, title, gravest[rule], source, str(wanted[rule]), str(found[rule]), agrees))
    rows.append(("合计", "", "", "", str(wanted.total()), str(found.total()), ""))
    yield from table(("规则", "名称", "级别", "依据", "应报", "已报", ""), rows, numbers=(4, 5))


def _compared(outcome: Outcome, key: Key) -> Iterator[str]:
    comparison = outcome.comparison
    if comparison.equal:
        yield f"✓ 脚本埋设的 {len(key.alerts)} 处问题全部报出，每处一次，条款无误；此外没有误报。"
        yield f"✓ 另设 {len(key.near)} 处似是而非的情形（恰好 90 分钟、恰好 5000 字、已经审批……），一处也没有误报。"
    for missing in comparison.missing:
        yield f"✗ 没有报出：{missing.rule} {missing.subject}（{missing.why}）"
    for extra in comparison.unexpected:
        yield f"✗ 不应报出：{extra.rule} {extra.subject}"
    for extra in comparison.repeated:
        yield f"✗ 重复报出：{extra.rule} {extra.subject}"
    sign = "✓" if outcome.of_real == 0 else "✗"
    law = f"按所在地有效的规定报出 {outcome.of_real} 条"
    yield f"{sign} 真实公文 {outcome.real_documents} 件，{law}（逐条说明见 docs/real-documents.md）。"
    if outcome.others:
        yield f"  另有 {outcome.others} 条预警涉及演示之外录入的事项，未参加核对。"


def _indented(rows: Iterator[str]) -> Iterator[str]:
    return (f"  {row}" for row in rows)
