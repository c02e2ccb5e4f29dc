"""The acts that benchmarks send: a county's, plain or with what hangs together."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from kit.reader import Delivery
from tests import factories as f

_STORED: Final = datetime(2026, 1, 1, tzinfo=UTC)

_DETAILS = {
    "issuer_name": "中共青禾县委办公室",
    "letterhead": "中共青禾县委办公室文件",
    "issuer_rank": "办公厅室",
    "direction": "下行",
    "matter": "森林草原防火",
    "signer_title": "县委办公室主任",
    "printed_by": "中共青禾县委办公室",
    "attachment_note": "1. 重点防火区一览表;2. 值班安排表",
    "implements": [{"title": "关于加强秋冬季森林草原防火工作的意见"}],
    "sketch": {"method": "han-shingle-1", "values": [number * 0x9E3779B97F4A7C15 % 2**53 for number in range(1, 41)]},
}
"""What brings the acts to about 900 bytes on average."""


def plain(count: int, *, start: int = 0) -> Iterator[f.Event]:
    """Yield acts that concern nothing but themselves: of five two documents, a meeting, a certificate, an inspection.

    ``start`` goes on where so many acts ended.
    """
    kinds = (f.issued, f.convened, f.issued, f.certificate, f.launched)
    for number in range(start, start + count):
        unit, town = f"990101.u{number % 200}", f"990101{number % 20:03}"
        day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
        make = kinds[number % len(kinds)]
        more = {"dated": day, "plan_item": f"p-{number % 50}", **_DETAILS} if make is f.issued else {}
        yield make(id=f"act-{number}", unit=unit, place=town, time=f"{day}T09:00:00+08:00", **more)


def mixed(count: int) -> Iterator[f.Event]:
    """Yield a county's mix: of 100 acts 80 plain, 6 steps of loans, 10 demands and answers, 3 corrections, 1 withdrawal."""
    shares = {_same: 80, _step: 6, _demand: 1, _answer: 9, _correction: 3, _withdrawal: 1}
    turns = [make for make, share in shares.items() for _ in range(share)]
    before: list[f.Event] = []
    for number, act in enumerate(plain(count)):
        made = turns[number % len(turns)](act, number, before)
        if made is act:
            before.append(act)
        yield made


def _same(act: f.Event, _number: int, _before: list[f.Event]) -> f.Event:
    return act


def _step(act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    make = (f.started, f.extended, f.ended)[number % 3]
    return make(id=f"step-{number}", loan=f"loan-{number // 3}", recorded=act["time"])


def _demand(_act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    return f.demanded(id=f"demand-{number // 100}")


def _answer(act: f.Event, number: int, _before: list[f.Event]) -> f.Event:
    demand = {"id": f"demand-{number // 100}", "source": f.SOURCE}
    return f.submitted(id=f"answer-{number}", demand=demand, unit=f"unit-{number}", recorded=act["time"])


def _correction(act: f.Event, number: int, before: list[f.Event]) -> f.Event:
    return f.corrected(before[number // 2], id=f"correction-{number}", changes={}, recorded=act["time"])


def _withdrawal(act: f.Event, number: int, before: list[f.Event]) -> f.Event:
    return f.withdrawn(before[number // 3], id=f"withdrawal-{number}", recorded=act["time"])


def deliveries(acts: Iterable[f.Event], *, after: int = 0) -> list[Delivery]:
    """Return acts as the reader hands them over, ``after`` so many others."""
    return [Delivery(n, f.subject_of(act), f.wire(act), {}, _STORED) for n, act in enumerate(acts, after + 1)]
