"""``jianfu policy shadow``: a candidate that judges beside the live book of a running system, what it finds, and its end."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deploy import backtesting
from deploy.embedded.errors import Unusable
from kit import clock
from kit.db import Connection, connect_pool
from services.monitor import queries, queries_policy, store_shadow
from services.monitor.backtest import Files
from services.monitor.book import shipped
from services.monitor.rulebook import RuleBroken
from services.monitor.shadow import beside, candidate_of, differing

T = TypeVar("T")


def start(arguments: argparse.Namespace, address: str) -> int:
    """Check a candidate and let it judge beside the live book from now on, instead of any that did."""
    against = arguments.against or arguments.pack
    over = backtesting.candidate_files(arguments)
    try:
        compared = beside(Files(*shipped()), over, arguments.pack, against, arguments.place)
    except RuleBroken as error:
        raise Unusable(f"规则文件有误：{error}") from error
    rules = differing(compared)
    if not rules:
        raise Unusable("候选规则与现行规则没有不同，不必影子运行。")
    candidate = candidate_of(over, arguments.pack, against)
    number = _ask(address, lambda db: store_shadow.start(db, compared.asked.place, candidate, clock.now()))
    print(f"第 {number} 次影子运行已开始：{arguments.pack} 代替 {against}，辖区 {compared.asked.place}。")
    print(f"两边不同的规则 {len(rules)} 条{backtesting.some(sorted(rules))}。只记录差别，不发预警。")
    print("查看：jianfu policy shadow show，或控制台“规则 › 影子运行”。")
    return 0


def show(_: argparse.Namespace, address: str) -> int:
    """Print how far the candidate is and how it differs; 1 when it differs or cannot judge."""
    kept, live = _ask(address, _read)
    if kept is None:
        print("没有候选规则在影子运行。")
        return 0
    said = kept.candidate
    behind = max(0, live - kept.position)
    print(f"第 {kept.number} 次影子运行：{said['pack']} 代替 {said['against']}，辖区 {kept.place}。")
    print(f"已判定 {kept.acts} 件行为，{f'落后现行 {behind} 条' if behind else '与现行同步'}。")
    if kept.trouble is not None:
        print(f"候选规则已停止判定：{kept.trouble}。现行规则不受影响。")
        return 1
    if kept.report is None:
        print("正在从头判定已有的行为，赶上现行之后显示差别。")
        return 0
    print("\n".join(backtesting.told(kept.report, "影子运行")))
    return int(backtesting.differs(kept.report))


def stop(_: argparse.Namespace, address: str) -> int:
    """End the candidate and drop everything that it found; 1 when there was none."""
    if _ask(address, store_shadow.stop):
        print("影子运行已结束，所记录的差别已删除。")
        return 0
    print("没有候选规则在影子运行。")
    return 1


async def _read(db: Connection) -> tuple[queries_policy.Shadow | None, int]:
    return await queries_policy.shadow(db), (await queries.current(db)).position


def _ask(address: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    async def run() -> T:
        pool = await connect_pool(address, size=1, schema="monitor", name="monitor-shadow")
        async with pool, pool.acquire() as db, db.transaction():
            return await work(db)

    try:
        return asyncio.run(run())
    except OSError as error:
        raise Unusable(f"连不上监测的数据库（{type(error).__name__}）。系统在运行吗？") from error
