"""``jianfu policy explain``: what every rule says of an act, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from contracts.event import Json
from services.console.numbers import fact_name, fact_value
from services.console.wording import event_title

_ORDER: Final = ("violated", "undetermined", "excused", "complied")
_MET: Final[Mapping[bool | None, str]] = {True: "成立", False: "不成立", None: "无法判断"}


def told(sheet: Json, *, everything: bool) -> list[str]:
    """Say the verdicts on an act, the violated ones first; ``everything``: also why the other rules are silent."""
    verdicts = sorted(sheet["verdicts"], key=lambda one: (_is_hint(one), _ORDER.index(one["verdict"]), one["rule"]))
    counts = Counter(verdict["verdict_title"] for verdict in verdicts)  # in the order of their first
    summed = "，".join(f"{title} {count}" for title, count in counts.items()) or "没有规则针对它"
    silent = sheet["not_applicable"]
    lines = [f"{event_title(sheet['type'])} {sheet['act_id']}：{summed}；另有 {len(silent)} 条规则没有意见。"]
    for verdict in verdicts:
        lines += _verdict(verdict)
    if everything:
        lines += [f"[没有意见] {one['rule']} {one['title']}：{one['why']}" for one in silent]
    return lines


def is_violated(sheet: Json) -> bool:
    """Tell whether a rule is violated; what is only a hint for a person is none."""
    return any(one["verdict"] == "violated" and not _is_hint(one) for one in sheet["verdicts"])


def _is_hint(one: Json) -> bool:
    return bool(one["mode"] == "hint")


def _verdict(one: Json) -> Iterator[str]:
    alert = f"（预警 {one['alert_id']}）" if one["alert_id"] else ""
    yield f"[{one['verdict_title']}] {one['rule']} 第 {one['rule_version']} 版 {one['title']}{alert}"
    if one["reason"]:
        yield f"    {one['reason']}"
    clause = one["clause"]
    yield f"    依据：{clause['document']} {clause['clause']}“{clause['quote']}”"
    yield from _listed("规则包", [f"{one['pack']['title']}（{one['pack']['id']}）"] if one["pack"] else [])
    yield from _listed(
        "数字", (f"{fact_name(name)} {fact_value(name, value, str)}" for name, value in one["numbers"].items())
    )
    yield from _listed("缺少", one["missing"])
    yield from _listed("例外", (_tried(tried) for tried in one["exceptions"]))


def _tried(one: Json) -> str:
    evidence = f"（{one['evidence']}）" if one["evidence"] else ""
    return f"“{one['name']}”{_MET[one['met']]}{evidence}"


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    found = "、".join(items)
    if found:
        yield f"    {title}：{found}"
