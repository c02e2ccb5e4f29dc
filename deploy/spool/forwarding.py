"""Forwarding what waits in a spool: in order, each source's events under their numbers, for as long as it is worth it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import httpx

from deploy.delivering import Undelivered, deliver
from deploy.spool.entries import Entry
from deploy.spool.spool import Found, Spool
from deploy.target import Target

EVENTS: Final = 500
BYTES: Final = 4 * 1024 * 1024
"""The most that one request carries."""

Say = Callable[[str], None]
Patience = Callable[[], float]
"""Gives for how many seconds in a row intake may fail to answer."""


async def forward(spool: Spool, target: Target, *, patience: Patience, say: Say) -> bool:
    """Send everything that waits; tell whether nothing does any more."""
    async with httpx.AsyncClient(base_url=target.url, headers=target.headers, timeout=60) as client:
        while found := spool.waits(EVENTS, BYTES):
            results: dict[tuple[str, int], Mapping[str, Any]] = {}
            try:
                for request in _requests(spool, found):
                    results |= await _send(client, spool, request, patience, say)
            except Undelivered as error:
                say(f"暂未转发：{error}。事件仍在暂存区，稍后可再次转发。")
                return False
            spool.settle(found, results)
    return True


def _requests(spool: Spool, found: Sequence[Found]) -> Iterator[list[Entry]]:
    """Yield runs of events of one source whose numbers follow each other, those not settled yet."""
    runs: dict[str, list[Entry]] = {}
    for entry in [one.entry for one in found if one.entry is not None]:
        run = runs.setdefault(entry.source, [])
        last = run[-1].number if run else spool.state.of(entry.source).done
        if entry.number <= last:
            continue
        if run and entry.number != last + 1:
            yield run
            run = runs[entry.source] = []
        run.append(entry)
    yield from filter(None, runs.values())


async def _send(
    client: httpx.AsyncClient, spool: Spool, run: list[Entry], patience: Patience, say: Say
) -> dict[tuple[str, int], Mapping[str, Any]]:
    source, begun = run[0].source, time.monotonic()
    headers = {
        "Jianfu-Spool": spool.id,
        "Jianfu-Source": source,
        "Jianfu-First": str(run[0].number),
        "Jianfu-Kept": str(spool.state.of(source).kept),
    }
    bodies = [entry.body for entry in run]
    results = await deliver(
        client, bodies, headers=headers, again=lambda _: time.monotonic() - begun < patience(), say=say
    )
    return {(source, entry.number): result for entry, result in zip(run, results, strict=True)}
