"""Long texts are worked on one at a time, and no more wait than can be answered soon."""

import asyncio
import threading

import pytest

from kit.errors import Overloaded
from services.console.worker import MOST, Worker


async def test_one_piece_at_a_time_in_the_order_of_coming() -> None:
    worker, gate, done = Worker(), threading.Event(), list[int]()

    def work(number: int) -> int:
        gate.wait(10)
        done.append(number)
        return number * 2

    pieces = [asyncio.create_task(worker.run(work, number)) for number in range(MOST)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as told:
        await worker.run(work, 99)
    assert told.value.retry_after > 0
    assert done == []
    gate.set()
    assert await asyncio.gather(*pieces) == [number * 2 for number in range(MOST)]
    assert done == list(range(MOST))
    assert await worker.run(work, 7) == 14
    worker.close()


async def test_what_fails_is_told_and_makes_room() -> None:
    worker = Worker()
    for _ in range(MOST + 1):
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda: 1 // 0)
    worker.close()
