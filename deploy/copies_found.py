"""``jianfu copies``: the documents of a running system that copy another unit's, as text."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from contracts.workdays import builtin
from deploy.embedded.errors import Unusable
from kit.db import connect_pool
from services.monitor.book import load, shipped
from services.monitor.copying import Copy, copies, documents

_POLITE: Final = 10
"""Steps by which the process gives way to the live services."""
_FEWEST: Final = 40
"""Values of a sketch, as in DOC-16: a shorter text says nothing."""


def run(arguments: argparse.Namespace, address: str) -> int:
    """Print who copied whom; 0 when nobody did, 1 otherwise."""
    os.nice(_POLITE)
    try:
        found = asyncio.run(_found(arguments, address))
    except OSError as error:
        raise Unusable(f"连不上监测的数据库（{type(error).__name__}）。系统在运行吗？") from error
    wanted = [one for one in found if _covers(arguments, one)]
    print("\n".join(told(wanted)))
    return int(bool(wanted))


async def _found(arguments: argparse.Namespace, address: str) -> list[Copy]:
    async with await connect_pool(address, size=1, schema="monitor", name="monitor-copies", scans=True) as pool:
        found = await documents(pool, load(*shipped()), builtin(), arguments.place, _FEWEST, _progress)
    return list(copies(found, arguments.least / 100))


async def _progress(done: int, total: int) -> None:
    sys.stderr.write(f"已读 {done}/{total} 件\n")


def _covers(arguments: argparse.Namespace, one: Copy) -> bool:
    day = one.later.order[0]
    return (arguments.since is None or arguments.since <= day) and (arguments.until is None or day <= arguments.until)


def told(found: Iterable[Copy]) -> Iterator[str]:
    """Say who copied whom, the greatest shares first."""
    ordered = sorted(found, key=lambda one: (-one.share, one.later.order))
    yield f"与外单位在先文件大体相同的文件 {len(ordered)} 件。" + ("" if ordered else "没有发现照抄。")
    for later, earlier, share in ordered:
        yield (
            f"{share:4.0%}  {later.order[0]} {later.unit} {later.name}  ←  {earlier.order[0]} {earlier.unit} {earlier.name}"
        )
    if ordered:
        yield "份额按文本指纹估计；认定之前请在控制台“发前核查 › 文本对照”逐段核对两件正文。"
