"""Hand NDJSON CloudEvents to intake in batches, each at least once; intake tells duplicates apart."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.delivering import Undelivered, deliver
from deploy.embedded.errors import Unusable
from deploy.target import Target

BATCH_EVENTS = 500
BATCH_BYTES = 4 * 1024 * 1024
TRIES = 8

TITLES = {
    "accepted": "已收录",
    "duplicate": "重复（早已收录）",
    "conflict": "冲突（同一编号内容不同）",
    "rejected": "未收录",
    "unreadable": "不是一行 JSON",
}
"""The results a line can have."""

FINE = ("accepted", "duplicate")


@dataclass(frozen=True)
class Line:
    """One line of the file: its number from 1 and the event in it."""

    number: int
    body: bytes


@dataclass
class Summary:
    """What became of the lines: how many of each result, and one sentence for each line that was not taken in."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    position: int = 0
    """The highest position in FACTS of any line."""

    @property
    def clean(self) -> bool:
        """Whether every line is a fact now."""
        return not any(count for result, count in self.counts.items() if result not in FINE)


async def publish(
    lines: Iterable[bytes], target: Target, *, progress: Callable[[Summary], None], say: Callable[[str], None]
) -> Summary:
    """Send every line to intake, in order; ``progress`` is called after each batch, ``say`` before waiting.

    Raises ``Unusable`` when intake stays away, or refuses a whole request.
    """
    summary = Summary()
    async with httpx.AsyncClient(base_url=target.url, headers=target.headers, timeout=60) as client:
        for batch in _batches(lines, summary):
            for result in await _send(client, batch, say):
                _count(batch[int(result["index"])], result, summary)
            progress(summary)
    return summary


def _batches(lines: Iterable[bytes], summary: Summary) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for number, text in enumerate(lines, 1):
        body = text.strip()
        if not body:
            continue
        if not _is_json_object(body):
            summary.counts["unreadable"] += 1
            summary.faults.append(f"第 {number} 行：{TITLES['unreadable']}")
            continue
        if batch and (len(batch) == BATCH_EVENTS or size + len(body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(Line(number, body))
        size += len(body)
    if batch:
        yield batch


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


async def _send(client: httpx.AsyncClient, batch: list[Line], say: Callable[[str], None]) -> list[Mapping[str, Any]]:
    try:
        return await deliver(
            client, [line.body for line in batch], headers={}, again=lambda failures: failures < TRIES, say=say
        )
    except Undelivered as error:
        raise Unusable(
            f"收录服务没有收下第 {batch[0].number} 至 {batch[-1].number} 行：{error}。已收录的行再次发送也不会重复。"
        ) from error


def _count(line: Line, result: Mapping[str, Any], summary: Summary) -> None:
    outcome = str(result["result"])
    summary.counts[outcome] += 1
    summary.position = max(summary.position, result.get("position") or 0)
    if outcome not in FINE:
        reason = result.get("reason") or {}
        where = f"{reason['field']}：" if reason.get("field") else ""
        title = TITLES.get(outcome, outcome)
        summary.faults.append(f"第 {line.number} 行：{title}。{where}{reason.get('detail') or ''}")
