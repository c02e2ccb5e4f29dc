"""No value that the published language takes stops the monitor: whoever may send facts must not be able to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts.catalog import ContractBroken, decode
from contracts.workdays import builtin
from services.monitor.book import load, shipped
from services.monitor.state import State
from services.monitor.writing import Writer
from tests.monitor.test_apply import Pools, deliveries

EXAMPLES: Final = Path(__file__).parents[2] / "contracts" / "examples"
EXTREMES: Final = (
    *("a\0b", "\U0001f600" * 40, 2**80, -(2**80), 1e308),
    *("0001-01-01", "0002-01-01", "9998-12-31", "9999-12-31"),
    *("0001-01-01T00:00:00+14:00", "0002-01-02T00:00:00Z", "9998-12-30T23:59:59Z", "9999-12-31T23:59:59Z"),
)
FIXED: Final = ("specversion", "type", "datacontenttype")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths to all simple values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))
    else:
        yield path


def with_value(fact: bytes, path: tuple[str | int, ...], value: object, id_: str) -> bytes:
    """Return a fact with one value changed and an id of its own."""
    whole = json.loads(fact) | {"id": id_}
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(whole).encode()


def extreme_facts() -> Iterator[bytes]:
    """Yield every example with every one of its values replaced, as far as the contract takes it."""
    for file in sorted(EXAMPLES.rglob("*.json")):
        example = file.read_bytes()
        for path in places(json.loads(example)):
            if path[0] in FIXED:
                continue
            for number, value in enumerate(EXTREMES):
                fact = with_value(example, path, value, f"{file.stem}-{'.'.join(map(str, path))}-{number}"[-120:])
                try:
                    decode(fact)
                except ContractBroken:
                    continue
                yield fact


async def test_no_value_that_the_contract_takes_stops_the_monitor(pool_for: Pools) -> None:
    writer = Writer(await pool_for("monitor"), State(load(*shipped()), builtin()), lambda: None)
    facts = list(extreme_facts())
    assert len(facts) > 500
    await writer.apply(deliveries(facts))
    assert await writer.checkpoint() == len(facts)
