"""``jianfu policy backtest``: two books over the facts of a running system, and the report as text."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from contracts.event import Json
from contracts.workdays import builtin
from deploy.embedded.errors import Unusable
from kit import clock
from kit.db import connect_pool
from services.console.wording import SEVERITIES
from services.monitor import store_policy
from services.monitor.backtest import Asked, Compared, Files, compare, place_for, seated
from services.monitor.book import shipped
from services.monitor.rulebook import RuleBroken

_KINDS: Final[Mapping[str, str]] = {"raised": "新增", "gone": "消失", "changed": "变化"}
_NAMED: Final = 10
"""Rules that are named of those that differ."""
_POLITE: Final = 10
"""Steps by which the process gives way to the live services."""
_EVERY: Final = 2000
"""Facts between two lines of progress."""


def run(arguments: argparse.Namespace, address: str) -> int:
    """Compare, print, and keep the report unless told not to; 0 without a difference, 1 with one."""
    compared = _books(arguments)
    os.nice(_POLITE)
    try:
        number = asyncio.run(_run(compared, address, keep=not arguments.dry_run))
    except OSError as error:
        raise Unusable(f"连不上监测的数据库（{type(error).__name__}）。系统在运行吗？") from error
    report = compared.report()
    print("\n".join(told(report)))
    if number is not None:
        print(f"已存为第 {number} 次回测，可在控制台“规则 › 回测”查看和打印。")
    return int(differs(report))


def differs(report: Json) -> bool:
    """Tell whether two books raise other alerts."""
    return any(rule[kind] for rule in report["rules"] for kind in _KINDS)


def _books(arguments: argparse.Namespace) -> Compared:
    live = Files(*shipped())
    try:
        over = candidate_files(arguments)
        candidate = Files({**live.rules, **over.rules}, {**live.packs, **over.packs})
        place = place_for(candidate.packs, arguments.pack, arguments.against, arguments.place)
        asked = Asked(arguments.pack, arguments.against, place, arguments.since, arguments.until)
        first = seated(candidate, arguments.pack, arguments.against, place)
        second = seated(live, arguments.against, arguments.pack, place)
    except RuleBroken as error:
        raise Unusable(f"规则文件有误：{error}") from error
    return Compared(asked, first, second)


def candidate_files(arguments: argparse.Namespace) -> Files:
    """Return the texts of the rule and pack files that are tried, which stand over those that ship."""
    return Files(_texts(arguments.rules), _texts(arguments.packs))


def _texts(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    try:
        found = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"读不了目录 {folder} 中的规则文件（{type(error).__name__}）。") from error
    if not found:
        raise Unusable(f"目录 {folder} 中没有 .toml 文件。")
    return found


async def _run(compared: Compared, address: str, *, keep: bool) -> int | None:
    shown = 0

    async def progress(done: int, total: int) -> None:
        nonlocal shown
        if done - shown >= _EVERY or done == total:
            shown = done
            sys.stderr.write(f"已比对 {done}/{total} 件\n")

    async with await connect_pool(address, size=2, schema="monitor", name="monitor-backtest", scans=True) as pool:
        await compare(pool, compared, builtin(), progress)
        if not keep:
            return None
        async with pool.acquire() as db:
            return await store_policy.put_backtest(db, compared.asked.place, clock.now(), compared.report())


def told(report: Json, what: str = "回测") -> Sequence[str]:
    """Say what came of a comparison, a line for each rule that differs with its examples."""
    pack, against = report["pack"], report["against"]
    lines = [
        f"{what}：{pack['title']}（{pack['id']}）对照 {against['title']}（{against['id']}）",
        f"辖区 {report['jurisdiction']}，{_period(report)}，行为 {report['acts']} 件，日志截至第 {report['position']} 条。",
        f"两边不同的规则 {len(report['compared'])} 条{some(report['compared'])}。",
    ]
    for rule in report["rules"]:
        counts = "，".join(f"{title} {rule[kind]}" for kind, title in _KINDS.items())
        lines.append(f"{rule['rule']} {rule['title']}：{counts}，相同 {rule['same']}")
        lines += [_example(title, one) for kind, title in _KINDS.items() for one in rule["examples"].get(kind, ())]
    if not differs(report):
        lines.append("预警没有差别。")
    return lines


def _period(report: Json) -> str:
    since, until = report["from"], report["to"]
    return f"{since or '最早'} 至 {until or '最近'}" if since or until else "全部时间"


def some(rules: Sequence[str]) -> str:
    """Return the first of the rules that differ, as the end of a sentence that counts them."""
    more = " 等" if len(rules) > _NAMED else ""
    return f"：{'、'.join(rules[:_NAMED])}{more}" if rules else ""


def _example(title: str, one: Mapping[str, Any]) -> str:
    now, before = one["now"], one["before"]
    said = now["summary"] if now else before["summary"]
    was = f"（{_change(now, before)}）" if now and before else ""
    return f"  {title}  {one['happened_on']} {one['unit']} {said}{was}"


def _change(now: Mapping[str, str], before: Mapping[str, str]) -> str:
    """Return in what an alert differs: its words, its grade, the clause that it cites; else the acts that it names."""
    words = [f"原为：{before['summary']}"] if now["summary"] != before["summary"] else []
    grades = [f"等级由{SEVERITIES[before['severity']]}改为{SEVERITIES[now['severity']]}"]
    clauses = [f"依据由 {before['clause']} 改为 {now['clause']}"]
    words += grades if now["severity"] != before["severity"] else []
    words += clauses if now["clause"] != before["clause"] else []
    return "；".join(words) or "所涉行为不同"
