"""Posting a batch to intake until it answers, waiting longer after each failure and at least as long as it asks for."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from deploy.asking import explanation

LONGEST_PAUSE = 15.0
LONGEST_ASKED = 60.0


class Undelivered(Exception):
    """Intake did not take the batch; ``str()`` says why. Whether it took some of it is unknown, all may be sent again."""

    def __init__(self, trouble: str, *, for_good: bool) -> None:
        """Tell whether the same request would be refused again."""
        super().__init__(trouble)
        self.for_good = for_good


async def deliver(
    client: httpx.AsyncClient,
    bodies: Sequence[bytes],
    *,
    headers: Mapping[str, str],
    again: Callable[[int], bool],
    say: Callable[[str], None],
) -> list[Mapping[str, Any]]:
    """Post events and return what became of each; after each failure ``again`` is asked with how many there were.

    Raises ``Undelivered``.
    """
    body = b"[" + b",".join(bodies) + b"]"
    sent = {"Content-Type": "application/cloudevents-batch+json", **headers}
    failures = 0
    while True:
        pause = min(LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10))
        try:
            answer = await client.post("/v1/events", content=body, headers=sent)
        except httpx.TransportError as error:
            trouble = type(error).__name__
        else:
            if answer.is_success:
                results: list[Mapping[str, Any]] = answer.json()["results"]
                return results
            trouble = f"HTTP {answer.status_code} {explanation(answer)}"
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS and not answer.is_server_error:
                raise Undelivered(trouble, for_good=True)
            pause = max(pause, _retry_after(answer))
        failures += 1
        if not again(failures):
            raise Undelivered(trouble, for_good=False)
        say(f"收录服务暂时没有收下（{trouble}），{pause:g} 秒后重试。")
        await asyncio.sleep(pause)


def _retry_after(answer: httpx.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    return min(float(given), LONGEST_ASKED) if given.isdigit() else 0.0
