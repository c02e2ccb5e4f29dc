"""What a spool holds and what became of it, in words for a person."""

from deploy.spool.spool import Spool

TITLES = {
    "accepted": "已收录",
    "duplicate": "重复",
    "conflict": "冲突",
    "rejected": "未收录",
    "damaged": "损坏或缺失",
}


def status(spool: Spool) -> str:
    """Give each source's counts as lines: kept = what became of those that were forwarded + waiting."""
    lines = [
        f"{source}：已保存 {tally.kept} 件，"
        + "，".join(f"{title} {tally.counts.get(name, 0)} 件" for name, title in TITLES.items())
        + f"，待转发 {tally.kept - tally.done} 件"
        for source, tally in sorted(spool.state.sources.items())
    ]
    if spool.state.unkeepable:
        lines.append(f"不是事件、没有保存的行：{spool.state.unkeepable} 行")
    if spool.state.rejects:
        lines.append(f"未收录的事件与原因：{spool.rejects}")
    return "\n".join(lines) or "暂存区是空的"


def trouble(spool: Spool) -> int:
    """Count what did not become a fact and will not by itself."""
    of_sources = sum(
        count
        for tally in spool.state.sources.values()
        for name, count in tally.counts.items()
        if name in {"conflict", "rejected", "damaged"}
    )
    return of_sources + spool.state.unkeepable


def waiting(spool: Spool) -> int:
    """Count what was not forwarded yet."""
    return sum(tally.kept - tally.done for tally in spool.state.sources.values())
